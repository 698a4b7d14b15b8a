#include "app/statistics.hpp"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <tuple>

#include "domain/time_text.hpp"
#include "gateway/queue_json.hpp"

namespace scalemart {
namespace {

using boost::json::object;

object in_milliseconds(const Percentiles& p) {
  return {{"p50", p.p50 * 1e3},   {"p90", p.p90 * 1e3},   {"p99", p.p99 * 1e3},
          {"p999", p.p999 * 1e3}, {"mean", p.mean * 1e3}, {"count", p.count}};
}

constexpr std::size_t kProductsShown = 50;

struct ProductLine {
  const Offer* offer;
  Stock stock;
  ProductState state;
  ProductRate rate;

  /// What an operator looks for first.
  bool operator<(const ProductLine& other) const {
    static constexpr std::array<int, 5> kPlace{3, 0, 1, 2, 4};  // scheduled, live, paused, sold_out, ended
    const auto place = [](ProductState s) { return kPlace[static_cast<std::size_t>(s)]; };
    return std::tuple(place(state), -rate.accepted_per_second, std::string_view(offer->spec->id)) <
           std::tuple(place(other.state), -other.rate.accepted_per_second, std::string_view(other.offer->spec->id));
  }
};

object to_json(const ProductLine& line) {
  return {{"id", line.offer->spec->id},
          {"name", line.offer->spec->details.name},
          {"state", to_text(line.state)},
          {"available", line.stock.available},
          {"held", line.stock.held},
          {"sold", line.stock.sold},
          {"total", line.stock.total},
          {"accepted_per_second", line.rate.accepted_per_second},
          {"units_per_second", line.rate.units_per_second}};
}

bool is_refusal(Outcome outcome) {
  return !is_success(outcome);
}

}  // namespace

Statistics::Statistics(Parts parts) : parts_(std::move(parts)) {
  refresh_ = parts_.metrics.before_collect([this] { set_gauges(); });
  products_.tick(*parts_.engine.catalogue().current(), parts_.clock.steady());
}

void Statistics::every_second() {
  products_.tick(*parts_.engine.catalogue().current(), parts_.clock.steady());
}

object Statistics::render() const {
  const SaleCounts& counts = parts_.engine.counts();
  const WindowView window = parts_.metrics.window();
  object orders;
  for (int i = 0; i < kOrderStatusCount; ++i)
    orders[to_text(static_cast<OrderStatus>(i))] = counts.of(static_cast<OrderStatus>(i));
  object refused;
  object per_second;
  std::uint64_t refused_total = 0;
  for (int i = 0; i < kOutcomeCount; ++i) {
    const std::string_view outcome = to_text(static_cast<Outcome>(i));
    const std::uint64_t count = parts_.metrics.buys_total.at({outcome}).value();
    if (is_refusal(static_cast<Outcome>(i)) && count > 0) refused[outcome] = count;
    if (is_refusal(static_cast<Outcome>(i))) refused_total += count;
    per_second[outcome] = window.buys_per_second_of(outcome);
  }
  per_second["rate_limited"] = window.buys_per_second_of("rate_limited");
  const std::uint64_t rate_limited = parts_.metrics.rate_limited_total.at({"flash_buy"}).value();
  if (rate_limited > 0) refused["rate_limited"] = rate_limited;
  boost::json::array revenue;
  for (const auto& [currency, money] : counts.money())
    revenue.push_back(object{{"currency", currency},
                             {"confirmed_minor", money.confirmed},
                             {"refunded_minor", money.refunded},
                             {"units", money.units}});
  const EngineLoad load = parts_.engine.load();
  const WallTime now = parts_.engine.clock().now();
  object data{
      {"at", to_rfc3339(now)},
      {"accepted", counts.orders()},
      {"confirmed", counts.of(OrderStatus::confirmed)},
      {"orders", std::move(orders)},
      {"refused", std::move(refused)},
      {"refused_total", refused_total + rate_limited},
      {"per_second", std::move(per_second)},
      {"http_per_second", window.http_per_second},
      {"revenue", std::move(revenue)},
      {"latency_ms", in_milliseconds(window.buy_seconds)},
      {"commit_ms", in_milliseconds(window.commit_seconds)},
      {"batch_size",
       object{{"p50", window.batch_size.p50}, {"p99", window.batch_size.p99}, {"mean", window.batch_size.mean}}},
      {"waiting_buys", load.buys},
      {"dead_letters", counts.parked()},
      {"drift", parts_.engine.drift()},
      {"sequence", load.sequence},
      {"connections", parts_.connections ? parts_.connections() : 0}};
  data["queue"] = parts_.fulfilment == nullptr
                      ? boost::json::value(nullptr)
                      : boost::json::value(render_queue(parts_.fulfilment->view()->queue, parts_.clock.wall()));
  add_products(data, now);
  return data;
}

void Statistics::add_products(object& data, WallTime now) const {
  const auto offers = parts_.engine.catalogue().current();
  const std::vector<ProductRate> rates = products_.rates();
  std::vector<ProductLine> lines;
  for (const Offer& offer : offers->all()) {
    if (offer.removed) continue;
    const Stock stock = offer.live->read().stock;
    const std::size_t index = index_of(offer.ref);
    lines.push_back({&offer, stock, state_at(offer.spec->terms, stock, offer.paused, now),
                     index < rates.size() ? rates[index] : ProductRate{}});
  }
  data["products_total"] = lines.size();
  const auto shown = static_cast<std::ptrdiff_t>(std::min(lines.size(), kProductsShown));
  std::partial_sort(lines.begin(), lines.begin() + shown, lines.end());
  lines.resize(static_cast<std::size_t>(shown));
  boost::json::array products;
  for (const ProductLine& line : lines) products.push_back(to_json(line));
  data["products"] = std::move(products);
}

/// A breaker counts as the worst worker has it.
void Statistics::set_worker_gauges(const std::vector<WorkerView>& workers) const {
  std::array<double, kStepCount> breakers{};
  std::array<double, 2> count{};
  std::array<double, 2> concurrency{};
  for (const WorkerView& worker : workers) {
    ++count[worker.place.in_server ? 0 : 1];
    concurrency[worker.place.in_server ? 0 : 1] += worker.concurrency;
    for (std::size_t i = 0; i < breakers.size(); ++i)
      breakers[i] = std::max(breakers[i], static_cast<double>(worker.breakers[i]));
  }
  for (std::size_t i = 0; i < breakers.size(); ++i)
    parts_.metrics.breaker_state.at({to_text(static_cast<Step>(i))}).set(breakers[i]);
  parts_.metrics.workers.at({"server"}).set(count[0]);
  parts_.metrics.workers.at({"process"}).set(count[1]);
  parts_.metrics.worker_concurrency.at({"server"}).set(concurrency[0]);
  parts_.metrics.worker_concurrency.at({"process"}).set(concurrency[1]);
}

void Statistics::set_gauges() const {
  Metrics& metrics = parts_.metrics;
  for (const auto offers = parts_.engine.catalogue().current(); const Offer& offer : offers->all()) {
    if (offer.removed) continue;
    const Stock stock = offer.live->read().stock;
    metrics.stock_units.at({offer.spec->id, "available"}).set(static_cast<double>(stock.available));
    metrics.stock_units.at({offer.spec->id, "held"}).set(static_cast<double>(stock.held));
    metrics.stock_units.at({offer.spec->id, "sold"}).set(static_cast<double>(stock.sold));
  }
  metrics.drift.set(static_cast<double>(parts_.engine.drift()));
  metrics.dead_letter_count.set(static_cast<double>(parts_.engine.counts().parked()));
  if (parts_.connections) metrics.open_connections.set(static_cast<double>(parts_.connections()));
  const EngineLoad load = parts_.engine.load();
  metrics.queue_depth.at({"commit"}).set(static_cast<double>(load.buys + load.others));
  metrics.queue_oldest_age_seconds.at({"commit"}).set(std::chrono::duration<double>(load.oldest_age).count());
  for (const Engine::Dependency& dependency : parts_.engine.dependencies())
    metrics.breaker_state.at({dependency.name}).set(dependency.cut_off ? 2 : 0);
  if (parts_.fulfilment == nullptr) return;
  const auto view = parts_.fulfilment->view();
  const WallTime now = parts_.clock.wall();
  for (const StageView& stage : view->queue.stages) {
    metrics.queue_depth.at({to_text(stage.step)}).set(static_cast<double>(stage.depth()));
    metrics.queue_oldest_age_seconds.at({to_text(stage.step)}).set(stage.age_seconds(now));
  }
  set_worker_gauges(view->workers);
}

}  // namespace scalemart
