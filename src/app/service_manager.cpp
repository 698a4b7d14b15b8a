#include "app/service_manager.hpp"

#include <fmt/format.h>
#include <systemd/sd-daemon.h>

#include <algorithm>
#include <cstring>

#include "telemetry/log.hpp"

namespace scalemart {
namespace {

using namespace std::chrono_literals;

std::int64_t microseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time).count();
}

void tell(const std::string& state) {
  const int code = sd_notify(0, state.c_str());
  if (code < 0) log::warn("service_manager_unreachable", {{"reason", std::strerror(-code)}});
}

}  // namespace

ServiceManager::ServiceManager(const Clock& clock) : clock_(clock) {
  std::uint64_t us = 0;
  const int code = sd_watchdog_enabled(0, &us);
  if (code > 0) watchdog_ = std::chrono::microseconds(us);
  if (code < 0) log::warn("watchdog_ignored", {{"reason", "WATCHDOG_USEC or WATCHDOG_PID is not a number"}});
}

void ServiceManager::ready(const std::string& status) {
  tell("READY=1\nSTATUS=" + status);
}

void ServiceManager::reloading() {
  tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", microseconds(clock_.steady().time_since_epoch())));
}

void ServiceManager::stopping(std::chrono::nanoseconds at_most) {
  tell(fmt::format("STOPPING=1\nSTATUS=Finishing what was begun\nEXTEND_TIMEOUT_USEC={}", microseconds(at_most)));
}

void ServiceManager::pulse(const IsMoving& is_moving) {
  const SteadyTime now = clock_.steady();
  if (watchdog_ == 0ns || now < next_feed_) return;
  const bool moving = is_moving(std::max<std::chrono::nanoseconds>(watchdog_ / 2, 2s));
  if (moving) {
    tell("WATCHDOG=1");
    next_feed_ = now + watchdog_ / 4;
  }
  if (moving != std::exchange(is_fed_, moving) && !moving)
    log::error("watchdog_not_fed", {{"reason", "an event loop or the ledger does not turn"}});
}

Result<std::vector<int>> inherited_sockets() {
  const int count = sd_listen_fds(1);
  if (count < 0) return error("LISTEN_FDS or LISTEN_PID: " + std::string(std::strerror(-count)));
  std::vector<int> sockets;
  for (int i = 0; i < count; ++i) sockets.push_back(SD_LISTEN_FDS_START + i);
  return sockets;
}

}  // namespace scalemart
