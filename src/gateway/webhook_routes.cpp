#include "gateway/webhook_routes.hpp"

#include <boost/json/array.hpp>
#include <charconv>
#include <memory>

#include "gateway/render.hpp"
#include "gateway/webhook_json.hpp"

namespace scalemart {
namespace {

Response refusal_response(const WebhookRefusal& refusal) {
  switch (refusal.kind) {
    case WebhookRefusal::Kind::not_found:
      return error(404, "not_found", refusal.message);
    case WebhookRefusal::Kind::wrong_input:
      return validation_error(R"(["body"])", refusal.message, "value_error");
    case WebhookRefusal::Kind::conflict:
      return error(409, "invalid_state", refusal.message);
    case WebhookRefusal::Kind::unavailable:
      break;
  }
  return error(503, "unavailable", refusal.message);
}

Response shown(const WebhookResult<WebhookView>& view, bool reveal = false, int status = 200) {
  return view ? json_ok(render_webhook(*view, reveal), status) : refusal_response(view.error());
}

class WebhookHandlers {
 public:
  explicit WebhookHandlers(WebhookServices services) : s_(services) {}

  void list(Exchange& x) const {
    answer(x, [this] {
      const auto views = s_.webhooks.list();
      if (!views) return refusal_response(views.error());
      boost::json::array data;
      for (const WebhookView& view : *views) data.push_back(render_webhook(view, false));
      return json_list(data, {});
    });
  }
  void create(Exchange& x) const {
    answer(x, [this, draft = read_webhook_draft(x.json().as_object()), actor = actor_of(x)] {
      return shown(s_.webhooks.create(draft, actor), true, 201);
    });
  }
  void find(Exchange& x) const {
    answer(x, [this, id = id_of(x)] { return shown(s_.webhooks.find(id)); });
  }
  void change(Exchange& x) const {
    answer(x, [this, id = id_of(x), change = read_webhook_change(x.json().as_object()), actor = actor_of(x)] {
      return shown(s_.webhooks.change(id, change, actor));
    });
  }
  void remove(Exchange& x) const {
    answer(x, [this, id = id_of(x), actor = actor_of(x)] {
      const auto removed = s_.webhooks.remove(id, actor);
      return removed ? no_content() : refusal_response(removed.error());
    });
  }
  void rotate(Exchange& x) const {
    answer(x, [this, id = id_of(x), grace = read_webhook_grace(x.json().as_object()), actor = actor_of(x)] {
      return shown(s_.webhooks.rotate(id, grace, actor), true);
    });
  }
  void test(Exchange& x) const {
    answer(x, [this, id = id_of(x)] {
      const auto tested = s_.webhooks.test(id);
      return tested ? json_ok(render_delivery(*tested)) : refusal_response(tested.error());
    });
  }
  void deliveries(Exchange& x) const {
    std::size_t limit = 100;
    if (const auto text = x.query("limit")) std::from_chars(text->data(), text->data() + text->size(), limit);
    answer(x, [this, id = id_of(x), limit, state = parse_delivery_state(x.query("state").value_or(""))] {
      const auto found = s_.webhooks.deliveries(id, state, limit);
      if (!found) return refusal_response(found.error());
      boost::json::array data;
      for (const WebhookDelivery& delivery : *found) data.push_back(render_delivery(delivery));
      return json_list(data, {});
    });
  }
  void retry(Exchange& x) const {
    answer(x, [this, id = id_of(x), key = read_webhook_retry(x.json().as_object()), actor = actor_of(x)] {
      const auto retried = s_.webhooks.retry(id, key, actor);
      return retried ? json_ok(boost::json::object{{"retried", *retried}}) : refusal_response(retried.error());
    });
  }

 private:
  static std::string id_of(const Exchange& x) { return std::string(x.path_parameter(0)); }
  static WebhookActor actor_of(const Exchange& x) { return {to_string(x.principal()->user), x.client().text()}; }

  /// Everything here waits for something.
  template <class Work>
  void answer(Exchange& x, Work work) const {
    const auto reply = std::make_shared<Later>(x.later());
    if (!s_.pool.post([reply, work = std::move(work)] { reply->respond(work()); })) reply->respond(too_busy());
  }

  WebhookServices s_;
};

}  // namespace

Routes webhook_routes(WebhookServices services) {
  const auto handlers = std::make_shared<const WebhookHandlers>(services);
  const auto route = [&handlers](Method method, std::string path, std::string operation,
                                 void (WebhookHandlers::*handle)(Exchange&) const, Body body = Body::none) {
    return Route{method,
                 "/api/admin/webhooks" + std::move(path),
                 std::move(operation),
                 Access::admin,
                 "default",
                 body,
                 [handlers, handle](Exchange& x) { (handlers.get()->*handle)(x); },
                 true};
  };
  using H = WebhookHandlers;
  return {route(Method::get, "", "adminWebhooks", &H::list),
          route(Method::post, "", "adminCreateWebhook", &H::create, Body::json),
          route(Method::get, "/{id}", "adminWebhook", &H::find),
          route(Method::patch, "/{id}", "adminChangeWebhook", &H::change, Body::json),
          route(Method::delete_, "/{id}", "adminRemoveWebhook", &H::remove),
          route(Method::post, "/{id}/rotate", "adminRotateWebhook", &H::rotate, Body::json),
          route(Method::post, "/{id}/test", "adminTestWebhook", &H::test),
          route(Method::get, "/{id}/deliveries", "adminWebhookDeliveries", &H::deliveries),
          route(Method::post, "/{id}/deliveries/retry", "adminRetryWebhook", &H::retry, Body::json)};
}

}  // namespace scalemart
