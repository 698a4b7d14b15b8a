#pragma once
// Chance, as the simulator uses it: everything from one printed seed.

#include <cstdint>
#include <initializer_list>

#include "base/random.hpp"

namespace scalemart::sim {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  /// Uniform in [0, n); n > 0.
  std::uint64_t below(std::uint64_t n) { return random_.below(n); }
  /// Uniform in [from, to].
  std::int64_t between(std::int64_t from, std::int64_t to) {
    return from + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(to - from) + 1));
  }
  bool coin() { return below(2) == 0; }
  bool chance(double p) { return p > 0 && random_.unit() < p; }
  double unit() { return random_.unit(); }
  template <class T>
  T pick(std::initializer_list<T> from) {
    return *(from.begin() + below(from.size()));
  }
  Random& random() { return random_; }

 private:
  SeededRandom random_;
};

}  // namespace scalemart::sim
