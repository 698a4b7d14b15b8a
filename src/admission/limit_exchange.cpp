#include "admission/limit_exchange.hpp"

#include <sys/prctl.h>

#include <algorithm>
#include <tuple>

#include "base/check.hpp"
#include "telemetry/log.hpp"

namespace scalemart {
namespace {

auto order(const Limiter::Given& given) {
  return std::tuple(given.policy, given.key.hi, given.key.lo);
}

}  // namespace

LimitExchange::LimitExchange(Limiter& limiter, SharedLimits& shared, const Clock& clock, LimitExchangeSettings settings)
    : limiter_(limiter), shared_(shared), clock_(clock), settings_(settings), gateways_(settings.gateways) {
  SCALEMART_CHECK(settings.gateways > 0 && settings.batch_max > 0);
  limiter_.keep_given();
}

LimitExchange::~LimitExchange() {
  stop();
}

void LimitExchange::start() {
  SCALEMART_CHECK(!thread_.joinable());
  thread_ = std::thread([this] { run(); });
}

void LimitExchange::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  pulse_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void LimitExchange::run() {
  ::prctl(PR_SET_NAME, "limits");
  std::unique_lock lock(mutex_);
  while (!pulse_.wait_for(lock, settings_.every, [this] { return stopping_; })) {
    lock.unlock();
    turn();
    lock.lock();
  }
}

void LimitExchange::turn() {
  given_.clear();
  limiter_.take_given(given_);
  if (given_.empty() && !is_away()) return;
  // One take a bucket, of all its tokens.
  std::sort(given_.begin(), given_.end(), [](const auto& a, const auto& b) { return order(a) < order(b); });
  takes_.clear();
  std::size_t kept = 0;
  for (const Limiter::Given& given : given_) {
    if (kept > 0 && order(given_[kept - 1]) == order(given)) {
      ++takes_.back().tokens;
      continue;
    }
    takes_.push_back({static_cast<std::uint8_t>(given.policy), given.key.hi, given.key.lo, given.shape.period,
                      given.shape.burst, 1, true});
    given_[kept++] = given;
  }
  bool told = true;
  std::size_t from = 0;
  do {
    const std::size_t count = std::min(settings_.batch_max, takes_.size() - from);
    told = exchange(std::span(takes_).subspan(from, count), std::span(given_).subspan(from, count));
    from += count;
  } while (told && from < takes_.size());
  set_away(!told);
}

bool LimitExchange::exchange(std::span<const BucketTake> takes, std::span<const Limiter::Given> buckets) {
  if (!shared_.take(takes, states_, settings_.within)) return false;
  const SteadyTime now = clock_.steady();
  for (std::size_t i = 0; i < buckets.size(); ++i)
    limiter_.raise(buckets[i].policy, buckets[i].key, states_[i].ahead, now);
  return true;
}

void LimitExchange::set_away(bool away) {
  limiter_.share(away ? gateways_.load() : 1, clock_.steady());
  if (away_.exchange(away) == away) return;
  if (away)
    log::warn("shared_limits_away", {{"share_of_the_budget", 1.0 / gateways_.load()}});
  else
    log::info("shared_limits_back", {});
}

}  // namespace scalemart
