#pragma once
// Rate limits as operators write them: `10/60s`, `100/1s,burst=20`, `6000/1m`, `off`.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "admission/gcra.hpp"
#include "base/result.hpp"

namespace scalemart {

struct RatePolicy {
  bool enabled = false;
  std::int64_t count = 0;              ///< 1..kRateCountMax
  std::chrono::milliseconds period{};  ///< 1 ms .. 24 h
  std::int64_t burst = 0;              ///< 1..kRateCountMax; `count` when not given.
  bool operator==(const RatePolicy&) const = default;

  /// N/period[,burst=B] with period a number and ms, s, m or h; or `off`. The error says what is allowed.
  [[nodiscard]] static Result<RatePolicy> parse(std::string_view text);
  [[nodiscard]] std::string to_string() const;
  /// The period of a token is rounded up to whole nanoseconds: never more than `count` per period.
  [[nodiscard]] BucketShape shape() const;
};

inline constexpr std::int64_t kRateCountMax = 1'000'000;

/// Which limit; also the name in headers, metrics and the admin API.
enum class PolicyId : std::uint8_t { flash_buy, login, login_address, register_account, other };
inline constexpr std::size_t kPolicyCount = 5;
[[nodiscard]] std::string_view to_text(PolicyId id);  ///< flash_buy, login, login_address, register, default

struct RatePolicies {
  RatePolicy flash_buy;
  RatePolicy login;  ///< Per account; per address it is kLoginAddressFactor times as much.
  RatePolicy register_account;
  RatePolicy other;
  /// flash_buy 10/60s, login 10/60s, register 120/60s, default 60000/60s,burst=10000 (a whole
  /// campus may come from one address).
  [[nodiscard]] static RatePolicies defaults();
  [[nodiscard]] RatePolicy of(PolicyId id) const;
};
inline constexpr std::int64_t kLoginAddressFactor = 6;

}  // namespace scalemart
