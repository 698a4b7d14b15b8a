#include "admission/policy.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/check.hpp"

namespace scalemart {
namespace {

constexpr std::int64_t kPeriodMaxMs = 24LL * 3600 * 1000;

Error bad(std::string_view text, std::string_view why) {
  std::string message = "\"";
  message.append(text.substr(0, 64)).append("\": ").append(why);
  message.append(
      "; allowed is N/period[,burst=B], e.g. 10/60s or 100/1s,burst=20 (N and B 1..1000000, period "
      "1ms..24h in ms, s, m or h), or off");
  return error(std::move(message));
}

/// Digits only, 1..max.
std::optional<std::int64_t> read_number(std::string_view text, std::int64_t max) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  std::int64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc{} || end != text.data() + text.size() || value < 1 || value > max) return std::nullopt;
  return value;
}

std::optional<std::int64_t> read_period_ms(std::string_view text) {
  const std::size_t digits = text.find_first_not_of("0123456789");
  if (digits == std::string_view::npos) return std::nullopt;
  const std::string_view unit = text.substr(digits);
  const std::int64_t factor = unit == "ms"  ? 1
                              : unit == "s" ? 1000
                              : unit == "m" ? 60'000
                              : unit == "h" ? 3'600'000
                                            : 0;
  if (factor == 0) return std::nullopt;
  const auto number = read_number(text.substr(0, digits), kPeriodMaxMs / factor);
  if (!number) return std::nullopt;
  return *number * factor;
}

RatePolicy plain(std::int64_t count, std::int64_t seconds, std::int64_t burst) {
  return {true, count, std::chrono::seconds(seconds), burst};
}

}  // namespace

Result<RatePolicy> RatePolicy::parse(std::string_view text) {
  if (text == "off") return RatePolicy{};
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return bad(text, "there is no \"/\"");
  const auto count = read_number(text.substr(0, slash), kRateCountMax);
  if (!count) return bad(text, "the number before \"/\" is not 1..1000000");
  std::string_view rest = text.substr(slash + 1);
  std::optional<std::int64_t> burst = count;
  if (const std::size_t comma = rest.find(','); comma != std::string_view::npos) {
    const std::string_view option = rest.substr(comma + 1);
    if (!option.starts_with("burst=")) return bad(text, "only burst=B may follow the comma");
    burst = read_number(option.substr(6), kRateCountMax);
    if (!burst) return bad(text, "the burst is not 1..1000000");
    rest = rest.substr(0, comma);
  }
  const auto period = read_period_ms(rest);
  if (!period) return bad(text, "the period is not 1ms..24h");
  const RatePolicy policy{true, *count, std::chrono::milliseconds(*period), *burst};
  // The bucket's depth in nanoseconds must fit its word with room for the clock.
  if (policy.shape().period.count() > std::int64_t{30} * 24 * 3600 * 1'000'000'000 / *burst)
    return bad(text, "the burst would take more than 30 days to come back");
  return policy;
}

std::string RatePolicy::to_string() const {
  if (!enabled) return "off";
  const std::int64_t ms = period.count();
  std::string text = std::to_string(count) + "/";
  if (ms % 3'600'000 == 0)
    text += std::to_string(ms / 3'600'000) + "h";
  else if (ms % 1000 == 0)
    text += std::to_string(ms / 1000) + "s";
  else
    text += std::to_string(ms) + "ms";
  if (burst != count) text += ",burst=" + std::to_string(burst);
  return text;
}

BucketShape RatePolicy::shape() const {
  SCALEMART_CHECK(enabled && count > 0 && burst > 0);
  const std::int64_t period_ns = std::chrono::nanoseconds(period).count();
  return {std::chrono::nanoseconds((period_ns + count - 1) / count), burst};
}

std::string_view to_text(PolicyId id) {
  switch (id) {
    case PolicyId::flash_buy:
      return "flash_buy";
    case PolicyId::login:
      return "login";
    case PolicyId::login_address:
      return "login_address";
    case PolicyId::register_account:
      return "register";
    case PolicyId::other:
      return "default";
  }
  return "default";
}

RatePolicies RatePolicies::defaults() {
  return {plain(10, 60, 10), plain(10, 60, 10), plain(120, 60, 120), plain(60'000, 60, 10'000)};
}

RatePolicy RatePolicies::of(PolicyId id) const {
  switch (id) {
    case PolicyId::flash_buy:
      return flash_buy;
    case PolicyId::login:
      return login;
    case PolicyId::register_account:
      return register_account;
    case PolicyId::other:
      return other;
    case PolicyId::login_address:
      break;
  }
  RatePolicy policy = login;
  policy.count = std::min(policy.count * kLoginAddressFactor, kRateCountMax);
  policy.burst = std::min(policy.burst * kLoginAddressFactor, kRateCountMax);
  return policy;
}

}  // namespace scalemart
