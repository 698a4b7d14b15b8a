#include "gateway/queue_routes.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <memory>

#include "domain/time_text.hpp"
#include "gateway/render.hpp"

namespace scalemart {
namespace {

using boost::json::array;
using boost::json::object;
using Reply = std::shared_ptr<Later>;

constexpr std::size_t kDeadLettersShown = 1000;

Response dead_letter_not_found() {
  return error(404, "order_not_found", "This order is not among the dead letters.");
}

object render_dead(const DeadLetter& letter, const std::string& product_id) {
  return {{"order_id", to_string(letter.order.id)},
          {"product_id", product_id},
          {"buyer_id", to_string(letter.order.buyer)},
          {"quantity", letter.order.quantity},
          {"step", to_text(letter.step)},
          {"attempts", letter.attempts},
          {"reason", letter.reason},
          {"since", to_rfc3339(letter.at)}};
}

object render_worker(const WorkerView& view) {
  object breakers;
  for (int i = 0; i < kStepCount; ++i)
    breakers[to_text(static_cast<Step>(i))] = to_text(view.breakers[static_cast<std::size_t>(i)]);
  return {{"id", view.id},
          {"place", view.place.in_server ? "server" : "process"},
          {"host", view.place.host},
          {"pid", view.place.pid},
          {"last_heartbeat", to_rfc3339(view.heard)},
          {"concurrency", view.concurrency},
          {"in_flight", view.in_flight},
          {"papers_in_flight", view.papers_in_flight},
          {"draining", view.draining},
          {"confirmed", view.confirmed},
          {"declined", view.declined},
          {"retries", view.retries},
          {"parked", view.parked},
          {"papers_done", view.papers_done},
          {"lost_leases", view.lost},
          {"breakers", std::move(breakers)}};
}

object render_step(const FinishedStep& step) {
  return {{"order_id", to_string(step.order)},
          {"step", to_text(step.step)},
          {"result", to_text(step.result)},
          {"attempts", step.attempts},
          {"at", to_rfc3339(step.at)},
          {"seconds", std::chrono::duration<double>(step.took).count()},
          {"detail", step.detail}};
}

class QueueHandlers {
 public:
  explicit QueueHandlers(QueueServices services) : s_(services) {}

  void queue(Exchange& x) const {
    const auto view = s_.fulfilment.view();
    object data = render_queue(view->queue, s_.clock.wall());
    array recent;
    for (const FinishedStep& step : view->recent) recent.push_back(render_step(step));
    data["recent"] = std::move(recent);
    x.respond(json_ok(data));
  }

  void dead(Exchange& x) const {
    const auto reply = std::make_shared<Later>(x.later());
    s_.fulfilment.dead_letters(kDeadLettersShown, [this, reply](std::vector<DeadLetter> letters) {
      const auto offers = s_.catalogue.current();
      array data;
      for (const DeadLetter& letter : letters)
        data.push_back(render_dead(letter, offers->at(letter.order.product).spec->id));
      reply->respond(json_list(data, {}));
    });
  }

  void retry(Exchange& x) const { settle(x, "dead_letter_retried", &FulfilmentService::retry_dead); }
  void discard(Exchange& x) const { settle(x, "dead_letter_discarded", &FulfilmentService::discard_dead); }

  void pause(Exchange& x) const { set_paused(x, true); }
  void resume(Exchange& x) const { set_paused(x, false); }

  void workers(Exchange& x) const {
    const auto view = s_.fulfilment.view();  // kept: a newer one may take its place meanwhile
    array data;
    for (const WorkerView& worker : view->workers) data.push_back(render_worker(worker));
    x.respond(json_list(data, {}));
  }

  void set_worker(Exchange& x) const {
    const auto concurrency = x.json().as_object().at("concurrency").to_number<std::uint32_t>();
    const std::string id(x.path_parameter(0));
    audit(x, "worker_concurrency_changed", id, boost::json::serialize(x.json()));
    const auto reply = std::make_shared<Later>(x.later());
    s_.fulfilment.set_concurrency(id, concurrency, [reply, id, concurrency](Outcome outcome) {
      if (is_success(outcome)) return reply->respond(json_ok(object{{"id", id}, {"concurrency", concurrency}}));
      reply->respond(error(404, "not_found", "There is no such worker."));
    });
  }

 private:
  void set_paused(Exchange& x, bool paused) const {
    audit(x, paused ? "queue_paused" : "queue_resumed", "queue", {});
    s_.fulfilment.pause(paused);
    x.respond(json_ok(object{{"paused", paused}}));
  }

  void settle(Exchange& x, std::string what,
              void (FulfilmentService::*action)(OrderId, FulfilmentService::Done)) const {
    const auto id = parse_ulid<OrderId>(x.path_parameter(0));
    if (!id) return x.respond(dead_letter_not_found());
    audit(x, std::move(what), to_string(*id), {});
    const auto reply = std::make_shared<Later>(x.later());
    (s_.fulfilment.*action)(*id, [this, reply, id = *id](Outcome outcome) {
      if (outcome == Outcome::order_not_found) return reply->respond(dead_letter_not_found());
      if (!is_success(outcome)) {
        const Refused row = refused(outcome);
        return reply->respond(error(row.status, row.code, row.detail));
      }
      if (!s_.orders.find(id, [reply](std::optional<OrderView> order) {
            reply->respond(order ? json_ok(render_order(*order)) : dead_letter_not_found());
          }))
        reply->respond(error(503, "overloaded", "It is done; the order cannot be shown at the moment."));
    });
  }

  void audit(const Exchange& x, std::string what, std::string target, std::string after) const {
    AuditEntry entry;
    entry.who = to_string(x.principal()->user);
    entry.what = std::move(what);
    entry.target = std::move(target);
    entry.when = s_.clock.wall();
    entry.from = x.client().text();
    entry.after = std::move(after);
    static_cast<void>(s_.accounts.append_audit(std::move(entry), [](StoreOutcome) {}));
  }

  QueueServices s_;
};

}  // namespace

object render_queue(const QueueView& view, WallTime now) {
  array stages;
  std::uint64_t depth = 0;
  double rate = 0;
  for (const StageView& stage : view.stages) {
    object row{{"stage", to_text(stage.step)},   {"depth", stage.depth()},       {"waiting", stage.waiting},
               {"delayed", stage.delayed},       {"in_flight", stage.in_flight}, {"finished", stage.finished},
               {"per_second", stage.rate_per_s}, {"oldest_age_seconds", 0.0}};
    if (stage.oldest)
      row["oldest_age_seconds"] = static_cast<double>(std::max<std::int64_t>(now.ms - stage.oldest->ms, 0)) / 1e3;
    if (stage.step == Step::payment || stage.step == Step::confirm) depth += stage.depth();
    if (stage.step == Step::confirm) rate = stage.rate_per_s;
    stages.push_back(std::move(row));
  }
  object data{{"stages", std::move(stages)},
              {"depth", depth},
              {"paused", view.paused},
              {"dead_letters", view.dead_letters},
              {"declined", view.declined}};
  data["drain_seconds"] =
      rate > 0 ? boost::json::value(static_cast<double>(depth) / rate) : boost::json::value(nullptr);
  return data;
}

Routes queue_routes(QueueServices services) {
  const auto handlers = std::make_shared<const QueueHandlers>(services);
  const auto route = [&handlers](Method method, std::string path, std::string operation,
                                 void (QueueHandlers::*handle)(Exchange&) const, Body body = Body::none) {
    return Route{method,
                 std::move(path),
                 std::move(operation),
                 Access::admin,
                 "default",
                 body,
                 [handlers, handle](Exchange& x) { (handlers.get()->*handle)(x); },
                 true};
  };
  using H = QueueHandlers;
  return {route(Method::get, "/api/admin/queue", "adminQueue", &H::queue),
          route(Method::get, "/api/admin/queue/dead", "adminDeadLetters", &H::dead),
          route(Method::post, "/api/admin/queue/dead/{order_id}/retry", "adminRetryDead", &H::retry),
          route(Method::post, "/api/admin/queue/dead/{order_id}/discard", "adminDiscardDead", &H::discard),
          route(Method::post, "/api/admin/queue/pause", "adminPauseQueue", &H::pause),
          route(Method::post, "/api/admin/queue/resume", "adminResumeQueue", &H::resume),
          route(Method::get, "/api/admin/workers", "adminWorkers", &H::workers),
          route(Method::put, "/api/admin/workers/{id}", "adminSetWorker", &H::set_worker, Body::json)};
}

}  // namespace scalemart
