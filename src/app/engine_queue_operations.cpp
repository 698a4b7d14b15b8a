#include "app/engine_queue_operations.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <future>

#include "base/await.hpp"
#include "domain/time_text.hpp"
#include "gateway/dead_letter_batch.hpp"
#include "gateway/history_routes.hpp"
#include "gateway/queue_json.hpp"
#include "gateway/render.hpp"

namespace scalemart {
namespace {

using namespace std::chrono_literals;
using boost::json::array;
using boost::json::object;

constexpr std::size_t kSettledAtOnce = 1000;
constexpr std::chrono::nanoseconds kFirstLook = 3s;  ///< Of a process that has only just come to a shared queue.
constexpr std::int64_t kCourseSeconds = 120;
constexpr std::size_t kStepsShown = 50;

Refusal wrong(std::string message) {
  return {Refusal::Kind::wrong_input, "validation_error", std::move(message)};
}
Refusal cannot_run(std::string code, std::string message) {
  return {Refusal::Kind::cannot_run, std::move(code), std::move(message)};
}
Refusal no_desk() {
  return cannot_run("", "the order queue is not open in this process");
}
Refusal refusal_of(Outcome outcome) {
  const Refused row = refused(outcome);
  return {row.status == 503 ? Refusal::Kind::cannot_run : Refusal::Kind::refused, std::string(row.code),
          std::string(row.detail)};
}

/// Nothing: not there. Wrong types are the caller's to have checked.
std::string text_in(const object& from, std::string_view name) {
  const auto* value = from.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

object render_place(const OrderTrace& trace) {
  object place{{"where", to_text(trace.where)}};
  if (trace.where == OrderTrace::Where::nowhere || trace.where == OrderTrace::Where::unknown) return place;
  place["step"] = to_text(trace.step);
  place["attempts"] = trace.attempts;
  if (trace.where == OrderTrace::Where::delayed) place["next_try"] = to_rfc3339(trace.next_try);
  if (trace.where == OrderTrace::Where::leased) place["worker"] = trace.worker;
  if (trace.where == OrderTrace::Where::dead) {
    place["reason"] = trace.reason;
    place["since"] = to_rfc3339(trace.since);
  }
  return place;
}

}  // namespace

AuditEntry EngineQueueOperations::entry(std::string what, std::string target) const {
  AuditEntry entry;
  entry.who = "operator";
  entry.what = std::move(what);
  entry.target = std::move(target);
  entry.when = parts_.clock.wall();
  entry.from = "local";
  return entry;
}

/// A shared queue is away until it was seen for the first time.
std::shared_ptr<const FulfilmentView> EngineQueueOperations::fresh_view() const {
  const SteadyTime until = parts_.clock.steady() + kFirstLook;
  std::promise<void> never;
  const std::future<void> pause = never.get_future();
  for (;;) {
    auto view = parts_.desk->view();
    if (!view->queue.away || parts_.clock.steady() >= until) return view;
    pause.wait_for(20ms);
  }
}

/// What the last two minutes were like: accepted and confirmed orders, and how many waited; null: not known.
object EngineQueueOperations::recent_course() const {
  const WallTime now = parts_.clock.wall();
  const auto planned = plan_history(WallTime{now.ms - kCourseSeconds * 1000}, now, 1, now);
  const auto* query = std::get_if<HistoryQuery>(&planned);
  const auto page = query != nullptr ? parts_.history->read(*query) : error("");
  if (!page) return {};
  const object all = render_history(*query, *page, parts_.history->columns());
  return {{"accepted", all.at("accepted")},
          {"confirmed", all.at("confirmed")},
          {"depth", all.at("queue").at("payment").at("depth")}};
}

Done<object> EngineQueueOperations::overview(bool with_history) {
  if (parts_.desk == nullptr) return no_desk();
  const auto view = fresh_view();
  object data = render_queue(view->queue, parts_.clock.wall());
  array workers, recent;
  for (const WorkerView& worker : view->workers) workers.push_back(render_worker(worker));
  for (const FinishedStep& step : view->recent) recent.push_back(render_step(step));
  data["workers"] = std::move(workers);
  data["recent"] = std::move(recent);
  if (with_history && parts_.history != nullptr) data["history"] = recent_course();
  return data;
}

Done<DeadLetterSearch> EngineQueueOperations::search_of(const object& filter) const {
  DeadLetterSearch search;
  if (const std::string step = text_in(filter, "step"); !step.empty()) {
    search.step = parse_step(step);
    if (!search.step) return wrong("step: allowed are payment, confirm, invoice and mail");
  }
  search.reason = text_in(filter, "reason");
  if (const std::string product = text_in(filter, "product_id"); !product.empty()) {
    const auto offers = parts_.catalogue.current();
    const Offer* offer = offers->find(product);
    if (offer == nullptr) return refusal_of(Outcome::product_not_found);
    search.product = offer->ref;
  }
  if (const auto* limit = filter.if_contains("limit")) {
    if (!limit->is_int64() || limit->as_int64() < 1 || limit->as_int64() > 1000) return wrong("limit: 1 to 1000");
    search.limit = static_cast<std::size_t>(limit->as_int64());
  }
  return search;
}

Done<DeadLetterPage> EngineQueueOperations::find_letters(const object& filter) const {
  auto search = search_of(filter);
  if (!search) return search.error();
  auto page = await<DeadLetterPage>([&](auto done) {
    parts_.desk->dead_letters(std::move(*search), std::move(done));
    return true;
  });
  if (!page->available) return cannot_run("unavailable", "the dead letters cannot be read at the moment");
  return std::move(*page);
}

Done<object> EngineQueueOperations::dead_letters(const object& filter) {
  if (parts_.desk == nullptr) return no_desk();
  const auto page = find_letters(filter);
  if (!page) return page.error();
  const auto offers = parts_.catalogue.current();
  array letters;
  for (const DeadLetter& letter : page->letters) {
    const Offer* offer = offers->look(letter.order.product);
    letters.push_back(render_dead(letter, offer == nullptr ? std::string() : offer->spec->id));
  }
  return object{{"letters", std::move(letters)}, {"remaining", page->more}};
}

Done<object> EngineQueueOperations::order(std::string_view text) {
  if (parts_.desk == nullptr) return no_desk();
  const auto id = parse_ulid<OrderId>(text);
  if (!id) return wrong("this is no order id; it has 26 characters");
  const auto found =
      await<std::optional<OrderView>>([&](auto done) { return parts_.orders.find(*id, std::move(done)); });
  if (!found) return refusal_of(Outcome::overloaded);
  if (!*found) return refusal_of(Outcome::order_not_found);
  const auto trace = await<OrderTrace>([&](auto done) {
    parts_.desk->look(*id, std::move(done));
    return true;
  });
  const OrderView& order = **found;
  OrderTrace place = *trace;
  const bool has_ended = !is_open(order.status) && order.status != OrderStatus::confirmed;
  if (place.where == OrderTrace::Where::unknown && has_ended) place = {};
  array steps;
  const auto page = parts_.history == nullptr ? Result<StepPage>(error("")) : [&] {
    StepSearch search;
    search.order = *id;
    search.limit = kStepsShown;
    return parts_.history->steps(search);
  }();
  if (page) {
    for (const FinishedStep& step : page->steps) steps.push_back(render_step(step));
  } else {
    for (const auto view = parts_.desk->view(); const FinishedStep& step : view->recent)
      if (step.order == *id) steps.push_back(render_step(step));
  }
  return object{{"order", render_order(order)}, {"place", render_place(place)}, {"steps", std::move(steps)}};
}

Done<object> EngineQueueOperations::settle_dead(bool retry, const object& choice) {
  if (parts_.desk == nullptr) return no_desk();
  std::vector<OrderId> orders;
  std::size_t more = 0;
  const auto* ids = choice.if_contains("order_ids");
  if ((ids != nullptr) == choice.contains("all")) return wrong("say either orders or all");
  if (ids == nullptr) {
    const auto page = find_letters(choice);
    if (!page) return page.error();
    for (const DeadLetter& letter : page->letters) orders.push_back(letter.order.id);
    more = page->more;
  } else {
    if (!ids->is_array() || ids->as_array().size() > kSettledAtOnce) return wrong("order_ids: at most 1000 order ids");
    for (const auto& one : ids->as_array()) {
      const auto id = one.is_string() ? parse_ulid<OrderId>(one.as_string()) : std::nullopt;
      if (!id) return wrong(boost::json::serialize(one) + " is no order id; it has 26 characters");
      orders.push_back(*id);
    }
  }
  const QueueServices services{*parts_.desk, parts_.catalogue, parts_.orders, parts_.accounts, parts_.clock};
  const auto settled = await<object>([&](auto done) {
    std::make_shared<DeadLetterBatch>(services, retry ? &FulfilmentDesk::retry_dead : &FulfilmentDesk::discard_dead,
                                      entry(retry ? "dead_letter_retried" : "dead_letter_discarded", {}),
                                      std::move(done))
        ->start(std::move(orders), more);
    return true;
  });
  return *settled;
}

Done<object> EngineQueueOperations::set_queue_paused(bool paused) {
  if (parts_.desk == nullptr) return no_desk();
  if (!parts_.can_pause)
    return Refusal{Refusal::Kind::refused, "invalid_state",
                   "no server runs here: nothing is handed out, and a pause does not outlive a server"};
  AuditEntry written = entry(paused ? "queue_paused" : "queue_resumed", "queue");
  written.before = boost::json::serialize(object{{"paused", fresh_view()->queue.paused}});
  written.after = boost::json::serialize(object{{"paused", paused}});
  static_cast<void>(parts_.accounts.append_audit(std::move(written), [](StoreOutcome) {}));
  parts_.desk->pause(paused);
  const SteadyTime until = parts_.clock.steady() + kFirstLook;
  std::promise<void> never;
  const std::future<void> pause = never.get_future();
  for (; parts_.desk->view()->queue.paused != paused; pause.wait_for(20ms))
    if (parts_.clock.steady() >= until) return cannot_run("unavailable", "the queue cannot be told at the moment");
  return object{{"paused", paused}};
}

Done<object> EngineQueueOperations::set_concurrency(std::string_view worker, const Concurrency& concurrency) {
  if (parts_.desk == nullptr) return no_desk();
  if (!concurrency.is_valid() || concurrency.min == 0) return wrong("concurrency: 1 to 100000, or bounds of these");
  AuditEntry written = entry("worker_concurrency_changed", std::string(worker));
  const auto view = fresh_view();
  for (const WorkerView& one : view->workers)
    if (one.id == worker) written.before = boost::json::serialize(render_concurrency(one.bounds));
  written.after = boost::json::serialize(render_concurrency(concurrency));
  static_cast<void>(parts_.accounts.append_audit(std::move(written), [](StoreOutcome) {}));
  const auto outcome = await<Outcome>([&](auto done) {
    parts_.desk->set_concurrency(std::string(worker), concurrency, std::move(done));
    return true;
  });
  if (*outcome == Outcome::order_not_found)
    return Refusal{Refusal::Kind::refused, "not_found", "there is no worker of this name"};
  if (!is_success(*outcome)) return cannot_run("unavailable", "the worker cannot be told at the moment");
  object told{{"worker", worker}};
  for (const auto& [name, value] : render_concurrency(concurrency)) told[name] = value;
  return told;
}

}  // namespace scalemart
