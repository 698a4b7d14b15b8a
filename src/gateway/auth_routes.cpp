#include "gateway/auth_routes.hpp"

#include <boost/json/object.hpp>
#include <memory>

#include "auth/email.hpp"
#include "base/check.hpp"
#include "gateway/middleware/stage_guards.hpp"

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

Response session_response(const AuthAnswer& answer, int status) {
  if (answer.outcome != AuthOutcome::done) return refusal(answer.outcome);
  object data{{"user", user_json(answer.user)},
              {"access_token", answer.access_token},
              {"token_type", "bearer"},
              {"expires_in", answer.expires_in.count()}};
  if (!answer.refresh_token.empty()) data["refresh_token"] = answer.refresh_token;
  return json_ok(data, status);
}

/// Sessions answers on another thread: this carries the request's right to answer there.
template <class Render>
AuthDone answer_later(Exchange& x, Render render) {
  return [later = std::make_shared<Later>(x.later()), render](AuthAnswer answer) { later->respond(render(answer)); };
}

AuthDone answer_session(Exchange& x, int status) {
  return answer_later(x, [status](const AuthAnswer& answer) { return session_response(answer, status); });
}

AuthDone answer_nothing(Exchange& x) {
  return answer_later(x, [](const AuthAnswer& answer) {
    return answer.outcome == AuthOutcome::done ? no_content() : refusal(answer.outcome);
  });
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

void logout(Sessions& sessions, Exchange& x) {
  const auto* body = x.json().if_object();
  const auto* everywhere = body == nullptr ? nullptr : body->if_contains("everywhere");
  const Principal who = *x.principal();
  const std::string from = x.client().text();
  if (everywhere != nullptr && everywhere->as_bool()) return sessions.logout_everywhere(who, from, answer_nothing(x));
  sessions.logout(who, from, answer_nothing(x));
}

}  // namespace

Routes auth_routes(Sessions& sessions, Limiter& limiter) {
  Routes routes;
  routes.push_back(route(
      Method::post, "/api/auth/register", "register", Access::open, "register", Body::json, [&sessions](Exchange& x) {
        const object& body = x.json().as_object();
        Sessions::Registration registration{text_of(body, "email"), text_of(body, "password"), text_of(body, "name")};
        sessions.register_buyer(std::move(registration), x.client().text(), answer_session(x, 201));
      }));
  routes.push_back(route(
      Method::post, "/api/auth/login", "login", Access::open, "login", Body::json, [&sessions, &limiter](Exchange& x) {
        const object& body = x.json().as_object();
        if (const auto refused = limit_account(limiter, text_of(body, "email"), x.arrival()))
          return x.respond(*refused);
        sessions.login(text_of(body, "email"), text_of(body, "password"), x.client().text(), answer_session(x, 200));
      }));
  routes.push_back(
      route(Method::post, "/api/auth/refresh", "refresh", Access::open, "login", Body::json, [&sessions](Exchange& x) {
        const std::string token = text_of(x.json().as_object(), "refresh_token");
        sessions.refresh(token, x.client().text(), answer_session(x, 200));
      }));
  routes.push_back(route(Method::post, "/api/auth/logout", "logout", Access::buyer, "default", Body::json,
                         [&sessions](Exchange& x) { logout(sessions, x); }));
  routes.push_back(route(Method::post, "/api/auth/password", "changePassword", Access::buyer, "login", Body::json,
                         [&sessions](Exchange& x) {
                           const object& body = x.json().as_object();
                           sessions.change_password(*x.principal(), text_of(body, "current_password"),
                                                    text_of(body, "new_password"), x.client().text(),
                                                    answer_session(x, 200));
                         }));
  routes.push_back(
      route(Method::get, "/api/auth/me", "me", Access::buyer, "default", Body::none, [&sessions](Exchange& x) {
        sessions.me(x.principal()->user, answer_later(x, [](const AuthAnswer& answer) {
                      return answer.outcome == AuthOutcome::done ? json_ok(user_json(answer.user))
                                                                 : refusal(answer.outcome);
                    }));
      }));
  return routes;
}

}  // namespace scalemart
