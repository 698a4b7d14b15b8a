#pragma once
// What starts this process and watches over it: systemd, or anything else that speaks its protocol
// (NOTIFY_SOCKET, WATCHDOG_USEC, LISTEN_FDS; sd_notify(3), sd_listen_fds(3)). Without one nothing happens.

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace scalemart {

/// Purpose: says when the process is ready, reloads, stops; and that it is alive, as long as it really is.
/// Concurrency: one thread.
class ServiceManager {
 public:
  /// Whether everything that must go round has done so within the last `limit`.
  using IsMoving = std::function<bool(std::chrono::nanoseconds limit)>;

  explicit ServiceManager(const Clock& clock);

  void ready(const std::string& status);
  void reloading();
  /// An end may take `at_most`; a manager that would be less patient is asked for the time.
  void stopping(std::chrono::nanoseconds at_most);
  /// To be called all the time. Feeds the watchdog, when there is one and the time has come, if is_moving says yes.
  /// What stands still longer than half the watchdog's time (but 2 s at least) leaves it hungry.
  void pulse(const IsMoving& is_moving);

 private:
  const Clock& clock_;
  std::chrono::nanoseconds watchdog_{};  ///< Zero: none.
  SteadyTime next_feed_{};
  bool is_fed_ = true;
};

/// The listening sockets that were handed over; none: open your own. Once a process. Owned by the caller.
[[nodiscard]] Result<std::vector<int>> inherited_sockets();

}  // namespace scalemart
