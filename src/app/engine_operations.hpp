#pragma once
// An operator's verbs on an engine in this process: what the control socket of a server calls, and what a
// command without a server runs.

#include "app/engine_queue_operations.hpp"
#include "app/operations.hpp"
#include "app/shop.hpp"
#include "gateway/openapi.hpp"

namespace scalemart {

/// Concurrency: one caller at a time, and not the engine's own threads: every call waits.
class EngineOperations : public Operations {
 public:
  /// What there is of fulfilment in this process.
  struct Fulfilment {
    FulfilmentDesk* desk = nullptr;
    SaleHistory* history = nullptr;
    bool can_pause = true;
  };
  /// `stats` gives the object of GET /api/admin/stats. All outlive this.
  EngineOperations(const Shop& shop, const ApiDocument& document, const Clock& clock, Webhooks& webhooks,
                   std::function<boost::json::object()> stats, const Fulfilment& fulfilment)
      : shop_(shop),
        engine_(*shop.engine),
        identity_(*shop.identity),
        document_(document),
        clock_(clock),
        webhooks_(webhooks),
        stats_(std::move(stats)),
        queue_({fulfilment.desk, engine_.catalogue(), engine_.orders(), identity_.accounts(), clock_,
                fulfilment.history, fulfilment.can_pause}) {}

  [[nodiscard]] std::string_view carried_out_by() const override { return "folder"; }
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
  Done<boost::json::object> stats() override { return stats_(); }
  Done<boost::json::value> webhook(std::string_view verb, const boost::json::object& arguments) override;
  [[nodiscard]] QueueOperations& queue() override { return queue_; }

 private:
  Done<Account> account_of(std::string_view email);
  Done<void> change_account(std::string_view email, const std::function<void(Sessions&, UserId, AuthDone)>& change);
  Done<boost::json::object> product(std::string_view id);
  Done<ProductRef> ref_of(std::string_view id);
  Done<boost::json::object> checked(std::string_view operation, const boost::json::object& body);
  Done<boost::json::object> change(std::string_view id, Command command, std::string what, std::string after);
  void audit(std::string what, std::string target, std::string after);

  const Shop& shop_;
  Engine& engine_;
  Identity& identity_;
  const ApiDocument& document_;
  const Clock& clock_;
  Webhooks& webhooks_;
  std::function<boost::json::object()> stats_;
  EngineQueueOperations queue_;
};

}  // namespace scalemart
