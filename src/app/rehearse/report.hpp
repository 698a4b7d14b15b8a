#pragma once
// What a rehearsal counts, and the verdict.

#include <array>
#include <boost/json/object.hpp>
#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/rehearse/options.hpp"
#include "base/clock.hpp"
#include "telemetry/log_linear.hpp"

namespace scalemart::rehearse {

enum class Measure : std::uint8_t {
  shopper_buy,  ///< From the moment the visit was due to the answer.
  bot_buy,
  refresh,
  order_status,
  confirmation,  ///< From the accepted buy to the first poll that showed it confirmed.
  lateness,      ///< Of the generator itself: due to begun. When this is long, the others say little.
};
inline constexpr std::size_t kMeasureCount = 6;
[[nodiscard]] std::string_view to_text(Measure measure);

/// Log-linear, in microseconds; the largest is kept exactly.
struct Latencies {
  log_linear::Counts counts{};
  std::uint64_t count = 0;
  std::uint64_t max_us = 0;
  void record(std::chrono::nanoseconds took);
  void add(const Latencies& other);
  /// In milliseconds.
  [[nodiscard]] double quantile_ms(double q) const;
};

/// What the answers of one second were, and how long the buys among them had taken.
struct Second {
  std::uint64_t accepted = 0, refused = 0, other = 0, errors = 0;  ///< other: answers that are no buys
  std::uint64_t confirmed = 0;                                     ///< Orders of followed buys.
  std::map<std::string, std::uint64_t, std::less<>> refused_by;    ///< By code.
  std::vector<std::uint32_t> buys;  ///< By bucket of log_linear, in microseconds; empty: none, or no longer kept.

  void record_buy(std::chrono::nanoseconds took);
  void add(const Second& from);
};
/// So long the buys of each second are kept apart: 1.5 KB a second.
inline constexpr std::size_t kBuySecondsMax = 7200;

struct Tally {
  std::uint64_t visits = 0;
  std::uint64_t accepted = 0;  ///< Orders that were answered 200, each once.
  std::uint64_t replayed = 0;  ///< Of these, learnt from a retry.
  std::uint64_t resolved = 0;  ///< Of these, learnt by asking for the key.
  std::uint64_t retries = 0;
  std::uint64_t unknown = 0;           ///< Buys whose outcome is still not known.
  std::uint64_t unfollowed = 0;        ///< Accepted orders whose end was not waited for, or did not come.
  std::uint64_t duplicate_orders = 0;  ///< One buy that was given two different orders.
  std::map<std::string, std::uint64_t, std::less<>> refused;    ///< By code.
  std::map<std::string, std::uint64_t, std::less<>> errors;     ///< By kind.
  std::map<std::string, std::uint64_t, std::less<>> order_end;  ///< Of followed orders, by status.
  std::array<Latencies, kMeasureCount> latencies{};
  std::vector<Second> seconds;  ///< By the second the answer came.

  Latencies& of(Measure m) { return latencies[static_cast<std::size_t>(m)]; }
  [[nodiscard]] const Latencies& of(Measure m) const { return latencies[static_cast<std::size_t>(m)]; }
  void add(const Tally& other);
  [[nodiscard]] std::uint64_t error_count() const;
};

struct StockView {
  std::int64_t total = 0, available = 0, held = 0, sold = 0;
};

/// What the product's page said while the rehearsal ran.
struct StockSample {
  double at = 0;  ///< Seconds since the first visit.
  StockView stock;
};

struct Check {
  std::string name;
  bool ok = false;
  std::string detail;
};

/// What must hold between the stock before, the stock after and what buyers were told.
[[nodiscard]] std::vector<Check> check_stock(const StockView& before, const StockView& after, const Tally& tally);

struct Report {
  Options options;
  double seconds = 0;  ///< From the first visit's due time to the last answer of a visit.
  Tally tally;
  WallTime begun;
  StockView before, after;
  std::vector<StockSample> stock;     ///< About one a second.
  std::optional<std::int64_t> drift;  ///< When an administrator's token was given.
  std::vector<Check> checks;
  [[nodiscard]] bool ok() const;
};

/// The format of docs/rehearsal.md.
inline constexpr int kReportVersion = 1;
[[nodiscard]] boost::json::object to_json(const Report& report);
void print_text(std::ostream& out, const Report& report);

}  // namespace scalemart::rehearse
