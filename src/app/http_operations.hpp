#pragma once
// An operator's verbs carried out by the running server, over its control socket.

#include <memory>

#include "app/control_socket.hpp"
#include "app/http_queue_operations.hpp"
#include "app/operations.hpp"

namespace scalemart {

/// Errors: a server that cannot be reached or answers nonsense is cannot_run; its own refusals keep their
/// code. Concurrency: one caller; blocking. No call has a time limit of its own, verify and backup may take
/// long; a server that dies ends them.
class HttpOperations final : public Operations {
 public:
  [[nodiscard]] static Done<std::unique_ptr<HttpOperations>> connect(const std::filesystem::path& data_folder);
  ~HttpOperations() override;

  [[nodiscard]] std::string_view carried_out_by() const override { return "server"; }
  Done<UserSummary> create_user(const NewUser& user) override;
  Done<UserPage> list_users(std::size_t limit, std::string_view cursor) override;
  Done<void> set_user_disabled(std::string_view email, bool disabled) override;
  Done<void> set_role(std::string_view email, Role role) override;
  Done<void> set_password(std::string_view email, std::string_view password) override;
  Done<void> seed_users(const SeedUsers& seed, const std::function<bool(std::string_view token)>& sink) override;
  Done<boost::json::array> list_products() override;
  Done<boost::json::object> get_product(std::string_view id) override;
  Done<boost::json::object> create_product(const boost::json::object& product) override;
  Done<boost::json::object> change_product(std::string_view id, const boost::json::object& changes) override;
  Done<void> remove_product(std::string_view id) override;
  Done<boost::json::object> adjust_stock(std::string_view id, std::int64_t delta, std::string_view reason) override;
  Done<boost::json::object> set_paused(std::string_view id, bool paused) override;
  Done<VerifyReport> verify() override;
  Done<BackupReport> backup(const std::filesystem::path& folder) override;
  Done<std::string> rotate_key() override;
  Done<boost::json::object> stats() override;
  Done<boost::json::value> webhook(std::string_view verb, const boost::json::object& arguments) override;
  [[nodiscard]] QueueOperations& queue() override { return queue_; }

 private:
  class Transport;
  explicit HttpOperations(std::unique_ptr<Transport> transport);
  Done<boost::json::object> call_for_object(const char* method, const std::string& path,
                                            const boost::json::value* body);
  std::unique_ptr<Transport> transport_;
  HttpQueueOperations queue_;
};

}  // namespace scalemart
