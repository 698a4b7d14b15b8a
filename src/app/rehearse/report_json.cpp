// A rehearsal's report as docs/rehearsal.md describes it.
#include <algorithm>
#include <boost/json/array.hpp>

#include "app/rehearse/machine.hpp"
#include "app/rehearse/report.hpp"
#include "app/version.hpp"
#include "domain/time_text.hpp"

namespace scalemart::rehearse {

namespace json = boost::json;

namespace {

json::object counts_json(const std::map<std::string, std::uint64_t, std::less<>>& counts) {
  json::object out;
  for (const auto& [name, n] : counts) out[name] = n;
  return out;
}

double in_ms(std::uint64_t us) {
  return static_cast<double>(us) / 1e3;
}

/// [[upper bound in ms, count], ...] of the buckets in which there is something.
json::array histogram_json(const log_linear::Counts& counts) {
  json::array out;
  for (std::size_t i = 0; i < counts.size(); ++i)
    if (counts[i] > 0) out.push_back(json::array{in_ms(log_linear::upper_bound_of(i)), counts[i]});
  return out;
}

json::object latencies_json(const Tally& tally) {
  json::object out;
  for (std::size_t i = 0; i < kMeasureCount; ++i) {
    const Latencies& l = tally.latencies[i];
    out[to_text(static_cast<Measure>(i))] = json::object{
        {"count", l.count},
        {"p50", l.quantile_ms(0.5)},
        {"p90", l.quantile_ms(0.9)},
        {"p99", l.quantile_ms(0.99)},
        {"p999", l.quantile_ms(0.999)},
        {"max", in_ms(l.max_us)},
        {"histogram", histogram_json(l.counts)},
    };
  }
  return out;
}

json::object stock_json(const StockView& s) {
  return {{"total", s.total}, {"available", s.available}, {"held", s.held}, {"sold", s.sold}};
}

json::object options_json(const Options& o) {
  return {{"target", "http://" + o.target.authority()},
          {"product", o.product},
          {"rate", o.rate},
          {"threads", o.threads},
          {"follow", o.follow},
          {"timeout_s", static_cast<double>(o.timeout.count()) / 1e6},
          {"patience_s", static_cast<double>(o.patience.count()) / 1e6},
          {"duration_s", static_cast<double>(o.duration.count()) / 1e6},
          {"connections", o.connections},
          {"buyers", o.tokens.size()},
          {"mix", json::object{{"shoppers", o.mix.shoppers}, {"refreshers", o.mix.refreshers}, {"bots", o.mix.bots}}},
          {"seed", o.seed}};
}

json::object second_json(const Second& s) {
  json::object out{{"accepted", s.accepted}, {"confirmed", s.confirmed},
                   {"refused", s.refused},   {"refused_by", counts_json(s.refused_by)},
                   {"other", s.other},       {"errors", s.errors},
                   {"latency_ms", nullptr}};
  if (s.buys.empty()) return out;
  log_linear::Counts counts{};
  std::copy(s.buys.begin(), s.buys.end(), counts.begin());
  const auto at = [&](double q) { return in_ms(log_linear::quantile(counts, q)); };
  out["latency_ms"] = json::object{{"p50", at(0.5)}, {"p90", at(0.9)}, {"p99", at(0.99)}, {"max", at(1)}};
  return out;
}

json::array stock_series(const Report& r) {
  json::array out;
  for (const StockSample& sample : r.stock) {
    json::object one{{"at", sample.at}};
    for (const auto& [name, value] : stock_json(sample.stock)) one[name] = value;
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace

json::object to_json(const Report& r) {
  const Tally& t = r.tally;
  json::array seconds;
  for (const Second& s : t.seconds) seconds.push_back(second_json(s));
  json::array checks;
  for (const Check& c : r.checks) checks.push_back({{"name", c.name}, {"ok", c.ok}, {"detail", c.detail}});
  const auto confirmed = t.order_end.find("confirmed");
  return {{"kind", "scalemart-rehearsal"},
          {"version", kReportVersion},
          {"program", version()},
          {"begun_at", to_rfc3339(r.begun)},
          {"machine", machine_json()},
          {"ok", r.ok()},
          {"options", options_json(r.options)},
          {"seconds", r.seconds},
          {"visits", t.visits},
          {"accepted", t.accepted},
          {"accepted_per_second", r.seconds > 0 ? static_cast<double>(t.accepted) / r.seconds : 0.0},
          {"confirmed", confirmed == t.order_end.end() ? 0 : confirmed->second},
          {"refused", counts_json(t.refused)},
          {"errors", t.error_count()},
          {"errors_by_kind", counts_json(t.errors)},
          {"retries", t.retries},
          {"replayed", t.replayed},
          {"resolved_by_key", t.resolved},
          {"unknown", t.unknown},
          {"unfollowed", t.unfollowed},
          {"orders_by_end", counts_json(t.order_end)},
          {"latency_ms", latencies_json(t)},
          {"per_second", std::move(seconds)},
          {"stock", stock_series(r)},
          {"stock_before", stock_json(r.before)},
          {"stock_after", stock_json(r.after)},
          {"drift", r.drift ? json::value(*r.drift) : json::value(nullptr)},
          {"checks", std::move(checks)}};
}

}  // namespace scalemart::rehearse
