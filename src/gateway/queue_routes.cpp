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

  void pause(Exchange& x) const { set_paused(x, true); }
  void resume(Exchange& x) const { set_paused(x, false); }

  void workers(Exchange& x) const {
    array data;
    for (const auto view = s_.fulfilment.view(); const WorkerView& worker : view->workers)
      data.push_back(render_worker(worker));
    x.respond(json_list(data, {}));
  }

  void set_worker(Exchange& x) const {
    const auto concurrency = x.json().as_object().at("concurrency").to_number<std::uint32_t>();
    const std::string id(x.path_parameter(0));
    object before;
    for (const auto view = s_.fulfilment.view(); const WorkerView& worker : view->workers)
      if (worker.id == id) before["concurrency"] = worker.concurrency;
    audit(x, "worker_concurrency_changed", id, before, x.json().as_object());
    const auto reply = std::make_shared<Later>(x.later());
    s_.fulfilment.set_concurrency(id, concurrency, [reply, id, concurrency](Outcome outcome) {
      if (is_success(outcome)) return reply->respond(json_ok(object{{"id", id}, {"concurrency", concurrency}}));
      if (outcome == Outcome::unavailable || outcome == Outcome::overloaded)
        return reply->respond(error(503, "unavailable", "The worker cannot be told at the moment. Please try again."));
      reply->respond(error(404, "not_found", "There is no such worker."));
    });
  }

 private:
  void set_paused(Exchange& x, bool paused) const {
    audit(x, paused ? "queue_paused" : "queue_resumed", "queue", {{"paused", s_.fulfilment.view()->queue.paused}},
          {{"paused", paused}});
    s_.fulfilment.pause(paused);
    x.respond(json_ok(object{{"paused", paused}}));
  }

  void audit(const Exchange& x, std::string what, std::string target, const object& before, const object& after) const {
    AuditEntry entry;
    entry.who = to_string(x.principal()->user);
    entry.what = std::move(what);
    entry.target = std::move(target);
    entry.when = s_.clock.wall();
    entry.from = x.client().text();
    if (!before.empty()) entry.before = boost::json::serialize(before);
    entry.after = boost::json::serialize(after);
    static_cast<void>(s_.accounts.append_audit(std::move(entry), [](StoreOutcome) {}));
  }

  QueueServices s_;
};

}  // namespace

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
          route(Method::post, "/api/admin/queue/pause", "adminPauseQueue", &H::pause),
          route(Method::post, "/api/admin/queue/resume", "adminResumeQueue", &H::resume),
          route(Method::get, "/api/admin/workers", "adminWorkers", &H::workers),
          route(Method::put, "/api/admin/workers/{id}", "adminSetWorker", &H::set_worker, Body::json)};
}

}  // namespace scalemart
