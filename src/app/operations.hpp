#pragma once
// What an operator can do to a shop from the command line, whoever carries it out: the running server, over
// the socket in its data folder (HttpOperations), or this process on the same folder (LocalOperations).

#include <boost/json/object.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/queue_operations.hpp"
#include "app/refusal.hpp"
#include "base/clock.hpp"
#include "domain/ids.hpp"
#include "domain/principal.hpp"

namespace scalemart {

struct Config;

struct NewUser {
  std::string email;
  std::string password;
  std::string name;
  Role role = Role::buyer;
};

struct UserSummary {
  UserId id;
  std::string email;
  std::string name;
  Role role = Role::buyer;
  bool disabled = false;
  WallTime created_at;
};

struct UserPage {
  std::vector<UserSummary> users;
  std::optional<std::string> next_cursor;
};

struct SeedUsers {
  std::uint64_t count = 0;
  std::chrono::seconds ttl{24 * 3600};  ///< How long their access tokens are good for.
};

/// What `scalemart verify` found. ok == problems.empty() && drift == 0.
struct VerifyReport {
  bool ok = false;
  std::int64_t drift = 0;  ///< Units by which stock differs from what the records say.
  std::uint64_t records = 0;
  std::uint64_t batches = 0;
  std::uint64_t orders = 0;
  std::uint64_t products = 0;
  Sequence head = 0;
  std::string head_hash;  ///< Hex.
  std::chrono::milliseconds took{0};
  std::vector<std::string> problems;  ///< At most 100, one sentence each.
  /// A shared shop has none: no records by number, no batches, no head.
  [[nodiscard]] bool has_journal() const { return !head_hash.empty(); }
};

struct BackupReport {
  std::filesystem::path folder;
  std::uint64_t bytes = 0;
  Sequence head = 0;
  std::chrono::milliseconds took{0};
};

/// Purpose: the operator's verbs. Products are the JSON objects of the admin API (contract section 2), so
/// that one document describes both.
/// Concurrency: one caller at a time; every call blocks until it is done and durable.
/// The server's side of each call is the route named beside it, on the control socket, with the API's
/// envelopes ({"status":"success","data":...} or {"detail","code"}).
class Operations {
 public:
  virtual ~Operations() = default;

  /// "server" or "folder": who carries it out, for the command's report.
  [[nodiscard]] virtual std::string_view carried_out_by() const = 0;

  // POST /control/users {email,password,name,role}
  virtual Done<UserSummary> create_user(const NewUser& user) = 0;
  // GET /control/users?limit=&cursor=
  virtual Done<UserPage> list_users(std::size_t limit, std::string_view cursor) = 0;
  // POST /control/users/disable|enable {email}; signs the user out everywhere
  virtual Done<void> set_user_disabled(std::string_view email, bool disabled) = 0;
  // POST /control/users/role {email,role}; ends the user's access tokens, not the logins
  virtual Done<void> set_role(std::string_view email, Role role) = 0;
  // POST /control/users/password {email,password}; signs the user out everywhere
  virtual Done<void> set_password(std::string_view email, std::string_view password) = 0;
  // POST /control/users/seed {count,ttl_seconds}: text/plain, one access token a line, streamed.
  // The sink returns false to stop; then the users made so far stay and cannot_run is returned.
  virtual Done<void> seed_users(const SeedUsers& seed, const std::function<bool(std::string_view token)>& sink) = 0;

  // GET /control/products
  virtual Done<boost::json::array> list_products() = 0;
  // GET /control/products/{id}
  virtual Done<boost::json::object> get_product(std::string_view id) = 0;
  // POST /control/products
  virtual Done<boost::json::object> create_product(const boost::json::object& product) = 0;
  // PATCH /control/products/{id}: absent stays, null clears
  virtual Done<boost::json::object> change_product(std::string_view id, const boost::json::object& changes) = 0;
  // DELETE /control/products/{id}
  virtual Done<void> remove_product(std::string_view id) = 0;
  // POST /control/products/{id}/stock {delta,reason}
  virtual Done<boost::json::object> adjust_stock(std::string_view id, std::int64_t delta, std::string_view reason) = 0;
  // POST /control/products/{id}/pause|resume
  virtual Done<boost::json::object> set_paused(std::string_view id, bool paused) = 0;

  // POST /control/verify
  virtual Done<VerifyReport> verify() = 0;
  // POST /control/backup {folder}: an absolute path that does not exist yet or is empty
  virtual Done<BackupReport> backup(const std::filesystem::path& folder) = 0;
  // POST /control/keys/rotate: the new key's id; the one before stays valid for verification
  virtual Done<std::string> rotate_key() = 0;
  // GET /control/stats: the object of GET /api/admin/stats
  virtual Done<boost::json::object> stats() = 0;
  // POST /control/webhooks/{verb}: list, create, change, rotate, remove, test, deliveries or retry. The arguments are
  // the body of the API's route and, where it is about one, its `id`; what comes back is the route's data.
  virtual Done<boost::json::value> webhook(std::string_view verb, const boost::json::object& arguments) = 0;

  [[nodiscard]] virtual QueueOperations& queue() = 0;
};

/// Where a server listens for operators: a Unix socket, mode 0600.
[[nodiscard]] std::filesystem::path control_socket_path(const std::filesystem::path& data_folder);

}  // namespace scalemart
