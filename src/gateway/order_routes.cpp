#include "gateway/order_routes.hpp"

#include <boost/json/array.hpp>
#include <charconv>
#include <memory>

#include "flow/ask.hpp"
#include "flow/catalogue.hpp"
#include "gateway/render.hpp"

namespace scalemart {
namespace {

constexpr std::size_t kPageDefault = 20;

using Reply = std::shared_ptr<Later>;
Reply later(Exchange& x) {
  return std::make_shared<Later>(x.later());
}

/// Answers 404 to others' orders exactly as to missing ones.
bool is_visible(const std::optional<OrderView>& order, UserId buyer) {
  return order && order->buyer == buyer;
}

class OrderHandlers {
 public:
  explicit OrderHandlers(OrderServices services) : s_(services) {}

  void list(Exchange& x) const {
    std::size_t limit = kPageDefault;
    if (const auto text = x.query("limit")) std::from_chars(text->data(), text->data() + text->size(), limit);
    OrderId before;
    if (const auto cursor = x.query("cursor")) {
      const auto id = parse_ulid<OrderId>(*cursor);
      if (!id)
        return x.respond(
            validation_error(R"(["query","cursor"])", "This is no cursor of this list.", "invalid_cursor"));
      before = *id;
    }
    const Reply reply = later(x);
    // One more than asked tells whether there is a next page.
    const bool taken =
        s_.orders.of_buyer(x.principal()->user, before, limit + 1, [reply, limit](std::vector<OrderView> orders) {
          const bool more = orders.size() > limit;
          if (more) orders.resize(limit);
          boost::json::array data;
          for (const OrderView& order : orders) data.push_back(render_order(order));
          reply->respond(json_list(data, more ? to_string(orders.back().id) : std::string()));
        });
    if (!taken) reply->respond(too_busy());
  }

  void get(Exchange& x) const {
    const auto id = parse_ulid<OrderId>(x.path_parameter(0));
    if (!id) return x.respond(order_not_found());
    const Reply reply = later(x);
    const UserId buyer = x.principal()->user;
    if (!s_.orders.find(*id, [reply, buyer](std::optional<OrderView> order) {
          reply->respond(is_visible(order, buyer) ? json_ok(render_order(*order)) : order_not_found());
        }))
      reply->respond(too_busy());
  }

  void get_by_key(Exchange& x) const {
    const Reply reply = later(x);
    if (!s_.orders.find_by_key(x.principal()->user, digest_key(x.path_parameter(0)),
                               [reply](std::optional<OrderView> order) {
                                 reply->respond(order ? json_ok(render_order(*order)) : order_not_found());
                               }))
      reply->respond(too_busy());
  }

  void cancel(Exchange& x) const {
    const auto id = parse_ulid<OrderId>(x.path_parameter(0));
    if (!id) return x.respond(order_not_found());
    const Reply reply = later(x);
    if (!ask(s_.ledger, Cancel{*id, x.principal()->user}, [this, reply, id](const Answer& answer) {
          if (!is_success(answer.outcome)) return reply->respond(refusal(answer));
          if (!s_.orders.find(*id, [reply](std::optional<OrderView> order) {
                reply->respond(order ? json_ok(render_order(*order)) : order_not_found());
              }))
            reply->respond(too_busy());
        }))
      reply->respond(too_busy());
  }

  void invoice(Exchange& x) const {
    const auto id = parse_ulid<OrderId>(x.path_parameter(0));
    if (!id) return x.respond(order_not_found());
    const Reply reply = later(x);
    const UserId buyer = x.principal()->user;
    const OrderServices& s = s_;
    if (!s_.orders.find(*id, [reply, buyer, &s](std::optional<OrderView> order) {
          if (!is_visible(order, buyer)) return reply->respond(order_not_found());
          if (order->status != OrderStatus::confirmed && order->status != OrderStatus::refunded)
            return reply->respond(error(409, "invalid_state", "There is an invoice once the order is confirmed."));
          const auto offers = s.catalogue.current();
          const Offer* offer = offers->look(order->product);
          if (offer == nullptr) return reply->respond(unavailable());
          if (!s.pool.post([reply, &s, data = invoice_of(*order, *offer->spec)] {
                reply->respond(pdf(s.invoices, data));
              }))
            reply->respond(too_busy());
        }))
      reply->respond(too_busy());
  }

 private:
  static Response pdf(Invoices& invoices, const InvoiceData& data) {
    auto file = invoices.fetch(data);
    if (!file) return error(503, "unavailable", "The invoice cannot be made at the moment.");
    Response response;
    response.content_type = "application/pdf";
    response.body = std::move(*file);
    response.add_header("Content-Disposition", "inline; filename=\"invoice-" + to_string(data.order) + ".pdf\"");
    return response;
  }

  OrderServices s_;
};

}  // namespace

Routes order_routes(OrderServices services) {
  const auto handlers = std::make_shared<const OrderHandlers>(services);
  const auto bind = [&handlers](void (OrderHandlers::*handle)(Exchange&) const) {
    return [handlers, handle](Exchange& x) { (handlers.get()->*handle)(x); };
  };
  const auto route = [&bind](Method method, std::string path, std::string operation, auto handle) {
    return Route{method,    std::move(path), std::move(operation), Access::buyer,
                 "default", Body::none,      bind(handle),         true};
  };
  return {
      route(Method::get, "/api/orders", "listOrders", &OrderHandlers::list),
      route(Method::get, "/api/orders/{id}", "getOrder", &OrderHandlers::get),
      route(Method::get, "/api/orders/by-key/{key}", "getOrderByKey", &OrderHandlers::get_by_key),
      route(Method::post, "/api/orders/{id}/cancel", "cancelOrder", &OrderHandlers::cancel),
      route(Method::get, "/api/orders/{id}/invoice.pdf", "getInvoice", &OrderHandlers::invoice),
  };
}

}  // namespace scalemart
