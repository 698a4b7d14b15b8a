#include "gateway/product_routes.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <memory>

#include "flow/ask.hpp"
#include "gateway/product_json.hpp"
#include "gateway/render.hpp"

namespace scalemart {
namespace {

class ProductHandlers {
 public:
  explicit ProductHandlers(ProductServices services) : s_(services) {}

  void list(Exchange& x) const {
    const auto offers = s_.catalogue.current();
    boost::json::array data;
    for (const Offer& offer : offers->all())
      if (!offer.removed) data.push_back(render(offer));
    answer(x, json_list(data, {}));
  }

  void get(Exchange& x) const {
    const auto offers = s_.catalogue.current();
    const Offer* offer = present(*offers, x);
    if (offer != nullptr) answer(x, json_ok(render(*offer)));
  }

  void create(Exchange& x) const {
    auto read = read_new_product(x.json().as_object());
    if (auto* refused = std::get_if<Response>(&read)) return x.respond(*refused);
    auto& product = std::get<NewProduct>(read);
    auto spec = std::make_shared<const ProductSpec>(std::move(product.spec));
    const std::string after = boost::json::serialize(x.json());
    submit(x, CreateProduct{spec, product.total}, {"product_created", spec->id, {}, after}, 201);
  }

  void change(Exchange& x) const {
    const auto offers = s_.catalogue.current();
    const Offer* offer = present(*offers, x);
    if (offer == nullptr) return;
    auto read = read_changes(*offer->spec, x.json().as_object());
    if (auto* refused = std::get_if<Response>(&read)) return x.respond(*refused);
    auto spec = std::make_shared<const ProductSpec>(std::move(std::get<ProductSpec>(read)));
    const boost::json::object shown = render(*offer);
    boost::json::object before;  // of what is changed; stock that moves meanwhile is none of it
    for (const auto& member : x.json().as_object()) before[member.key()] = shown.at(member.key());
    submit(x, ChangeProduct{offer->ref, spec},
           {"product_changed", spec->id, boost::json::serialize(before), boost::json::serialize(x.json())});
  }

  void remove(Exchange& x) const {
    const auto offers = s_.catalogue.current();
    const Offer* offer = present(*offers, x);
    if (offer == nullptr) return;
    submit(x, RemoveProduct{offer->ref},
           {"product_removed", offer->spec->id, boost::json::serialize(render(*offer)), {}}, 204);
  }

  void adjust_stock(Exchange& x) const {
    const auto offers = s_.catalogue.current();
    const Offer* offer = present(*offers, x);
    if (offer == nullptr) return;
    const auto& body = x.json().as_object();
    AdjustStock command{offer->ref, body.at("delta").to_number<std::int64_t>(),
                        std::string(body.at("reason").as_string())};
    const std::int64_t total = offer->live->read().stock.total;
    const boost::json::object before{{"total", total}};
    const boost::json::object after{
        {"total", total + command.delta}, {"delta", command.delta}, {"reason", command.reason}};
    submit(x, std::move(command),
           {"stock_adjusted", offer->spec->id, boost::json::serialize(before), boost::json::serialize(after)});
  }

  void set_paused(Exchange& x, bool paused) const {
    const auto offers = s_.catalogue.current();
    const Offer* offer = present(*offers, x);
    if (offer == nullptr) return;
    const auto text = [](bool value) { return boost::json::serialize(boost::json::object{{"paused", value}}); };
    submit(x, SetPaused{offer->ref, paused},
           {paused ? "product_paused" : "product_resumed", offer->spec->id, text(offer->paused), text(paused)});
  }
  void pause(Exchange& x) const { set_paused(x, true); }
  void resume(Exchange& x) const { set_paused(x, false); }

 private:
  struct Audited {
    std::string what, target, before, after;
  };

  boost::json::object render(const Offer& offer) const {
    return render_product(offer, offer.live->read().stock, s_.clock.now());
  }

  void answer(Exchange& x, Response response) const {
    response.headers += server_time_line(s_.clock.now());
    x.respond(response);
  }

  static const Offer* present(const Offers& offers, Exchange& x) {
    const Offer* offer = offers.find(x.path_parameter(0));
    if (offer != nullptr && !offer->removed) return offer;
    x.respond(product_not_found());
    return nullptr;
  }

  /// Asks the ledger, writes the audit trail (also when the caller has gone), and answers with the product.
  void submit(Exchange& x, Command command, Audited audited, int status = 200) const {
    AuditEntry entry;
    entry.who = to_string(x.principal()->user);
    entry.what = std::move(audited.what);
    entry.target = std::move(audited.target);
    entry.from = x.client().text();
    entry.before = std::move(audited.before);
    entry.after = std::move(audited.after);
    const auto reply = std::make_shared<Later>(x.later());
    const bool taken =
        ask(s_.ledger, std::move(command), [this, reply, status, entry = std::move(entry)](const Answer& answer) {
          reply->respond(is_success(answer.outcome) ? done(entry, status) : refusal(answer));
        });
    if (!taken) reply->respond(too_busy());
  }

  Response done(AuditEntry entry, int status) const {
    const std::string id = entry.target;
    entry.when = s_.clock.now();
    // The ledger's record is the truth of what happened; the trail adds who and from where.
    static_cast<void>(s_.accounts.append_audit(std::move(entry), [](StoreOutcome) {}));
    if (status == 204) return no_content();
    const auto offers = s_.catalogue.current();
    const Offer* offer = offers->find(id);
    if (offer == nullptr) return product_not_found();
    Response response = json_ok(render(*offer), status);
    if (status == 201) response.add_header("Location", "/api/products/" + id);
    return response;
  }

  ProductServices s_;
};

}  // namespace

Routes product_routes(ProductServices services) {
  const auto handlers = std::make_shared<const ProductHandlers>(services);
  const auto route = [&handlers](Method method, std::string path, std::string operation, Access access, Body body,
                                 void (ProductHandlers::*handle)(Exchange&) const) {
    return Route{method,
                 std::move(path),
                 std::move(operation),
                 access,
                 "default",
                 body,
                 [handlers, handle](Exchange& x) { (handlers.get()->*handle)(x); },
                 true};
  };
  using H = ProductHandlers;
  return {
      route(Method::get, "/api/products", "listProducts", Access::open, Body::none, &H::list),
      route(Method::get, "/api/products/{id}", "getProduct", Access::open, Body::none, &H::get),
      route(Method::get, "/api/admin/products", "adminListProducts", Access::admin, Body::none, &H::list),
      route(Method::post, "/api/admin/products", "adminCreateProduct", Access::admin, Body::json, &H::create),
      route(Method::get, "/api/admin/products/{id}", "adminGetProduct", Access::admin, Body::none, &H::get),
      route(Method::patch, "/api/admin/products/{id}", "adminChangeProduct", Access::admin, Body::json, &H::change),
      route(Method::delete_, "/api/admin/products/{id}", "adminRemoveProduct", Access::admin, Body::none, &H::remove),
      route(Method::post, "/api/admin/products/{id}/stock", "adminAdjustStock", Access::admin, Body::json,
            &H::adjust_stock),
      route(Method::post, "/api/admin/products/{id}/pause", "adminPauseProduct", Access::admin, Body::none, &H::pause),
      route(Method::post, "/api/admin/products/{id}/resume", "adminResumeProduct", Access::admin, Body::none,
            &H::resume),
  };
}

}  // namespace scalemart
