#include "gateway/archive_routes.hpp"

#include <atomic>
#include <boost/json/array.hpp>
#include <charconv>
#include <memory>

#include "domain/trace.hpp"
#include "flow/ask.hpp"
#include "gateway/order_csv.hpp"
#include "gateway/render.hpp"
#include "gateway/time_range.hpp"

namespace scalemart {
namespace {

using Reply = std::shared_ptr<Later>;

constexpr std::size_t kPage = 20;
constexpr std::size_t kExportPage = 100;
constexpr std::size_t kExportBytes = 64 << 20;  ///< Then the answer names where to go on.
constexpr int kExportsMax = 4;                  ///< In memory at a time, until their readers have them.
constexpr std::chrono::seconds kRefundDeadline{30};

/// An export's text; it counts until the last of it has left.
std::shared_ptr<std::string> new_export(const std::shared_ptr<std::atomic<int>>& exports) {
  if (exports->fetch_add(1) >= kExportsMax) {
    exports->fetch_sub(1);
    return nullptr;
  }
  return {new std::string(order_csv_head()), [exports](const std::string* text) {
            delete text;
            exports->fetch_sub(1);
          }};
}

/// Why there is nothing to show; nullopt: there is.
std::optional<Response> refusal_of(const Result<OrderPage>& page) {
  if (!page) return error(503, "unavailable", "The order archive does not answer.");
  if (!page->is_cursor_known)
    return validation_error(R"(["query","cursor"])", "This is no cursor of this list.", "invalid_cursor");
  return std::nullopt;
}

Response no_accounts() {
  return error(503, "unavailable", "The accounts cannot be reached at the moment. Please try again.");
}

class ArchiveHandlers {
 public:
  explicit ArchiveHandlers(ArchiveServices services) : s_(services) {}

  void search(Exchange& x) const {
    auto read = read_search(x);
    if (const auto* refused = std::get_if<Response>(&read)) return x.respond(*refused);
    OrderSearch& search = std::get<OrderSearch>(read);
    if (const auto text = x.query("limit")) std::from_chars(text->data(), text->data() + text->size(), search.limit);
    if (const auto cursor = x.query("cursor")) search.cursor = *cursor;
    const std::string q(x.query("q").value_or(""));
    with_buyer(x, std::move(search), q, [this](const Reply& reply, const OrderSearch& complete) {
      auto page = s_.archive.search(complete);
      if (const auto refused = refusal_of(page)) return reply->respond(*refused);
      boost::json::array data;
      for (const ArchivedOrder& order : page->orders) data.push_back(render_archived(order));
      Response response = json_list(data, page->next_cursor);
      response.body.insert(response.body.size() - 1, ",\"as_of_sequence\":" + std::to_string(page->as_of));
      reply->respond(std::move(response));
    });
  }

  void csv(Exchange& x) const {
    auto read = read_search(x);
    if (const auto* refused = std::get_if<Response>(&read)) return x.respond(*refused);
    OrderSearch& search = std::get<OrderSearch>(read);
    auto text = new_export(exports_);
    if (text == nullptr) return x.respond(too_busy());
    search.limit = kExportPage;
    if (const auto cursor = x.query("cursor")) search.cursor = *cursor;
    const std::string q(x.query("q").value_or(""));
    with_buyer(x, std::move(search), q, [this, text](const Reply& reply, OrderSearch complete) {
      while (text->size() < kExportBytes) {
        if (s_.pool.is_stopping()) return reply->respond(too_busy());
        const auto page = s_.archive.search(complete);
        if (const auto refused = refusal_of(page)) return reply->respond(*refused);
        for (const ArchivedOrder& order : page->orders) append_csv(*text, order);
        complete.cursor = page->next_cursor;
        if (complete.cursor.empty()) break;
      }
      Response response;
      response.content_type = "text/csv; charset=utf-8";
      response.shared_body = text;
      response.add_header("Content-Disposition", "attachment; filename=\"orders.csv\"");
      if (!complete.cursor.empty()) response.add_header("X-Next-Cursor", complete.cursor);
      reply->respond(std::move(response));
    });
  }

  void get(Exchange& x) const {
    const auto id = parse_ulid<OrderId>(x.path_parameter(0));
    if (!id) return x.respond(order_not_found());
    const Reply reply = later(x);
    // The ledger's memory is never behind; the archive adds the payment.
    if (!s_.orders.find(*id, [this, reply](std::optional<OrderView> order) {
          if (!order) return reply->respond(order_not_found());
          if (!s_.pool.post([this, reply, order = std::move(*order)] {
                reply->respond(json_ok(render_archived(with_payment(order))));
              }))
            reply->respond(too_busy());
        }))
      reply->respond(too_busy());
  }

  void refund(Exchange& x) const {
    const auto id = parse_ulid<OrderId>(x.path_parameter(0));
    if (!id) return x.respond(order_not_found());
    const Reply reply = later(x);
    AuditEntry entry;
    entry.who = to_string(x.principal()->user);
    entry.what = "order_refunded";
    entry.target = to_string(*id);
    entry.from = x.client().text();
    entry.before = R"({"status":"confirmed"})";
    entry.after = R"({"status":"refunded"})";
    if (!s_.orders.find(*id, [this, reply, entry = std::move(entry)](std::optional<OrderView> order) {
          if (!order) return reply->respond(order_not_found());
          if (order->status != OrderStatus::confirmed && order->status != OrderStatus::refunded)
            return reply->respond(error(409, "invalid_state", "Only a confirmed order can be refunded."));
          if (!s_.pool.post(
                  [this, reply, entry, order = std::move(*order)] { give_back(reply, entry, with_payment(order)); }))
            reply->respond(too_busy());
        }))
      reply->respond(too_busy());
  }

 private:
  static Reply later(Exchange& x) { return std::make_shared<Later>(x.later()); }

  static std::variant<OrderSearch, Response> read_search(const Exchange& x) {
    const auto range = read_time_range(x);
    if (const auto* refused = std::get_if<Response>(&range)) return *refused;
    OrderSearch search;
    search.from = std::get<TimeRange>(range).from;
    search.to = std::get<TimeRange>(range).to;
    search.limit = kPage;
    if (const auto status = x.query("status")) search.status = parse_order_status(*status);
    if (const auto product = x.query("product_id")) search.product_id = *product;
    return search;
  }

  /// `q` is the beginning of an order's id, a whole buyer id, or a buyer's e-mail address.
  template <class Then>
  void with_buyer(Exchange& x, OrderSearch search, std::string q, Then then) const {
    const Reply reply = later(x);
    const auto run = [this, reply, then](OrderSearch complete) {
      if (!s_.pool.post([reply, then, complete = std::move(complete)] { then(reply, complete); }))
        reply->respond(too_busy());
    };
    if (q.find('@') != std::string::npos) {
      if (!s_.accounts.find_by_email(std::move(q),
                                     [run, reply, search](Result<std::optional<Account>> account) mutable {
                                       if (!account) return reply->respond(no_accounts());
                                       if (!*account) return reply->respond(json_list({}, {}));
                                       search.buyer = (*account)->id;
                                       run(std::move(search));
                                     }))
        reply->respond(too_busy());
      return;
    }
    const auto user = parse_ulid<UserId>(q);
    search.id_prefix = std::move(q);
    if (!user) return run(std::move(search));
    // A whole id may be an order's or a buyer's.
    if (!s_.accounts.find(*user, [run, reply, search](Result<std::optional<Account>> account) mutable {
          if (!account) return reply->respond(no_accounts());
          if (*account) {
            search.buyer = (*account)->id;
            search.id_prefix.clear();
          }
          run(std::move(search));
        }))
      reply->respond(too_busy());
  }

  ArchivedOrder with_payment(const OrderView& order) const {
    ArchivedOrder out{order, {}};
    if (const auto archived = s_.archive.find(order.id); archived && *archived)
      out.payment_reference = (*archived)->payment_reference;
    return out;
  }

  /// The money first, under the order's own idempotency key; then the ledger takes the units back. A crash
  /// between the two leaves a confirmed order whose refund can be asked for again.
  void give_back(const Reply& reply, AuditEntry entry, const ArchivedOrder& archived) const {
    const OrderView& order = archived.order;
    if (order.status == OrderStatus::refunded) return reply->respond(json_ok(render_archived(archived)));
    RefundRequest request{order.id,
                          archived.payment_reference,
                          order.total(),
                          order.currency,
                          SteadyTime(s_.clock.steady() + kRefundDeadline),
                          to_trace_parent(step_of_trace(trace_of(order.id), order.id, Step::payment, 0))};
    s_.payments.refund(std::move(request), [this, reply, entry = std::move(entry), id = order.id,
                                            reference = archived.payment_reference](const PaymentResult& result) {
      if (result.outcome != PaymentOutcome::approved && result.outcome != PaymentOutcome::not_found)
        return reply->respond(
            error(503, "unavailable", "The payment provider has not given the money back. Please try again."));
      if (!ask(s_.ledger, Refund{id}, [this, reply, entry, id, reference](const Answer& answer) {
            finish(reply, entry, id, reference, answer);
          }))
        reply->respond(too_busy());
    });
  }

  void finish(const Reply& reply, AuditEntry entry, OrderId id, const std::string& reference,
              const Answer& answer) const {
    // invalid_state: perhaps the provider's own notice of this refund was quicker.
    if (!is_success(answer.outcome) && answer.outcome != Outcome::invalid_state) return reply->respond(refusal(answer));
    if (!s_.orders.find(
            id, [this, reply, entry = std::move(entry), reference, answer](std::optional<OrderView> order) mutable {
              if (!order) return reply->respond(order_not_found());
              if (order->status != OrderStatus::refunded) return reply->respond(refusal(answer));
              entry.when = s_.clock.wall();
              static_cast<void>(s_.accounts.append_audit(std::move(entry), [](StoreOutcome) {}));
              reply->respond(json_ok(render_archived({*order, reference})));
            }))
      reply->respond(too_busy());
  }

  ArchiveServices s_;
  std::shared_ptr<std::atomic<int>> exports_ = std::make_shared<std::atomic<int>>(0);
};

}  // namespace

boost::json::object render_archived(const ArchivedOrder& order) {
  boost::json::object out = render_order(order.order);
  out["buyer_id"] = to_string(order.order.buyer);
  if (order.payment_reference.empty())
    out["payment_reference"] = nullptr;
  else
    out["payment_reference"] = order.payment_reference;
  return out;
}

Routes archive_routes(ArchiveServices services) {
  const auto handlers = std::make_shared<const ArchiveHandlers>(services);
  const auto route = [&handlers](Method method, std::string path, std::string operation,
                                 void (ArchiveHandlers::*handle)(Exchange&) const) {
    return Route{method,
                 std::move(path),
                 std::move(operation),
                 Access::admin,
                 "default",
                 Body::none,
                 [handlers, handle](Exchange& x) { (handlers.get()->*handle)(x); },
                 true};
  };
  return {route(Method::get, "/api/admin/orders", "adminListOrders", &ArchiveHandlers::search),
          route(Method::get, "/api/admin/orders.csv", "adminOrdersCsv", &ArchiveHandlers::csv),
          route(Method::get, "/api/admin/orders/{id}", "adminGetOrder", &ArchiveHandlers::get),
          route(Method::post, "/api/admin/orders/{id}/refund", "adminRefundOrder", &ArchiveHandlers::refund)};
}

}  // namespace scalemart
