#include "gateway/dead_letter_routes.hpp"

#include <boost/json/array.hpp>
#include <charconv>
#include <memory>

#include "gateway/dead_letter_batch.hpp"
#include "gateway/queue_json.hpp"
#include "gateway/render.hpp"

namespace scalemart {
namespace {

using boost::json::array;
using boost::json::object;
using Action = DeadLetterBatch::Action;

Response dead_letter_not_found() {
  return error(404, "order_not_found", "This order is not among the dead letters.");
}

Response dead_letters_unavailable() {
  return error(503, "unavailable",
               "The dead letters cannot be read at the moment; nothing was done. Please try again.");
}

class DeadLetterHandlers {
 public:
  explicit DeadLetterHandlers(QueueServices services) : s_(services) {}

  void list(Exchange& x) const {
    DeadLetterSearch search;
    if (const auto text = x.query("limit")) std::from_chars(text->data(), text->data() + text->size(), search.limit);
    if (const auto text = x.query("cursor")) {
      const auto after = parse_place(*text);
      if (!after)
        return x.respond(
            validation_error(R"(["query","cursor"])", "This is no cursor of this list.", "invalid_cursor"));
      search.after = *after;
    }
    search.step = parse_step(x.query("step").value_or(""));
    search.reason = x.query("reason").value_or("");
    if (const auto slug = x.query("product_id"); slug && !with_product(search, *slug))
      return x.respond(json_list({}, {}));
    const auto reply = std::make_shared<Later>(x.later());
    s_.fulfilment.dead_letters(std::move(search), [this, reply](const DeadLetterPage& page) {
      if (!page.available) return reply->respond(dead_letters_unavailable());
      const auto offers = s_.catalogue.current();
      array data;
      for (const DeadLetter& letter : page.letters) {
        const Offer* offer = offers->look(letter.order.product);
        data.push_back(render_dead(letter, offer == nullptr ? std::string() : offer->spec->id));
      }
      reply->respond(json_list(data, page.more > 0 ? to_text(place_of(page.letters.back().order)) : std::string()));
    });
  }

  void retry(Exchange& x) const { settle(x, "dead_letter_retried", &FulfilmentDesk::retry_dead); }
  void discard(Exchange& x) const { settle(x, "dead_letter_discarded", &FulfilmentDesk::discard_dead); }
  void retry_many(Exchange& x) const { settle_many(x, "dead_letter_retried", &FulfilmentDesk::retry_dead); }
  void discard_many(Exchange& x) const { settle_many(x, "dead_letter_discarded", &FulfilmentDesk::discard_dead); }

 private:
  /// False: there never was such a product.
  bool with_product(DeadLetterSearch& search, std::string_view slug) const {
    const auto offers = s_.catalogue.current();
    const Offer* offer = offers->find(slug);
    if (offer != nullptr) search.product = offer->ref;
    return offer != nullptr;
  }

  AuditEntry entry_of(const Exchange& x, std::string what) const {
    AuditEntry entry;
    entry.who = to_string(x.principal()->user);
    entry.what = std::move(what);
    entry.when = s_.clock.wall();
    entry.from = x.client().text();
    return entry;
  }

  void settle(Exchange& x, std::string what, Action action) const {
    const auto id = parse_ulid<OrderId>(x.path_parameter(0));
    if (!id) return x.respond(dead_letter_not_found());
    AuditEntry entry = entry_of(x, std::move(what));
    entry.target = to_string(*id);
    static_cast<void>(s_.accounts.append_audit(std::move(entry), [](StoreOutcome) {}));
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

  std::shared_ptr<DeadLetterBatch> batch_of(const std::shared_ptr<Later>& reply, Action action,
                                            AuditEntry entry) const {
    return std::make_shared<DeadLetterBatch>(s_, action, std::move(entry),
                                             [reply](const object& data) { reply->respond(json_ok(data)); });
  }

  void settle_many(Exchange& x, std::string what, Action action) const {
    const object& body = x.json().as_object();
    const auto* ids = body.if_contains("order_ids");
    if ((ids != nullptr) == body.contains("all"))
      return x.respond(validation_error(R"(["body"])", "Say either `order_ids` or `all`.", "value_error"));
    if (ids != nullptr && body.size() > 1)
      return x.respond(validation_error(R"(["body"])", "Filters go with `all` only.", "value_error"));
    AuditEntry entry = entry_of(x, std::move(what));
    if (ids != nullptr) return settle_these(x, ids->as_array(), action, std::move(entry));
    DeadLetterSearch search;
    const auto text = [&](std::string_view name) {
      const auto* value = body.if_contains(name);
      return value == nullptr ? std::string_view() : std::string_view(value->as_string());
    };
    search.step = parse_step(text("step"));
    search.reason = text("reason");
    const auto reply = std::make_shared<Later>(x.later());
    const auto batch = batch_of(reply, action, std::move(entry));
    if (const auto slug = text("product_id"); !slug.empty() && !with_product(search, slug)) return batch->start({}, 0);
    s_.fulfilment.dead_letters(std::move(search), [batch, reply](const DeadLetterPage& page) {
      if (!page.available) return reply->respond(dead_letters_unavailable());
      std::vector<OrderId> orders;
      for (const DeadLetter& letter : page.letters) orders.push_back(letter.order.id);
      batch->start(std::move(orders), page.more);
    });
  }

  void settle_these(Exchange& x, const array& ids, Action action, AuditEntry entry) const {
    std::vector<OrderId> orders;
    for (const auto& id : ids) {
      const auto order = parse_ulid<OrderId>(id.as_string());
      if (!order)
        return x.respond(validation_error(R"(["body","order_ids",)" + std::to_string(orders.size()) + "]",
                                          "This is no order id.", "value_error"));
      orders.push_back(*order);
    }
    batch_of(std::make_shared<Later>(x.later()), action, std::move(entry))->start(std::move(orders), 0);
  }

  QueueServices s_;
};

}  // namespace

Routes dead_letter_routes(QueueServices services) {
  const auto handlers = std::make_shared<const DeadLetterHandlers>(services);
  const auto route = [&handlers](Method method, std::string path, std::string operation,
                                 void (DeadLetterHandlers::*handle)(Exchange&) const, Body body = Body::none) {
    return Route{method,
                 "/api/admin/queue/dead" + std::move(path),
                 std::move(operation),
                 Access::admin,
                 "default",
                 body,
                 [handlers, handle](Exchange& x) { (handlers.get()->*handle)(x); },
                 true};
  };
  using H = DeadLetterHandlers;
  return {route(Method::get, "", "adminDeadLetters", &H::list),
          route(Method::post, "/retry", "adminRetryDeadMany", &H::retry_many, Body::json),
          route(Method::post, "/discard", "adminDiscardDeadMany", &H::discard_many, Body::json),
          route(Method::post, "/{order_id}/retry", "adminRetryDead", &H::retry),
          route(Method::post, "/{order_id}/discard", "adminDiscardDead", &H::discard)};
}

}  // namespace scalemart
