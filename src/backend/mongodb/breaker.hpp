#pragma once
// Leaves a server alone that is not there.

#include <mutex>
#include <string>

#include "base/clock.hpp"

namespace scalemart::mongo {

/// Purpose: after a call that found no server, nobody tries for a while (100 ms, doubled up to 2 s), then one caller
/// tries alone; meanwhile everybody is told at once. Concurrency: any thread.
class Breaker {
 public:
  explicit Breaker(const Clock& clock) : clock_(clock) {}

  /// False: do not try; last_failure() says why. True: tell worked() or failed() afterwards.
  [[nodiscard]] bool allows();
  void worked();
  void failed(const std::string& why);
  [[nodiscard]] std::string last_failure() const;
  [[nodiscard]] bool is_open() const;

 private:
  const Clock& clock_;
  mutable std::mutex mutex_;
  // All guarded by mutex_.
  int failures_ = 0;  ///< In a row.
  bool probing_ = false;
  SteadyTime next_{};
  std::string last_failure_;
};

}  // namespace scalemart::mongo
