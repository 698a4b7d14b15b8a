#include "app/control_requests.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <stdexcept>

#include "app/operations_json.hpp"

namespace scalemart {
namespace {

namespace json = boost::json;

/// What a request lacks or has wrong; becomes a 422.
struct WrongInput : std::runtime_error {
  using std::runtime_error::runtime_error;
};

ControlAnswer success(const json::value& data) {
  return {200, json::serialize(json::object{{"status", "success"}, {"data", data}})};
}

ControlAnswer failure(const Refusal& refusal) {
  int status = 503;
  if (refusal.kind == Refusal::Kind::wrong_input) status = 422;
  if (refusal.kind == Refusal::Kind::refused) status = refusal.code.ends_with("not_found") ? 404 : 409;
  return {status, json::serialize(json::object{{"detail", refusal.message}, {"code", refusal.code}})};
}

template <class T, class Render>
ControlAnswer answer(const Done<T>& done, Render render) {
  return done ? success(render(*done)) : failure(done.error());
}
ControlAnswer answer(const Done<json::object>& done) {
  return done ? success(*done) : failure(done.error());
}
ControlAnswer answer(const Done<void>& done) {
  return done ? ControlAnswer{204, {}} : failure(done.error());
}

/// A body's members, with errors that name them.
class Body {
 public:
  explicit Body(const std::string& text) {
    boost::system::error_code failed;
    auto value = json::parse(text, failed);
    if (failed || !value.is_object()) throw WrongInput("the body must be a JSON object");
    object_ = std::move(value.as_object());
  }
  [[nodiscard]] std::string text(std::string_view name, bool required = true) const {
    const auto* value = object_.if_contains(name);
    if (value == nullptr && !required) return {};
    if (value == nullptr || !value->is_string()) throw WrongInput("body." + std::string(name) + ": must be a text");
    return std::string(value->as_string());
  }
  [[nodiscard]] std::int64_t number(std::string_view name) const {
    const auto* value = object_.if_contains(name);
    if (value == nullptr || !value->is_int64()) throw WrongInput("body." + std::string(name) + ": must be an integer");
    return value->as_int64();
  }
  [[nodiscard]] const json::object& object() const { return object_; }

 private:
  json::object object_;
};

/// "limit" of "/x?limit=5&cursor=y"; empty: not there.
std::string query(std::string_view target, std::string_view name) {
  const auto question = target.find('?');
  if (question == std::string_view::npos) return {};
  std::string_view rest = target.substr(question + 1);
  while (!rest.empty()) {
    const auto end = rest.find('&');
    const std::string_view pair = rest.substr(0, end);
    if (pair.starts_with(name) && pair.size() > name.size() && pair[name.size()] == '=')
      return std::string(pair.substr(name.size() + 1));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return {};
}

ControlAnswer users(Operations& operations, const ControlRequest& request, std::string_view rest) {
  if (request.method == "GET" && rest.empty()) {
    std::size_t limit = 100;
    const std::string text = query(request.target, "limit");
    std::from_chars(text.data(), text.data() + text.size(), limit);
    const auto page = operations.list_users(limit, query(request.target, "cursor"));
    if (!page) return failure(page.error());
    json::array data;
    for (const UserSummary& user : page->users) data.push_back(to_json(user));
    json::object body{{"status", "success"}, {"data", std::move(data)}};
    body["next_cursor"] = page->next_cursor ? json::value(*page->next_cursor) : json::value(nullptr);
    return {200, json::serialize(body)};
  }
  const Body body(request.body);
  const auto role_of = [&body](bool required) {
    const std::string text = body.text("role", required);
    const auto role = parse_role(text.empty() && !required ? "buyer" : text);
    if (!role) throw WrongInput("body.role: must be buyer or admin");
    return *role;
  };
  if (rest.empty()) {
    return answer(
        operations.create_user({body.text("email"), body.text("password"), body.text("name", false), role_of(false)}),
        [](const UserSummary& user) { return json::value(to_json(user)); });
  }
  if (rest == "/disable" || rest == "/enable")
    return answer(operations.set_user_disabled(body.text("email"), rest == "/disable"));
  if (rest == "/role") return answer(operations.set_role(body.text("email"), role_of(true)));
  if (rest == "/password") return answer(operations.set_password(body.text("email"), body.text("password")));
  return failure({Refusal::Kind::refused, "not_found", "there is no such control route"});
}

ControlAnswer products(Operations& operations, const ControlRequest& request, std::string_view rest) {
  if (rest.empty()) {
    if (request.method == "GET")
      return answer(operations.list_products(), [](const json::array& list) { return json::value(list); });
    return answer(operations.create_product(Body(request.body).object()));
  }
  rest.remove_prefix(1);
  const auto slash = rest.find('/');
  const std::string_view id = rest.substr(0, slash);
  const std::string_view verb = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
  if (verb == "pause" || verb == "resume") return answer(operations.set_paused(id, verb == "pause"));
  if (verb == "stock") {
    const Body body(request.body);
    return answer(operations.adjust_stock(id, body.number("delta"), body.text("reason")));
  }
  if (request.method == "PATCH") return answer(operations.change_product(id, Body(request.body).object()));
  if (request.method == "DELETE") return answer(operations.remove_product(id));
  return answer(operations.get_product(id));
}

Concurrency concurrency_of(const Body& body) {
  const auto number = [&](std::string_view name) {
    const std::int64_t value = body.number(name);
    if (value < 1 || value > kConcurrencyMax) throw WrongInput("body." + std::string(name) + ": 1 to 100000");
    return static_cast<std::uint32_t>(value);
  };
  if (body.object().contains("concurrency")) return {number("concurrency")};
  return {number("min"), number("max")};
}

ControlAnswer queue(QueueOperations& operations, const ControlRequest& request, std::string_view rest) {
  if (rest.empty()) return answer(operations.overview(!query(request.target, "history").empty()));
  if (rest == "/pause" || rest == "/resume") return answer(operations.set_queue_paused(rest == "/pause"));
  const Body body(request.body);
  if (rest == "/dead") return answer(operations.dead_letters(body.object()));
  if (rest == "/order") return answer(operations.order(body.text("order_id")));
  if (rest == "/dead/retry" || rest == "/dead/discard")
    return answer(operations.settle_dead(rest == "/dead/retry", body.object()));
  if (rest == "/worker") return answer(operations.set_concurrency(body.text("worker"), concurrency_of(body)));
  return failure({Refusal::Kind::refused, "not_found", "there is no such control route"});
}

ControlAnswer route(Operations& operations, const ControlRequest& request) {
  const std::string_view path = std::string_view(request.target).substr(0, request.target.find('?'));
  if (path.starts_with("/control/users")) return users(operations, request, path.substr(14));
  if (path.starts_with("/control/products")) return products(operations, request, path.substr(17));
  if (path.starts_with("/control/queue")) return queue(operations.queue(), request, path.substr(14));
  if (path == "/control/verify")
    return answer(operations.verify(), [](const VerifyReport& report) { return json::value(to_json(report)); });
  if (path == "/control/backup")
    return answer(operations.backup(Body(request.body).text("folder")),
                  [](const BackupReport& report) { return json::value(to_json(report)); });
  if (path == "/control/keys/rotate")
    return answer(operations.rotate_key(), [](const std::string& kid) {
      return json::value(json::object{{"kid", kid}});
    });
  if (path.starts_with("/control/webhooks/"))
    return answer(operations.webhook(path.substr(18), Body(request.body).object()),
                  [](const json::value& data) { return data; });
  if (path == "/control/stats") return answer(operations.stats());
  return failure({Refusal::Kind::refused, "not_found", "there is no such control route"});
}

}  // namespace

std::optional<SeedUsers> seed_request(const ControlRequest& request) {
  if (request.method != "POST" || request.target != "/control/users/seed") return std::nullopt;
  try {
    const Body body(request.body);
    const std::int64_t count = body.number("count");
    const std::int64_t ttl = body.number("ttl_seconds");
    if (count < 1 || ttl < 1) return std::nullopt;
    return SeedUsers{static_cast<std::uint64_t>(count), std::chrono::seconds(ttl)};
  } catch (const WrongInput&) {
    return std::nullopt;
  }
}

ControlAnswer carry_out(Operations& operations, const ControlRequest& request) {
  try {
    return route(operations, request);
  } catch (const WrongInput& wrong) {
    return failure({Refusal::Kind::wrong_input, "validation_error", wrong.what()});
  }
}

}  // namespace scalemart
