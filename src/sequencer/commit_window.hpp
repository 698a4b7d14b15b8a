#pragma once
// How long a batch should wait for company.

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace scalemart {

/// Purpose: a bigger batch costs less per command, waiting costs latency. Whoever was just answered tends to
/// come back: the population is those decided in the last round plus those who waited when it ended, and a
/// round starts when `fill` of the population is there, or `max` has passed.
///   One client: population 1, no wait. n clients in a closed loop: rounds of about fill * n. Arrivals at a
///   rate r, commits taking c: rounds of r * c * fill / (1 - fill), so 0.5 hardly waits and 0.75 waits for
///   twice the time of a commit. Half lets one half of a small crowd be served while the other half is synced.
/// A round that timed out says that its population was an illusion: it starts anew from what is there.
/// Concurrency: one thread. Pure: times are the caller's business.
class CommitWindow {
 public:
  struct Options {
    std::chrono::microseconds max{2000};  ///< 0: never wait.
    double fill = 0.5;                    ///< 0..1
  };
  explicit CommitWindow(Options options) : options_(options) {}

  /// How many commands should be there before a round starts; 1: start at once.
  [[nodiscard]] std::size_t target() const noexcept {
    if (options_.max.count() == 0) return 1;
    return std::max<std::size_t>(1, static_cast<std::size_t>(population_ * options_.fill));
  }
  [[nodiscard]] std::chrono::microseconds max() const noexcept { return options_.max; }

  /// A round ended: `decided` were answered, `waiting` came meanwhile.
  void ended(std::size_t decided, std::size_t waiting, bool timed_out) noexcept {
    const auto seen = static_cast<double>(decided + waiting);
    population_ = timed_out ? seen : std::max(seen, population_ * kDecay);
  }

 private:
  static constexpr double kDecay = 0.9;
  Options options_;
  double population_ = 1;
};

}  // namespace scalemart
