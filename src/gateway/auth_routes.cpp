#include "gateway/auth_routes.hpp"

#include <boost/json/object.hpp>
#include <memory>

#include "auth/email.hpp"
#include "base/check.hpp"
#include "gateway/middleware/stage_guards.hpp"
#include "gateway/session_cookie.hpp"

namespace scalemart {
namespace {

using boost::json::object;

std::string text_of(const object& body, std::string_view name) {
  const auto* value = body.if_contains(name);
  return value == nullptr ? std::string() : std::string(value->as_string());
}

Response refusal(AuthOutcome outcome) {
  switch (outcome) {
    case AuthOutcome::invalid_credentials:
      return error(401, "invalid_credentials", "E-mail address or password is wrong.");
    case AuthOutcome::email_taken:
      return error(409, "email_taken", "There is an account with this e-mail address.");
    case AuthOutcome::invalid_email:
      return validation_error(R"(["body","email"])", "This is not an e-mail address.", "invalid_email");
    case AuthOutcome::invalid_name:
      return validation_error(R"(["body","name"])", "A name has at most 100 characters and no control characters.",
                              "invalid_name");
    case AuthOutcome::password_length:
      return validation_error(R"(["body","password"])", "A password has 8 to 128 characters.", "password_length");
    case AuthOutcome::weak_password:
      return validation_error(R"(["body","password"])", "This password is among the first ones that are tried.",
                              "weak_password");
    case AuthOutcome::invalid_token:
    case AuthOutcome::token_reused:
      return error(401, "invalid_token", "This refresh token is not valid. Please log in again.");
    case AuthOutcome::token_expired:
      return error(401, "token_expired", "This refresh token has expired. Please log in again.");
    case AuthOutcome::not_found:
      return error(404, "not_found", "There is no such account.");
    case AuthOutcome::last_admin:
      return error(409, "invalid_state", "Administrators cannot do this to themselves.");
    case AuthOutcome::overloaded:
      return error(503, "overloaded", "Too many logins at once. Please try again.");
    case AuthOutcome::read_only:
      return error(503, "read_only", "No accounts can be changed at the moment.");
    case AuthOutcome::unavailable:
      return error(503, "unavailable", "The accounts cannot be reached at the moment. Please try again.");
    case AuthOutcome::done:
      break;
  }
  SCALEMART_CHECK(!"a success is no refusal");
  return {};
}

object user_json(const UserView& user) {
  return {{"id", to_string(user.id)}, {"email", user.email}, {"name", user.name}, {"role", to_text(user.role)}};
}

/// Where the refresh token of an answer goes.
struct Delivery {
  TokenKeeper keeper = TokenKeeper::client;
  bool is_secure = false;
  std::chrono::seconds lifetime{};
};

Response session_response(const AuthAnswer& answer, int status, const Delivery& to) {
  const bool by_cookie = to.keeper == TokenKeeper::browser;
  if (answer.outcome != AuthOutcome::done) return refusal(answer.outcome);
  object data{{"user", user_json(answer.user)},
              {"access_token", answer.access_token},
              {"token_type", "bearer"},
              {"expires_in", answer.expires_in.count()}};
  if (!answer.refresh_token.empty() && !by_cookie) data["refresh_token"] = answer.refresh_token;
  Response response = json_ok(data, status);
  if (answer.refresh_token.empty() || !by_cookie) return response;
  return with_refresh_cookie(std::move(response), to.is_secure, answer.refresh_token, to.lifetime);
}

/// A cookie that has become useless is taken back; one that may be good after all stays.
Response refreshed_response(const AuthAnswer& answer, const Delivery& to) {
  Response response = session_response(answer, 200, to);
  if (to.keeper == TokenKeeper::client || response.status != 401) return response;
  return without_refresh_cookie(std::move(response), to.is_secure);
}

/// Sessions answers on another thread: this carries the request's right to answer there.
template <class Render>
AuthDone answer_later(Exchange& x, Render render) {
  return [later = std::make_shared<Later>(x.later()), render](AuthAnswer answer) { later->respond(render(answer)); };
}

Route route(Method method, std::string path, std::string operation, Access access, std::string policy, Body body,
            Handler handler) {
  return Route{method, std::move(path), std::move(operation), access, std::move(policy), body, std::move(handler),
               true};
}

/// Guessing one account's password from many addresses is limited by the account.
std::optional<Response> limit_account(Limiter& limiter, std::string_view email, SteadyTime now) {
  const auto name = normalise_email(email);
  const Decision decision = limiter.take(PolicyId::login, limit_key_of_text(name ? *name : email), now);
  if (decision.allowed) return std::nullopt;
  return rate_limited(limiter, PolicyId::login, decision);
}

/// The handlers, over what they need.
class AuthHandlers {
 public:
  AuthHandlers(Sessions& sessions, Limiter& limiter) : sessions_(sessions), limiter_(limiter) {}

  void register_buyer(Exchange& x) const {
    const auto to = delivery(x);
    if (!to) return;
    const object& body = x.json().as_object();
    Sessions::Registration registration{text_of(body, "email"), text_of(body, "password"), text_of(body, "name")};
    sessions_.register_buyer(std::move(registration), x.client().text(), answer_session(x, 201, *to));
  }

  void login(Exchange& x) const {
    const auto to = delivery(x);
    if (!to) return;
    const object& body = x.json().as_object();
    if (const auto refused = limit_account(limiter_, text_of(body, "email"), x.arrival())) return x.respond(*refused);
    sessions_.login(text_of(body, "email"), text_of(body, "password"), x.client().text(), answer_session(x, 200, *to));
  }

  void refresh(Exchange& x) const {
    const auto to = delivery(x);
    if (!to) return;
    const auto token = to->keeper == TokenKeeper::browser ? token_in_cookie(x) : token_in_body(x);
    if (const auto* refused = std::get_if<Response>(&token)) return x.respond(*refused);
    sessions_.refresh(std::get<std::string>(token), to->keeper, x.client().text(),
                      answer_later(x, [to = *to](const AuthAnswer& answer) { return refreshed_response(answer, to); }));
  }

  void logout(Exchange& x) const {
    const auto to = delivery(x);
    if (!to) return;
    const auto* body = x.json().if_object();
    const auto* everywhere = body == nullptr ? nullptr : body->if_contains("everywhere");
    const Principal who = *x.principal();
    auto answered = answer_later(x, [to = *to](const AuthAnswer& answer) {
      if (answer.outcome != AuthOutcome::done) return refusal(answer.outcome);
      return to.keeper == TokenKeeper::browser ? without_refresh_cookie(no_content(), to.is_secure) : no_content();
    });
    if (everywhere != nullptr && everywhere->as_bool())
      return sessions_.logout_everywhere(who, x.client().text(), std::move(answered));
    sessions_.logout(who, x.client().text(), std::move(answered));
  }

  void change_password(Exchange& x) const {
    const auto to = delivery(x);  // The login's refresh token stays what it is, in the cookie or elsewhere.
    if (!to) return;
    const object& body = x.json().as_object();
    sessions_.change_password(*x.principal(), text_of(body, "current_password"), text_of(body, "new_password"),
                              x.client().text(), answer_session(x, 200, *to));
  }

  void me(Exchange& x) const {
    sessions_.me(x.principal()->user, answer_later(x, [](const AuthAnswer& answer) {
                   return answer.outcome == AuthOutcome::done ? json_ok(user_json(answer.user))
                                                              : refusal(answer.outcome);
                 }));
  }

 private:
  using Token = std::variant<std::string, Response>;

  /// Nothing: the request was refused.
  std::optional<Delivery> delivery(Exchange& x) const {
    const auto keeper = token_keeper(x);
    if (const auto* known = std::get_if<TokenKeeper>(&keeper))
      return Delivery{*known, x.is_secure(), sessions_.refresh_lifetime()};
    x.respond(std::get<Response>(keeper));
    return std::nullopt;
  }

  static AuthDone answer_session(Exchange& x, int status, const Delivery& to) {
    return answer_later(x, [status, to](const AuthAnswer& answer) { return session_response(answer, status, to); });
  }

  static Token token_in_body(const Exchange& x) {
    const object& body = x.json().as_object();
    if (body.contains("refresh_token")) return text_of(body, "refresh_token");
    return validation_error(R"(["body","refresh_token"])", "This field is required.", "missing");
  }

  static Token token_in_cookie(const Exchange& x) {
    if (x.json().as_object().contains("refresh_token"))
      return validation_error(R"(["body","refresh_token"])", "With X-Session: cookie the token is in the cookie.",
                              "extra_forbidden");
    const auto token = refresh_cookie(x);
    if (token) return std::string(*token);
    return error(401, "not_authenticated", "Please log in.");
  }

  Sessions& sessions_;
  Limiter& limiter_;
};

}  // namespace

Routes auth_routes(Sessions& sessions, Limiter& limiter) {
  const AuthHandlers handlers(sessions, limiter);
  const auto to = [&handlers](void (AuthHandlers::*handler)(Exchange&) const) {
    return [handlers, handler](Exchange& x) { (handlers.*handler)(x); };
  };
  Routes routes;
  routes.push_back(route(Method::post, "/api/auth/register", "register", Access::open, "register", Body::json,
                         to(&AuthHandlers::register_buyer)));
  routes.push_back(
      route(Method::post, "/api/auth/login", "login", Access::open, "login", Body::json, to(&AuthHandlers::login)));
  // A token cannot be guessed, and every page that is loaded refreshes: not limited as guesses of passwords are.
  routes.push_back(route(Method::post, "/api/auth/refresh", "refresh", Access::open, "default", Body::json,
                         to(&AuthHandlers::refresh)));
  routes.push_back(route(Method::post, "/api/auth/logout", "logout", Access::buyer, "default", Body::json,
                         to(&AuthHandlers::logout)));
  routes.push_back(route(Method::post, "/api/auth/password", "changePassword", Access::buyer, "login", Body::json,
                         to(&AuthHandlers::change_password)));
  routes.push_back(
      route(Method::get, "/api/auth/me", "me", Access::buyer, "default", Body::none, to(&AuthHandlers::me)));
  return routes;
}

}  // namespace scalemart
