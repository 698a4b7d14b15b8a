#pragma once
// One rate limit for many gateways, without a request waiting for another machine.

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "admission/limiter.hpp"
#include "port/shared_limits.hpp"

namespace scalemart {

struct LimitExchangeSettings {
  std::chrono::milliseconds every{5};     ///< Between two exchanges.
  std::chrono::milliseconds within{100};  ///< Of one exchange.
  std::size_t batch_max = 2000;           ///< Buckets of one call.
  std::uint32_t gateways = 1;             ///< That share the budget.
};

/// Purpose: keeps the buckets of this gateway in step with those of all others.
/// Operation: Limiter::take() decides at once, from what is known here. What it gave away is counted in the shared
/// buckets a few milliseconds later, in one batch, and their answer corrects the local ones. What several gateways
/// gave away in the same few milliseconds beyond the budget is owed: nobody of that key goes on until it is made
/// up for. So the rate is exact in the long run, and a burst is exceeded at most once by what arrives everywhere
/// within one exchange. A refusal here costs the others nothing.
/// While the shared buckets are away every gateway goes on alone with its part of the budget.
/// Concurrency: a thread of its own; the rest from any thread.
class LimitExchange {
 public:
  LimitExchange(Limiter& limiter, SharedLimits& shared, const Clock& clock, LimitExchangeSettings settings);
  ~LimitExchange();
  LimitExchange(const LimitExchange&) = delete;
  LimitExchange& operator=(const LimitExchange&) = delete;

  void start();
  void stop();
  /// One exchange, for tests that do not start().
  void turn();

  /// How many share the budget: gateways come and go.
  void set_gateways(std::uint32_t gateways) noexcept { gateways_.store(std::max<std::uint32_t>(1, gateways)); }
  [[nodiscard]] bool is_away() const noexcept { return away_.load(); }

 private:
  void run();
  [[nodiscard]] bool exchange(std::span<const BucketTake> takes, std::span<const Limiter::Given> buckets);
  void set_away(bool away);

  Limiter& limiter_;
  SharedLimits& shared_;
  const Clock& clock_;
  const LimitExchangeSettings settings_;
  std::atomic<std::uint32_t> gateways_;
  std::atomic<bool> away_{false};
  std::vector<Limiter::Given> given_;
  std::vector<BucketTake> takes_;
  std::vector<BucketState> states_;

  std::mutex mutex_;
  std::condition_variable pulse_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace scalemart
