#include "gateway/queue_json.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <charconv>

#include "domain/time_text.hpp"

namespace scalemart {

using boost::json::array;
using boost::json::object;

object render_concurrency(const Concurrency& concurrency) {
  if (concurrency.is_fixed()) return {{"concurrency", concurrency.max}};
  return {{"min", concurrency.min}, {"max", concurrency.max}};
}

object render_worker(const WorkerView& view) {
  object breakers;
  for (int i = 0; i < kStepCount; ++i)
    breakers[to_text(static_cast<Step>(i))] = to_text(view.breakers[static_cast<std::size_t>(i)]);
  object data{{"id", view.id},
              {"place", view.place.in_server ? "server" : "process"},
              {"host", view.place.host},
              {"pid", view.place.pid},
              {"last_heartbeat", to_rfc3339(view.heard)},
              {"concurrency", view.concurrency},
              {"concurrency_min", view.bounds.min},
              {"concurrency_max", view.bounds.max},
              {"in_flight", view.in_flight},
              {"papers_in_flight", view.papers_in_flight},
              {"draining", view.draining},
              {"confirmed", view.confirmed},
              {"declined", view.declined},
              {"retries", view.retries},
              {"parked", view.parked},
              {"papers_done", view.papers_done},
              {"lost_leases", view.lost},
              {"breakers", std::move(breakers)},
              {"last_error", nullptr},
              {"last_error_at", nullptr}};
  if (view.last_error_at.ms != 0) {
    data["last_error"] = view.last_error;
    data["last_error_at"] = to_rfc3339(view.last_error_at);
  }
  return data;
}

object render_queue(const QueueView& view, WallTime now) {
  array stages;
  std::uint64_t depth = 0;
  double oldest = 0;
  double rate = view.declined_per_s;
  for (const StageView& stage : view.stages) {
    object row{{"stage", to_text(stage.step)},   {"depth", stage.depth()},       {"waiting", stage.waiting},
               {"delayed", stage.delayed},       {"in_flight", stage.in_flight}, {"finished", stage.finished},
               {"per_second", stage.rate_per_s}, {"oldest_age_seconds", 0.0}};
    const double age = stage.age_seconds(now);
    row["oldest_age_seconds"] = age;
    if (stage.step == Step::payment || stage.step == Step::confirm) {
      depth += stage.depth();
      oldest = std::max(oldest, age);
    }
    if (stage.step == Step::confirm) rate += stage.rate_per_s;
    stages.push_back(std::move(row));
  }
  object data{{"stages", std::move(stages)},
              {"depth", depth},
              {"oldest_age_seconds", oldest},
              {"paused", view.paused},
              {"dead_letters", view.dead_letters},
              {"declined", view.declined},
              {"away", view.away}};
  // Confirmed and declined orders are what leaves; with nothing leaving there is no estimate.
  data["drain_seconds"] = nullptr;
  if (depth == 0) data["drain_seconds"] = 0.0;
  if (depth > 0 && rate > 0) data["drain_seconds"] = static_cast<double>(depth) / rate;
  return data;
}

object render_dead(const DeadLetter& letter, std::string_view product_id) {
  return {{"order_id", to_string(letter.order.id)},
          {"product_id", product_id},
          {"buyer_id", to_string(letter.order.buyer)},
          {"quantity", letter.order.quantity},
          {"step", to_text(letter.step)},
          {"attempts", letter.attempts},
          {"reason", letter.reason},
          {"since", to_rfc3339(letter.at)}};
}

std::string to_text(const OrderPlace& place) {
  return std::to_string(place.created.ms) + "." + std::to_string(place.sequence) + "." + to_string(place.order);
}

std::optional<OrderPlace> parse_place(std::string_view text) {
  OrderPlace place;
  const auto number = [&text](auto& value) {
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (wrong != std::errc() || end == text.data() + text.size() || *end != '.') return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
    return true;
  };
  if (!number(place.created.ms) || !number(place.sequence)) return std::nullopt;
  const auto order = parse_ulid<OrderId>(text);
  if (!order) return std::nullopt;
  place.order = *order;
  return place;
}

}  // namespace scalemart
