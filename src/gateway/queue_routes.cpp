#include "gateway/queue_routes.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <memory>

#include "gateway/queue_json.hpp"
#include "gateway/render.hpp"

namespace scalemart {
namespace {

using boost::json::array;
using boost::json::object;

/// Nothing: both kinds or half of one.
std::optional<Concurrency> wanted_concurrency(const object& body) {
  const auto number = [&](std::string_view name) { return body.at(name).to_number<std::uint32_t>(); };
  const bool has_bounds = body.contains("min") && body.contains("max");
  if (body.size() == 1 && body.contains("concurrency")) return Concurrency(number("concurrency"));
  if (body.size() != 2 || !has_bounds) return std::nullopt;
  const Concurrency bounds(number("min"), number("max"));
  return bounds.is_valid() ? std::optional(bounds) : std::nullopt;
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
    const auto concurrency = wanted_concurrency(x.json().as_object());
    if (!concurrency)
      return x.respond(
          validation_error(R"(["body"])", "Say `concurrency`, or `min` and `max` that is not less.", "value_error"));
    const std::string id(x.path_parameter(0));
    object before;
    std::uint32_t present = concurrency->min;
    for (const auto view = s_.fulfilment.view(); const WorkerView& worker : view->workers) {
      if (worker.id != id) continue;
      before = render_concurrency(worker.bounds);
      present = std::clamp(worker.concurrency, concurrency->min, concurrency->max);
    }
    audit(x, "worker_concurrency_changed", id, before, x.json().as_object());
    const auto reply = std::make_shared<Later>(x.later());
    s_.fulfilment.set_concurrency(id, *concurrency, [reply, id, present, bounds = *concurrency](Outcome outcome) {
      if (is_success(outcome)) {
        object told{{"id", id}, {"concurrency", present}};
        if (!bounds.is_fixed()) told.insert({{"min", bounds.min}, {"max", bounds.max}});
        return reply->respond(json_ok(told));
      }
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
