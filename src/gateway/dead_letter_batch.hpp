#pragma once
// Many dead letters settled by one request.

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gateway/exchange.hpp"
#include "gateway/queue_routes.hpp"

namespace scalemart {

/// Purpose: audits and settles each order by itself, many at a time, and answers with what became of each. An order
/// whose audit entry cannot be written is not touched. When the provider is slow the rest is left alone in time for an
/// answer. Concurrency: start() once; the rest on the store's and the fulfilment loop's thread. Ownership: keeps itself
/// alive until it has answered.
class DeadLetterBatch : public std::enable_shared_from_this<DeadLetterBatch> {
 public:
  static constexpr std::size_t kAtOnce = 256;
  static constexpr std::chrono::seconds kBeginWithin{
      20};  ///< The provider may take 30 more; an answer is due within 60.

  using Action = void (FulfilmentDesk::*)(OrderId, FulfilmentDesk::Done);
  /// `entry` is each order's audit entry but for its target.
  DeadLetterBatch(const QueueServices& services, Later reply, Action action, AuditEntry entry)
      : s_(services), reply_(std::move(reply)), action_(action), entry_(std::move(entry)) {}

  /// `more`: how many matched beyond these.
  void start(std::vector<OrderId> orders, std::size_t more);
  /// Instead of start(): nothing is done.
  void refuse(Response response) { reply_.respond(std::move(response)); }

 private:
  struct Item {
    OrderId order;
    Outcome outcome = Outcome::overloaded;
  };
  void advance();
  void begin(std::size_t index);
  void ended(std::size_t index, Outcome outcome);
  void respond();

  const QueueServices s_;
  Later reply_;
  const Action action_;
  const AuditEntry entry_;
  SteadyTime until_{};
  std::size_t more_ = 0;
  std::mutex mutex_;
  std::vector<Item> items_;  ///< Its size never changes after start(); outcomes are guarded by mutex_.
  std::size_t begun_ = 0;    ///< Guarded by mutex_.
  std::size_t ended_ = 0;    ///< Guarded by mutex_.
  bool advancing_ = false;   ///< Guarded by mutex_.
};

}  // namespace scalemart
