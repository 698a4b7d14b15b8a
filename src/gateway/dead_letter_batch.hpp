#pragma once
// Many dead letters settled by one request.

#include <boost/json/object.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gateway/queue_routes.hpp"

namespace scalemart {

/// Purpose: audits and settles each order by itself, many at a time, and tells what became of each. An order
/// whose audit entry cannot be written is not touched. When the provider is slow the rest is left alone in time for an
/// answer. Concurrency: start() once; the rest on the store's and the fulfilment loop's thread. Ownership: keeps itself
/// alive until it has told.
class DeadLetterBatch : public std::enable_shared_from_this<DeadLetterBatch> {
 public:
  static constexpr std::size_t kAtOnce = 256;
  static constexpr std::chrono::seconds kBeginWithin{
      20};  ///< The provider may take 30 more; an answer is due within 60.

  /// {results, done, failed, remaining}; on the thread that ended the last one: hand over and return.
  using Done = std::function<void(boost::json::object)>;
  using Action = void (FulfilmentDesk::*)(OrderId, FulfilmentDesk::Done);
  /// `entry` is each order's audit entry but for its target.
  DeadLetterBatch(const QueueServices& services, Action action, AuditEntry entry, Done done)
      : s_(services), action_(action), entry_(std::move(entry)), done_(std::move(done)) {}

  /// `more`: how many matched beyond these.
  void start(std::vector<OrderId> orders, std::size_t more);

 private:
  struct Item {
    OrderId order;
    Outcome outcome = Outcome::overloaded;
  };
  void advance();
  void begin(std::size_t index);
  void ended(std::size_t index, Outcome outcome);
  void tell();

  const QueueServices s_;
  const Action action_;
  const AuditEntry entry_;
  const Done done_;
  SteadyTime until_{};
  std::size_t more_ = 0;
  std::mutex mutex_;
  std::vector<Item> items_;  ///< Its size never changes after start(); outcomes are guarded by mutex_.
  std::size_t begun_ = 0;    ///< Guarded by mutex_.
  std::size_t ended_ = 0;    ///< Guarded by mutex_.
  bool advancing_ = false;   ///< Guarded by mutex_.
};

}  // namespace scalemart
