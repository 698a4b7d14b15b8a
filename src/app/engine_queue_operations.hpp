#pragma once
// The queue's verbs on a desk in this process.

#include "app/queue_operations.hpp"
#include "base/clock.hpp"
#include "gateway/queue_routes.hpp"
#include "port/sale_history.hpp"

namespace scalemart {

/// Concurrency: one caller at a time, and not the desk's own threads: every call waits.
class EngineQueueOperations final : public QueueOperations {
 public:
  /// What it stands on; all outlive it.
  struct Parts {
    FulfilmentDesk* desk = nullptr;  ///< nullptr: this process has none, and says so.
    const Catalogue& catalogue;
    OrderBook& orders;
    AccountStore& accounts;
    const Clock& clock;
    SaleHistory* history = nullptr;  ///< nullptr: there is none here.
    bool can_pause = true;           ///< Somebody hears of it: a server's workers, or those of a shared shop.
  };
  explicit EngineQueueOperations(const Parts& parts) : parts_(parts) {}

  Done<Object> overview(bool with_history) override;
  Done<Object> dead_letters(const Object& filter) override;
  Done<Object> order(std::string_view id) override;
  Done<Object> settle_dead(bool retry, const Object& choice) override;
  Done<Object> set_queue_paused(bool paused) override;
  Done<Object> set_concurrency(std::string_view worker, const Concurrency& concurrency) override;

 private:
  [[nodiscard]] std::shared_ptr<const FulfilmentView> fresh_view() const;
  [[nodiscard]] Object recent_course() const;
  Done<DeadLetterSearch> search_of(const Object& filter) const;
  Done<DeadLetterPage> find_letters(const Object& filter) const;
  [[nodiscard]] AuditEntry entry(std::string what, std::string target) const;

  const Parts parts_;
};

}  // namespace scalemart
