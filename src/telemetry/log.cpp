#include "telemetry/log.hpp"

#include <spdlog/async.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <memory>
#include <mutex>

#include "telemetry/json_text.hpp"
#include "telemetry/redact.hpp"

namespace scalemart::log {
namespace {

constexpr std::array<std::string_view, 6> kLevels{"trace", "debug", "info", "warn", "error", "off"};

spdlog::level::level_enum to_spdlog(Level level) {
  constexpr std::array kTable{spdlog::level::trace, spdlog::level::debug, spdlog::level::info,
                              spdlog::level::warn,  spdlog::level::err,   spdlog::level::off};
  return kTable[static_cast<std::size_t>(level)];
}

std::string_view level_name(spdlog::level::level_enum level) {
  return kLevels[std::min<std::size_t>(static_cast<std::size_t>(level), 4)];
}

void write_to_stderr(std::string_view line) {
  while (!line.empty()) {
    const ssize_t n = ::write(STDERR_FILENO, line.data(), line.size());
    if (n < 0 && errno != EINTR) return;  // Nowhere is left to say so.
    if (n > 0) line.remove_prefix(static_cast<std::size_t>(n));
  }
}

// `{"ts":"...","level":"info",` and then the caller's part of the object.
class JsonLineSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit JsonLineSink(std::function<void(std::string_view)> out) : out_(std::move(out)) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& msg) override {
    using std::chrono::duration_cast;
    const auto since = msg.time.time_since_epoch();
    const auto ms = duration_cast<std::chrono::milliseconds>(since).count();
    const std::time_t seconds = static_cast<std::time_t>(ms / 1000);
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    line_.clear();
    fmt::format_to(fmt::appender(line_), R"({{"ts":"{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z","level":"{}",{})",
                   utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, ms % 1000,
                   level_name(msg.level), fmt::string_view(msg.payload.data(), msg.payload.size()));
    line_.push_back('\n');
    out_({line_.data(), line_.size()});
  }
  void flush_() override {}

 private:
  std::function<void(std::string_view)> out_;
  fmt::memory_buffer line_;
};

struct State {
  std::mutex mutex;
  std::atomic<Level> level{Level::info};
  std::shared_ptr<spdlog::details::thread_pool> pool;
  std::shared_ptr<spdlog::logger> logger = direct({});

  static std::shared_ptr<spdlog::logger> direct(std::function<void(std::string_view)> sink) {
    if (!sink) sink = write_to_stderr;
    auto made = std::make_shared<spdlog::logger>("scalemart", std::make_shared<JsonLineSink>(std::move(sink)));
    made->set_level(spdlog::level::trace);
    return made;
  }
};

State& state() {
  static State* const only = new State;  // Never destroyed: threads may log until the very end.
  return *only;
}

void append_value(fmt::memory_buffer& out, const Field& field) {
  const auto to = fmt::appender(out);
  if (const auto* text = std::get_if<std::string_view>(&field.value)) {
    if (names_a_secret(field.name)) {
      append_json_text(out, kRedacted, kValueMax);
    } else if (text->find('@') != std::string_view::npos) {
      append_json_text(out, redact_addresses(redact_url_credentials(*text)), kValueMax);
    } else {
      append_json_text(out, *text, kValueMax);
    }
  } else if (const auto* number = std::get_if<double>(&field.value)) {
    if (std::isfinite(*number)) {
      fmt::format_to(to, "{}", *number);
    } else {
      fmt::format_to(to, "null");  // JSON has no infinities.
    }
  } else if (const auto* whole = std::get_if<std::int64_t>(&field.value)) {
    fmt::format_to(to, "{}", *whole);
  } else if (const auto* natural = std::get_if<std::uint64_t>(&field.value)) {
    fmt::format_to(to, "{}", *natural);
  } else {
    fmt::format_to(to, "{}", std::get<bool>(field.value));
  }
}

void render(fmt::memory_buffer& out, std::string_view event, Fields fields) {
  fmt::format_to(fmt::appender(out), "\"event\":");
  append_json_text(out, event, 128);
  for (const Field& field : fields) {
    out.push_back(',');
    append_json_text(out, field.name, 128);
    out.push_back(':');
    append_value(out, field);
  }
  out.push_back('}');
}

}  // namespace

std::optional<Level> parse_level(std::string_view text) {
  for (std::size_t i = 0; i < kLevels.size(); ++i) {
    if (kLevels[i] == text) return static_cast<Level>(i);
  }
  return std::nullopt;
}

std::string_view to_text(Level level) {
  return kLevels[static_cast<std::size_t>(level)];
}

void start(Options options) {
  State& s = state();
  const std::lock_guard guard(s.mutex);
  s.level = options.level;
  if (!options.sink) options.sink = write_to_stderr;
  s.pool = std::make_shared<spdlog::details::thread_pool>(options.queue_max, 1);
  auto made =
      std::make_shared<spdlog::async_logger>("scalemart", std::make_shared<JsonLineSink>(std::move(options.sink)),
                                             s.pool, spdlog::async_overflow_policy::overrun_oldest);
  made->set_level(spdlog::level::trace);
  std::atomic_store(&s.logger, std::shared_ptr<spdlog::logger>(std::move(made)));
}

void stop() {
  State& s = state();
  const std::lock_guard guard(s.mutex);
  const auto queued = std::atomic_exchange(&s.logger, State::direct({}));
  s.pool.reset();  // Its destructor writes what is queued and joins the writer, which still uses `queued`.
}

void set_level(Level level) noexcept {
  state().level.store(level, std::memory_order_relaxed);
}

bool enabled(Level level) noexcept {
  return level >= state().level.load(std::memory_order_relaxed);
}

std::uint64_t lost() noexcept {
  State& s = state();
  const std::lock_guard guard(s.mutex);
  return s.pool ? s.pool->overrun_counter() : 0;
}

void write(Level level, std::string_view event, Fields fields) {
  if (!enabled(level) || level == Level::off) return;
  fmt::memory_buffer body;
  render(body, event, fields);
  const auto logger = std::atomic_load(&state().logger);
  logger->log(to_spdlog(level), spdlog::string_view_t(body.data(), body.size()));
}

std::optional<std::uint64_t> Sampler::pass(SteadyTime now) noexcept {
  const std::int64_t at = now.time_since_epoch().count();
  std::int64_t next = next_ns_.load(std::memory_order_relaxed);
  if (at < next || !next_ns_.compare_exchange_strong(next, at + period_ns_, std::memory_order_relaxed)) {
    skipped_.fetch_add(1, std::memory_order_relaxed);
    return std::nullopt;
  }
  return skipped_.exchange(0, std::memory_order_relaxed);
}

std::string render_fields(std::string_view event, Fields fields) {
  fmt::memory_buffer body;
  render(body, event, fields);
  return {body.data(), body.size()};
}

}  // namespace scalemart::log
