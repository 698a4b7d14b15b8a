#pragma once
// Logs: one JSON object a line, on stderr.
//
//   log::info("server_started", {{"listen", address}, {"threads", 4}});
//   {"ts":"2026-11-22T10:00:00.123Z","level":"info","event":"server_started","listen":"...","threads":4}
//
// Operation: lines go through a bounded queue to one writer thread; when the queue is full the oldest line is
// dropped, never the caller delayed, and lost() counts it. Fields that name a secret are redacted,
// credentials inside URLs and e-mail addresses too; control characters are escaped, broken UTF-8 is replaced, long
// values are cut. Concurrency: everything from any thread. Before start() and after stop() lines are written at once.

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.hpp"

namespace scalemart::log {

enum class Level : std::uint8_t { trace, debug, info, warn, error, off };
[[nodiscard]] std::optional<Level> parse_level(std::string_view text);
[[nodiscard]] std::string_view to_text(Level level);

/// Longest text value of a field, in bytes.
inline constexpr std::size_t kValueMax = 2048;

/// A view: name and text must outlive the call.
struct Field {
  using Value = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;
  Field(std::string_view n, std::string_view v) : name(n), value(v) {}
  Field(std::string_view n, const std::string& v) : name(n), value(std::string_view(v)) {}
  Field(std::string_view n, const char* v) : name(n), value(std::string_view(v)) {}
  Field(std::string_view n, bool v) : name(n), value(v) {}
  Field(std::string_view n, std::floating_point auto v) : name(n), value(static_cast<double>(v)) {}
  Field(std::string_view n, std::signed_integral auto v) : name(n), value(static_cast<std::int64_t>(v)) {}
  Field(std::string_view n, std::unsigned_integral auto v) : name(n), value(static_cast<std::uint64_t>(v)) {}
  std::string_view name;
  Value value;
};
using Fields = std::initializer_list<Field>;

struct Options {
  Level level = Level::info;
  std::size_t queue_max = 8192;
  /// Receives finished lines, newline included; empty: stderr. For tests.
  std::function<void(std::string_view line)> sink;
};
void start(Options options);
/// Writes what is queued and goes back to direct writing.
void stop();
void set_level(Level level) noexcept;
[[nodiscard]] bool enabled(Level level) noexcept;
/// Lines that the queue lost since start().
[[nodiscard]] std::uint64_t lost() noexcept;

/// `event` is snake_case and a constant; what varies goes into fields. A request's id is the field
/// "request_id".
void write(Level level, std::string_view event, Fields fields);
inline void debug(std::string_view event, Fields fields = {}) {
  write(Level::debug, event, fields);
}
inline void info(std::string_view event, Fields fields = {}) {
  write(Level::info, event, fields);
}
inline void warn(std::string_view event, Fields fields = {}) {
  write(Level::warn, event, fields);
}
inline void error(std::string_view event, Fields fields = {}) {
  write(Level::error, event, fields);
}

/// Lets one line through each period, for paths that a storm may take. Costs one relaxed load when closed.
///   static log::Sampler sampler{1s};
///   if (const auto skipped = sampler.pass(now)) log::warn("queue_full", {{"skipped", *skipped}});
class Sampler {
 public:
  explicit Sampler(std::chrono::nanoseconds period) : period_ns_(period.count()) {}
  /// How many were held back since the last that passed; nothing: hold this one back.
  [[nodiscard]] std::optional<std::uint64_t> pass(SteadyTime now) noexcept;

 private:
  const std::int64_t period_ns_;
  std::atomic<std::int64_t> next_ns_{0};
  std::atomic<std::uint64_t> skipped_{0};
};

/// The object without "ts" and "level", as write() makes it: `"event":"...","name":value}`. For tests.
[[nodiscard]] std::string render_fields(std::string_view event, Fields fields);

}  // namespace scalemart::log
