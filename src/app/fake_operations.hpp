#pragma once
// A shop of one data folder in memory, for tests of the commands.

#include <boost/json/array.hpp>
#include <map>

#include "app/operations.hpp"

namespace scalemart {

/// Says what it was told last.
class FakeQueueOperations final : public QueueOperations {
 public:
  Object shown{{"depth", 1204},
               {"oldest_age_seconds", 12.3},
               {"drain_seconds", 25.0},
               {"paused", false},
               {"away", false},
               {"dead_letters", 2},
               {"stages", boost::json::array()},
               {"workers", boost::json::array()}};
  Object letters{{"letters", boost::json::array()}, {"remaining", 0}};
  Object settled{{"results", boost::json::array()}, {"done", 2}, {"failed", 0}, {"remaining", 0}};
  Object told;  ///< The last command's arguments.

  Done<Object> overview(bool with_history) override {
    told = {{"history", with_history}};
    return shown;
  }
  Done<Object> dead_letters(const Object& filter) override {
    told = filter;
    return letters;
  }
  Done<Object> order(std::string_view id) override {
    told = {{"order_id", id}};
    if (id == "nobody") return Refusal{Refusal::Kind::refused, "order_not_found", "No such order."};
    return Object{{"order", {{"id", id}, {"status", "processing"}}},
                  {"place", {{"where", "leased"}, {"step", "payment"}, {"worker", "night-1"}, {"attempts", 3}}},
                  {"steps", boost::json::array()}};
  }
  Done<Object> settle_dead(bool retry, const Object& choice) override {
    told = choice;
    told["retry"] = retry;
    return settled;
  }
  Done<Object> set_queue_paused(bool paused) override { return told = {{"paused", paused}}; }
  Done<Object> set_concurrency(std::string_view worker, const Concurrency& concurrency) override {
    return told = {{"worker", worker}, {"concurrency", to_text(concurrency)}};
  }
};

class FakeOperations final : public Operations {
 public:
  std::map<std::string, UserSummary> users;
  std::map<std::string, std::string> passwords;
  std::map<std::string, boost::json::object, std::less<>> products;
  std::vector<std::pair<std::string, boost::json::object>> webhook_calls;
  VerifyReport verdict{.ok = true,
                       .drift = 0,
                       .records = 7,
                       .batches = 2,
                       .orders = 3,
                       .products = 1,
                       .head = 7,
                       .head_hash = "ab",
                       .took = std::chrono::milliseconds(5),
                       .problems = {}};

  FakeQueueOperations orders;

  [[nodiscard]] std::string_view carried_out_by() const override { return "folder"; }
  [[nodiscard]] QueueOperations& queue() override { return orders; }
  Done<UserSummary> create_user(const NewUser& user) override {
    if (users.contains(user.email)) return Refusal{Refusal::Kind::refused, "email_taken", "This e-mail is taken."};
    if (user.password.size() < 8) return Refusal{Refusal::Kind::wrong_input, "validation_error", "Too short."};
    passwords[user.email] = user.password;
    return users[user.email] =
               UserSummary{UserId{1, users.size() + 1}, user.email, user.name, user.role, false, {1000}};
  }
  Done<UserPage> list_users(std::size_t limit, std::string_view cursor) override {
    UserPage page;
    for (auto it = cursor.empty() ? users.begin() : users.upper_bound(std::string(cursor)); it != users.end(); ++it) {
      if (page.users.size() == limit) {
        page.next_cursor = page.users.back().email;
        break;
      }
      page.users.push_back(it->second);
    }
    return page;
  }
  Done<void> set_user_disabled(std::string_view email, bool disabled) override {
    const auto found = users.find(std::string(email));
    if (found == users.end()) return Refusal{Refusal::Kind::refused, "not_found", "No such user."};
    found->second.disabled = disabled;
    return {};
  }
  Done<void> set_role(std::string_view email, Role role) override {
    const auto found = users.find(std::string(email));
    if (found == users.end()) return Refusal{Refusal::Kind::refused, "not_found", "No such user."};
    found->second.role = role;
    return {};
  }
  Done<void> set_password(std::string_view email, std::string_view password) override {
    passwords[std::string(email)] = password;
    return {};
  }
  Done<void> seed_users(const SeedUsers& seed, const std::function<bool(std::string_view)>& sink) override {
    for (std::uint64_t i = 0; i < seed.count; ++i) {
      if (!sink("token-" + std::to_string(i))) return Refusal{Refusal::Kind::cannot_run, "", "stopped"};
    }
    return {};
  }
  Done<boost::json::array> list_products() override {
    boost::json::array out;
    for (const auto& [id, product] : products) out.push_back(product);
    return out;
  }
  Done<boost::json::object> get_product(std::string_view id) override {
    const auto found = products.find(id);
    if (found == products.end()) return Refusal{Refusal::Kind::refused, "product_not_found", "No such product."};
    return found->second;
  }
  Done<boost::json::object> create_product(const boost::json::object& product) override {
    return products[std::string(product.at("id").as_string())] = product;
  }
  Done<boost::json::object> change_product(std::string_view id, const boost::json::object& changes) override {
    auto product = get_product(id);
    if (!product) return product;
    for (const auto& [name, value] : changes) (*product)[name] = value;
    return products[std::string(id)] = *product;
  }
  Done<void> remove_product(std::string_view id) override {
    products.erase(std::string(id));
    return {};
  }
  Done<boost::json::object> adjust_stock(std::string_view id, std::int64_t delta, std::string_view reason) override {
    auto product = get_product(id);
    if (!product) return product;
    (*product)["total"] = (*product)["total"].to_number<std::int64_t>() + delta;
    (*product)["reason"] = reason;
    return products[std::string(id)] = *product;
  }
  Done<boost::json::object> set_paused(std::string_view id, bool paused) override {
    return change_product(id, {{"state", paused ? "paused" : "live"}});
  }
  Done<VerifyReport> verify() override { return verdict; }
  Done<BackupReport> backup(const std::filesystem::path& folder) override {
    return BackupReport{folder, 42, 7, std::chrono::milliseconds(3)};
  }
  Done<std::string> rotate_key() override { return std::string("k2"); }
  Done<boost::json::value> webhook(std::string_view verb, const boost::json::object& arguments) override {
    webhook_calls.emplace_back(verb, arguments);
    if (verb == "list" || verb == "deliveries") return boost::json::array{boost::json::object{{"id", "W1"}}};
    if (arguments.contains("id") && arguments.at("id") != "W1")
      return Refusal{Refusal::Kind::refused, "not_found", "there is no such webhook"};
    return boost::json::object{{"id", "W1"}, {"url", "https://a.example/"}, {"state", "enabled"}, {"retried", 2}};
  }
  Done<boost::json::object> stats() override {
    return boost::json::object{
        {"accepted", 3},
        {"orders", {{"pending", 1}, {"confirmed", 2}}},
        {"revenue", {{{"currency", "EUR"}, {"confirmed_minor", 1250}, {"refunded_minor", 0}, {"units", 2}}}},
        {"latency_ms", {{"p99", 1.23456}}},
        {"queue", {{"stages", {{{"stage", "mail"}, {"waiting", 4}}}}}},
        {"drift", 0}};
  }
};

}  // namespace scalemart
