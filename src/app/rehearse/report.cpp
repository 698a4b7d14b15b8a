#include "app/rehearse/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>

namespace scalemart::rehearse {

std::string_view to_text(Measure measure) {
  static constexpr std::array<std::string_view, kMeasureCount> kNames{"shopper_buy",  "bot_buy",      "refresh",
                                                                      "order_status", "confirmation", "lateness"};
  return kNames[static_cast<std::size_t>(measure)];
}

void Latencies::record(std::chrono::nanoseconds took) {
  const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(0, (took.count() + 999) / 1000));
  ++counts[log_linear::bucket_of(us)];
  ++count;
  max_us = std::max(max_us, us);
}

void Latencies::add(const Latencies& other) {
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += other.counts[i];
  count += other.count;
  max_us = std::max(max_us, other.max_us);
}

double Latencies::quantile_ms(double q) const {
  return static_cast<double>(std::min(log_linear::quantile(counts, q), max_us)) / 1e3;
}

namespace {

template <class Map>
void add_counts(Map& into, const Map& from) {
  for (const auto& [name, n] : from) into[name] += n;
}

template <class Map>
std::uint64_t sum(const Map& map) {
  std::uint64_t out = 0;
  for (const auto& [name, n] : map) out += n;
  return out;
}

}  // namespace

void Tally::add(const Tally& other) {
  visits += other.visits;
  accepted += other.accepted;
  replayed += other.replayed;
  resolved += other.resolved;
  retries += other.retries;
  unknown += other.unknown;
  unfollowed += other.unfollowed;
  duplicate_orders += other.duplicate_orders;
  add_counts(refused, other.refused);
  add_counts(errors, other.errors);
  add_counts(order_end, other.order_end);
  for (std::size_t i = 0; i < latencies.size(); ++i) latencies[i].add(other.latencies[i]);
  seconds.resize(std::max(seconds.size(), other.seconds.size()));
  for (std::size_t i = 0; i < other.seconds.size(); ++i) seconds[i].add(other.seconds[i]);
}

void Second::record_buy(std::chrono::nanoseconds took) {
  buys.resize(log_linear::kBuckets);
  ++buys[log_linear::bucket_of(static_cast<std::uint64_t>(std::max<std::int64_t>(0, (took.count() + 999) / 1000)))];
}

void Second::add(const Second& from) {
  accepted += from.accepted;
  refused += from.refused;
  other += from.other;
  errors += from.errors;
  confirmed += from.confirmed;
  add_counts(refused_by, from.refused_by);
  buys.resize(std::max(buys.size(), from.buys.size()));
  for (std::size_t i = 0; i < from.buys.size(); ++i) buys[i] += from.buys[i];
}

std::uint64_t Tally::error_count() const {
  return sum(errors);
}

std::vector<Check> check_stock(const StockView& before, const StockView& after, const Tally& tally) {
  const auto shown = [](const StockView& s) {
    return fmt::format("available {} + held {} + sold {} = total {}", s.available, s.held, s.sold, s.total);
  };
  std::vector<Check> out;
  const bool whole = after.available + after.held + after.sold == after.total && after.available >= 0 &&
                     after.held >= 0 && after.sold >= 0;
  out.push_back({"conservation", whole, shown(after)});
  out.push_back({"no_oversell", after.held + after.sold <= after.total,
                 fmt::format("{} held or sold of {}", after.held + after.sold, after.total)});
  // Each buy takes one unit. What came back is known for followed orders; the others may have come back or
  // not, and a buy of unknown outcome may have taken its unit or not.
  std::int64_t returned = 0;
  for (const char* end : {"failed", "expired", "cancelled", "refunded"}) {
    const auto found = tally.order_end.find(end);
    if (found != tally.order_end.end()) returned += static_cast<std::int64_t>(found->second);
  }
  const std::int64_t moved = (after.held + after.sold) - (before.held + before.sold);
  const std::int64_t most = static_cast<std::int64_t>(tally.accepted + tally.unknown) - returned;
  const std::int64_t least =
      static_cast<std::int64_t>(tally.accepted) - returned - static_cast<std::int64_t>(tally.unfollowed);
  const auto expected = least == most ? fmt::format("{}", most) : fmt::format("{} to {}", least, most);
  out.push_back({"units_match_answers", moved >= least && moved <= most,
                 fmt::format("stock moved by {}, buyers' answers say {}", moved, expected)});
  out.push_back({"one_order_per_key", tally.duplicate_orders == 0,
                 fmt::format("{} buys were given a second order", tally.duplicate_orders)});
  return out;
}

bool Report::ok() const {
  return std::all_of(checks.begin(), checks.end(), [](const Check& check) { return check.ok; });
}

void print_text(std::ostream& out, const Report& r) {
  const Tally& t = r.tally;
  out << fmt::format("{} visits in {:.1f} s ({:.0f}/s asked for), {} connections, seed {}\n", t.visits, r.seconds,
                     r.options.rate, r.options.connections, r.options.seed);
  out << fmt::format("accepted   {:>10}  ({:.0f}/s; {} after a retry, {} by asking for the key)\n", t.accepted,
                     r.seconds > 0 ? static_cast<double>(t.accepted) / r.seconds : 0.0, t.replayed, t.resolved);
  for (const auto& [code, n] : t.refused) out << fmt::format("refused    {:>10}  {}\n", n, code);
  for (const auto& [kind, n] : t.errors) out << fmt::format("error      {:>10}  {}\n", n, kind);
  for (const auto& [status, n] : t.order_end) out << fmt::format("order      {:>10}  {}\n", n, status);
  if (t.unfollowed > 0) out << fmt::format("order      {:>10}  not followed to their end\n", t.unfollowed);
  if (t.unknown > 0) out << fmt::format("unknown    {:>10}  buys without a known outcome\n", t.unknown);
  out << fmt::format("{:<14} {:>9} {:>10} {:>10} {:>10} {:>10}  ms, from when each was due\n", "", "count", "p50",
                     "p99", "p99.9", "max");
  for (std::size_t i = 0; i < kMeasureCount; ++i) {
    const Latencies& l = t.latencies[i];
    if (l.count == 0) continue;
    out << fmt::format("{:<14} {:>9} {:>10.2f} {:>10.2f} {:>10.2f} {:>10.2f}\n", to_text(static_cast<Measure>(i)),
                       l.count, l.quantile_ms(0.5), l.quantile_ms(0.99), l.quantile_ms(0.999),
                       static_cast<double>(l.max_us) / 1e3);
  }
  if (t.of(Measure::lateness).quantile_ms(0.99) > 20) {
    out << "warning: the generator was late itself; this machine cannot make that rate\n";
  }
  for (const Check& c : r.checks) out << fmt::format("{} {}: {}\n", c.ok ? "\u2713" : "\u2717", c.name, c.detail);
  if (r.drift) out << "drift " << *r.drift << '\n';
}

}  // namespace scalemart::rehearse
