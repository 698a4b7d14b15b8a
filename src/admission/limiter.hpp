#pragma once
// Token buckets by user and by address, one table per policy.

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "admission/limit_key.hpp"
#include "admission/policy.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"

namespace scalemart {

/// A small text without an allocation, for header values.
class HeaderText {
 public:
  [[nodiscard]] std::string_view view() const { return {text_.data(), size_}; }
  operator std::string_view() const { return view(); }

 private:
  friend class Limiter;
  struct Writer {
    HeaderText& into;
    Writer& operator<<(std::string_view text);
    Writer& operator<<(std::uint64_t number);
  };
  std::array<char, 96> text_{};
  std::size_t size_ = 0;
};

/// Purpose: says whether a key may go on under a policy, exactly, also under parallel requests.
/// Operation: shards of open-addressed tables, a short lock each. A bucket that is full again says nothing,
/// so only such buckets are evicted. A table in which every bucket is in use lets new keys through and counts
/// them (untracked): the limiter fails open, stock does not depend on it. Concurrency: thread-safe. A change
/// of policy applies to whole decisions; what a key has used stays used, but nobody waits longer than the new
/// policy's bucket takes to fill.
class Limiter {
 public:
  static constexpr std::size_t kBucketsDefault = 786'432;  ///< Per policy; 32 bytes each, grown on demand.

  struct Counts {
    std::uint64_t allowed = 0;
    std::uint64_t refused = 0;
    std::uint64_t untracked = 0;
    std::size_t buckets = 0;
  };

  /// The last minute's, without saying who.
  struct Refusals {
    std::uint64_t refused = 0;   ///< Requests; exact.
    std::uint64_t distinct = 0;  ///< Keys; one may count twice when its bucket was full and evicted in between.
    double largest_share = 0;    ///< 0..1: of the key that was refused most; an estimate.
  };

  /// random seeds the tables' hash.
  Limiter(const RatePolicies& policies, Random& random, std::size_t buckets_max = kBucketsDefault);
  ~Limiter();
  Limiter(const Limiter&) = delete;
  Limiter& operator=(const Limiter&) = delete;

  /// Takes one token.
  [[nodiscard]] Decision take(PolicyId policy, LimitKey key, SteadyTime now) noexcept;
  void change(PolicyId policy, const RatePolicy& to, SteadyTime now);
  /// All of them, login_address derived from login.
  void change(const RatePolicies& to, SteadyTime now);
  [[nodiscard]] RatePolicy policy(PolicyId id) const;
  [[nodiscard]] Counts counts(PolicyId id) const;
  /// Looks at every bucket of a shard in which something was refused, under its lock: up to 10 ms for a full table,
  /// 0.2 ms a shard. For the console, not for event loops.
  [[nodiscard]] Refusals refusals(PolicyId id, SteadyTime now) const;

  // --- when several gateways share one budget (limit_exchange.hpp)
  /// A token that was given away here.
  struct Given {
    PolicyId policy{};
    LimitKey key;
    BucketShape shape;  ///< Of the whole budget.
  };
  /// From now on keeps what it gives away for take_given().
  void keep_given();
  /// Appends what was given away since the last call. When nobody asks, what is too much is not told.
  void take_given(std::vector<Given>& out);
  /// The bucket is at least as empty as that: others gave tokens of it away.
  void raise(PolicyId policy, LimitKey key, std::chrono::nanoseconds ahead, SteadyTime now) noexcept;
  /// Every bucket is only this part of the budget, at least one token, until told otherwise; 1: all of it.
  void share(std::uint32_t parts, SteadyTime now);

  /// RateLimit-Policy: "flash_buy";q=10;w=60 (draft-ietf-httpapi-ratelimit-headers-10). Empty when off.
  [[nodiscard]] HeaderText policy_header(PolicyId id) const;
  /// RateLimit: "flash_buy";r=0;t=6, where t are the seconds until r grows.
  [[nodiscard]] static HeaderText limit_header(PolicyId id, const Decision& decision);
  /// Retry-After in whole seconds, rounded up, at least 1.
  [[nodiscard]] static std::uint32_t retry_after_seconds(const Decision& decision);

 private:
  class Table;
  std::array<std::unique_ptr<Table>, kPolicyCount> tables_;
};

}  // namespace scalemart
