#include "app/http_queue_operations.hpp"

#include "gateway/queue_json.hpp"

namespace scalemart {

using Object = QueueOperations::Object;

Done<Object> HttpQueueOperations::post(const char* path, const Object& body) {
  const boost::json::value value(body);
  return call_("POST", std::string("/control/queue/") + path, &value);
}

Done<Object> HttpQueueOperations::overview(bool with_history) {
  return call_("GET", with_history ? "/control/queue?history=1" : "/control/queue", nullptr);
}

Done<Object> HttpQueueOperations::dead_letters(const Object& filter) {
  return post("dead", filter);
}

Done<Object> HttpQueueOperations::order(std::string_view id) {
  return post("order", {{"order_id", id}});
}

Done<Object> HttpQueueOperations::settle_dead(bool retry, const Object& choice) {
  return post(retry ? "dead/retry" : "dead/discard", choice);
}

Done<Object> HttpQueueOperations::set_queue_paused(bool paused) {
  return post(paused ? "pause" : "resume", {});
}

Done<Object> HttpQueueOperations::set_concurrency(std::string_view worker, const Concurrency& concurrency) {
  Object body = render_concurrency(concurrency);
  body["worker"] = worker;
  return post("worker", body);
}

}  // namespace scalemart
