#include "app/engine_operations.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>

#include "app/operations_json.hpp"
#include "auth/email.hpp"
#include "base/await.hpp"
#include "flow/ask.hpp"
#include "gateway/product_json.hpp"
#include "gateway/render.hpp"

namespace scalemart {
namespace {

constexpr std::uint64_t kSeedPortion = 10'000;

Refusal busy() {
  return {Refusal::Kind::cannot_run, "overloaded", "too many requests at once, please try again"};
}

Refusal refusal_of(AuthOutcome outcome) {
  using Kind = Refusal::Kind;
  const std::string code(to_text(outcome));
  switch (outcome) {
    case AuthOutcome::email_taken:
      return {Kind::refused, code, "there is an account with this e-mail address"};
    case AuthOutcome::invalid_email:
      return {Kind::wrong_input, code, "this is not an e-mail address"};
    case AuthOutcome::invalid_name:
      return {Kind::wrong_input, code, "a name has at most 100 characters and no control characters"};
    case AuthOutcome::password_length:
      return {Kind::wrong_input, code, "a password has 8 to 128 characters"};
    case AuthOutcome::weak_password:
      return {Kind::wrong_input, code, "this password is among the first ones that are tried"};
    case AuthOutcome::not_found:
      return {Kind::refused, code, "there is no such account"};
    case AuthOutcome::read_only:
      return {Kind::cannot_run, code, "the disk is full"};
    default:
      return {Kind::cannot_run, code, "the account store does not answer"};
  }
}

Refusal refusal_of(Outcome outcome) {
  const Refused row = refused(outcome);
  return {row.status == 503 ? Refusal::Kind::cannot_run : Refusal::Kind::refused, std::string(row.code),
          std::string(row.detail)};
}

/// The sentence of a 422, from its JSON.
Refusal wrong_input(const Response& response) {
  return refusal_from_answer(response.status, "{" + response.body + "}");
}

UserSummary summary_of(const Account& account) {
  return {account.id, account.email, account.name, account.role, account.disabled, account.created};
}

}  // namespace

Done<UserSummary> EngineOperations::create_user(const NewUser& user) {
  const AuthAnswer made = identity_.sessions().create_user_now({user.email, user.password, user.name}, user.role);
  if (made.outcome != AuthOutcome::done) return refusal_of(made.outcome);
  return UserSummary{made.user.id, made.user.email, made.user.name, made.user.role, false, clock_.wall()};
}

Done<Account> EngineOperations::account_of(std::string_view email) {
  const auto normal = normalise_email(email);
  if (!normal) return refusal_of(AuthOutcome::invalid_email);
  const auto found = await<Result<std::optional<Account>>>(
      [&](auto done) { return identity_.accounts().find_by_email(*normal, std::move(done)); });
  if (!found) return busy();
  if (!*found) return refusal_of(AuthOutcome::unavailable);
  const std::optional<Account>& account = **found;
  if (!account) return refusal_of(AuthOutcome::not_found);
  return *account;
}

Done<UserPage> EngineOperations::list_users(std::size_t limit, std::string_view cursor) {
  UserId after;
  if (!cursor.empty()) {
    const auto id = parse_ulid<UserId>(cursor);
    if (!id) return Refusal{Refusal::Kind::wrong_input, "validation_error", "this is no cursor of this list"};
    after = *id;
  }
  limit = std::clamp<std::size_t>(limit, 1, 1000);
  const auto listed = await<Result<std::vector<Account>>>(
      [&](auto done) { return identity_.accounts().list(after, limit, std::move(done)); });
  if (!listed) return busy();
  const Result<std::vector<Account>>& page = *listed;
  if (!page) return refusal_of(AuthOutcome::unavailable);
  UserPage out;
  for (const Account& account : *page) out.users.push_back(summary_of(account));
  if (page->size() == limit) out.next_cursor = to_string(page->back().id);
  return out;
}

Done<void> EngineOperations::change_account(std::string_view email,
                                            const std::function<void(Sessions&, UserId, AuthDone)>& change) {
  const auto account = account_of(email);
  if (!account) return account.error();
  const auto answer = await<AuthAnswer>([&](auto done) {
    change(identity_.sessions(), account->id, std::move(done));
    return true;
  });
  if (answer->outcome != AuthOutcome::done) return refusal_of(answer->outcome);
  return {};
}

Done<void> EngineOperations::set_user_disabled(std::string_view email, bool disabled) {
  return change_account(email, [disabled](Sessions& sessions, UserId user, auto done) {
    sessions.set_disabled(Principal{}, user, disabled, "local", std::move(done));
  });
}

Done<void> EngineOperations::set_role(std::string_view email, Role role) {
  return change_account(email, [role](Sessions& sessions, UserId user, auto done) {
    sessions.set_role(Principal{}, user, role, "local", std::move(done));
  });
}

Done<void> EngineOperations::set_password(std::string_view email, std::string_view password) {
  const auto account = account_of(email);
  if (!account) return account.error();
  const AuthOutcome outcome = identity_.sessions().set_password_now(account->id, std::string(password));
  if (outcome != AuthOutcome::done) return refusal_of(outcome);
  return {};
}

Done<void> EngineOperations::seed_users(const SeedUsers& seed,
                                        const std::function<bool(std::string_view token)>& sink) {
  bool wanted = true;
  for (std::uint64_t made = 0; made < seed.count && wanted;) {
    const auto portion = static_cast<std::uint32_t>(std::min(seed.count - made, kSeedPortion));
    const auto seeded = identity_.sessions().seed_buyers(
        portion, seed.ttl, [&](UserId, std::string_view token) { wanted = wanted && sink(token); });
    if (!seeded) return Refusal{Refusal::Kind::cannot_run, "", seeded.error().message};
    made += portion;
  }
  audit("users_seeded", "users", "{\"count\":" + std::to_string(seed.count) + "}");
  if (!wanted) return Refusal{Refusal::Kind::cannot_run, "", "the tokens could not be written"};
  return {};
}

Done<boost::json::array> EngineOperations::list_products() {
  boost::json::array data;
  for (const auto offers = engine_.catalogue().current(); const Offer& offer : offers->all())
    if (!offer.removed) data.push_back(render_product(offer, offer.live->read().stock, engine_.clock().now()));
  return data;
}

Done<boost::json::object> EngineOperations::product(std::string_view id) {
  const auto offers = engine_.catalogue().current();
  const Offer* offer = offers->find(id);
  if (offer == nullptr || offer->removed) return refusal_of(Outcome::product_not_found);
  return render_product(*offer, offer->live->read().stock, engine_.clock().now());
}
Done<boost::json::object> EngineOperations::get_product(std::string_view id) {
  return product(id);
}

Done<ProductRef> EngineOperations::ref_of(std::string_view id) {
  const auto offers = engine_.catalogue().current();
  const Offer* offer = offers->find(id);
  if (offer == nullptr || offer->removed) return refusal_of(Outcome::product_not_found);
  return offer->ref;
}

Done<boost::json::object> EngineOperations::checked(std::string_view operation, const boost::json::object& body) {
  const auto index = document_.find(operation);
  auto result = document_.check_body(*index, "application/json", boost::json::serialize(body), {});
  if (const auto* refused = std::get_if<Response>(&result)) return wrong_input(*refused);
  return std::get<boost::json::value>(std::move(result)).as_object();
}

Done<boost::json::object> EngineOperations::change(std::string_view id, Command command, std::string what,
                                                   std::string after) {
  const auto answer = await<Answer>(
      [&](auto done) { return ask(engine_.ledger(), std::move(command), [done](const Answer& a) { done(a); }); });
  if (!answer) return busy();
  if (!is_success(answer->outcome)) return refusal_of(answer->outcome);
  audit(std::move(what), std::string(id), std::move(after));
  return product(id);
}

Done<boost::json::object> EngineOperations::create_product(const boost::json::object& body) {
  const auto valid = checked("adminCreateProduct", body);
  if (!valid) return valid.error();
  auto read = read_new_product(*valid);
  if (const auto* refused = std::get_if<Response>(&read)) return wrong_input(*refused);
  auto& product = std::get<NewProduct>(read);
  const auto spec = std::make_shared<const ProductSpec>(std::move(product.spec));
  return change(spec->id, CreateProduct{spec, product.total}, "product_created", boost::json::serialize(body));
}

Done<boost::json::object> EngineOperations::change_product(std::string_view id, const boost::json::object& changes) {
  const auto valid = checked("adminChangeProduct", changes);
  if (!valid) return valid.error();
  const auto offers = engine_.catalogue().current();
  const Offer* offer = offers->find(id);
  if (offer == nullptr || offer->removed) return refusal_of(Outcome::product_not_found);
  auto read = read_changes(*offer->spec, *valid);
  if (const auto* refused = std::get_if<Response>(&read)) return wrong_input(*refused);
  const auto spec = std::make_shared<const ProductSpec>(std::move(std::get<ProductSpec>(read)));
  return change(id, ChangeProduct{offer->ref, spec}, "product_changed", boost::json::serialize(changes));
}

Done<void> EngineOperations::remove_product(std::string_view id) {
  const auto ref = ref_of(id);
  if (!ref) return ref.error();
  const auto done = change(id, RemoveProduct{*ref}, "product_removed", {});
  if (!done && done.error().code != "product_not_found") return done.error();  // gone is what was asked for
  return {};
}

Done<boost::json::object> EngineOperations::adjust_stock(std::string_view id, std::int64_t delta,
                                                         std::string_view reason) {
  const boost::json::object body{{"delta", delta}, {"reason", reason}};
  if (const auto valid = checked("adminAdjustStock", body); !valid) return valid.error();
  const auto ref = ref_of(id);
  if (!ref) return ref.error();
  return change(id, AdjustStock{*ref, delta, std::string(reason)}, "stock_adjusted", boost::json::serialize(body));
}

Done<boost::json::object> EngineOperations::set_paused(std::string_view id, bool paused) {
  const auto ref = ref_of(id);
  if (!ref) return ref.error();
  return change(id, SetPaused{*ref, paused}, paused ? "product_paused" : "product_resumed", {});
}

Done<VerifyReport> EngineOperations::verify() {
  const SteadyTime begin = clock_.steady();
  auto report = shop_.verify();
  if (!report) return report.error();
  const auto trail =
      await<Result<AuditCheck>>([&](auto done) { return identity_.accounts().check_audit(std::move(done)); });
  if (!trail) return busy();
  if (!*trail) return Refusal{Refusal::Kind::cannot_run, "unavailable", trail->error().message};
  if ((*trail)->first_bad != 0) {
    report->problems.push_back("the audit trail was changed at row " + std::to_string((*trail)->first_bad));
    report->ok = false;
  }
  report->took = std::chrono::duration_cast<std::chrono::milliseconds>(clock_.steady() - begin);
  return report;
}

Done<BackupReport> EngineOperations::backup(const std::filesystem::path& folder) {
  audit("backup_made", folder.string(), {});
  return shop_.backup(folder);
}

Done<std::string> EngineOperations::rotate_key() {
  SecureRandom random;
  if (const auto rotated = identity_.keys().rotate(random); !rotated)
    return Refusal{Refusal::Kind::refused, "invalid_state", rotated.error().message};
  audit("key_rotated", "token_key", {});
  return identity_.keys().get()->current.kid;
}

void EngineOperations::audit(std::string what, std::string target, std::string after) {
  AuditEntry entry;
  entry.who = "operator";
  entry.what = std::move(what);
  entry.target = std::move(target);
  entry.when = clock_.wall();
  entry.from = "local";
  entry.after = std::move(after);
  static_cast<void>(identity_.accounts().append_audit(std::move(entry), [](StoreOutcome) {}));
}

}  // namespace scalemart
