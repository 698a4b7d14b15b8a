#include "backend/simulated/settings.hpp"

#include <array>
#include <charconv>
#include <optional>
#include <set>
#include <string>

namespace scalemart {
namespace {

constexpr std::string_view kScheme = "simulated:";
constexpr std::chrono::nanoseconds kLongest = std::chrono::hours(1);

/// A non-negative number and what follows it.
std::optional<std::pair<double, std::string_view>> split_number(std::string_view text) {
  double value = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (bad != std::errc() || end == text.data() || !(value >= 0)) return std::nullopt;
  return std::pair(value, text.substr(static_cast<std::size_t>(end - text.data())));
}

std::optional<double> parse_share(std::string_view text) {
  const auto number = split_number(text);
  if (!number || number->second != "%" || number->first > 100) return std::nullopt;
  return number->first / 100;
}

std::optional<std::chrono::nanoseconds> parse_time(std::string_view text) {
  const auto number = split_number(text);
  if (!number) return std::nullopt;
  double unit = 0;
  if (number->second == "ms") unit = 1e6;
  if (number->second == "s") unit = 1e9;
  if (number->second == "m") unit = 60e9;
  const double ns = number->first * unit;
  if (unit == 0 || ns > static_cast<double>(kLongest.count())) return std::nullopt;
  return std::chrono::nanoseconds(static_cast<std::int64_t>(ns));
}

std::optional<std::uint64_t> parse_seed(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (bad != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

template <class Value>
bool store(std::optional<Value> parsed, Value& target) {
  if (parsed) target = *parsed;
  return parsed.has_value();
}

/// Empty: stored. Otherwise what is allowed.
std::string_view set(SimulatedPaymentSettings& s, std::string_view name, std::string_view value) {
  constexpr std::string_view kTime = "a time of at most an hour, such as 2s or 150ms";
  constexpr std::string_view kShare = "a share from 0% to 100%";
  if (name == "latency") return store(parse_time(value), s.latency) ? "" : kTime;
  if (name == "jitter") return store(parse_time(value), s.jitter) ? "" : kTime;
  if (name == "decline") return store(parse_share(value), s.decline) ? "" : kShare;
  if (name == "timeout") return store(parse_share(value), s.timeout) ? "" : kShare;
  if (name == "charged_no_answer") return store(parse_share(value), s.charged_no_answer) ? "" : kShare;
  if (name == "error") return store(parse_share(value), s.error) ? "" : kShare;
  if (name == "reject") return store(parse_share(value), s.reject) ? "" : kShare;
  if (name == "seed") return store(parse_seed(value), s.seed) ? "" : "a whole number";
  if (name == "book") return s.book = value, value.empty() ? "a file" : "";
  return "latency, jitter, decline, timeout, charged_no_answer, error, reject, seed or book";
}

}  // namespace

Result<SimulatedPaymentSettings> parse_simulated_payment(std::string_view text) {
  if (!text.starts_with(kScheme)) return error("the simulated payment begins with simulated:");
  std::string_view rest = text.substr(kScheme.size());
  SimulatedPaymentSettings settings;
  if (rest.empty()) return settings;
  if (!rest.starts_with('?')) return error("after simulated: comes nothing or ?name=value&...");
  rest.remove_prefix(1);
  std::set<std::string_view> seen;
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    const std::string_view name = pair.substr(0, equals);
    if (equals == std::string_view::npos) return error("\"" + std::string(pair) + "\" is not name=value");
    if (!seen.insert(name).second) return error("\"" + std::string(name) + "\" is given twice");
    if (const std::string_view allowed = set(settings, name, pair.substr(equals + 1)); !allowed.empty())
      return error("\"" + std::string(pair) + "\": allowed is " + std::string(allowed));
  }
  return settings;
}

}  // namespace scalemart
