#pragma once
// Accepted orders as streams in Redis: one of each lane a partition.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "backend/redis/functions.hpp"
#include "port/order_intake.hpp"
#include "port/order_queue.hpp"
#include "port/queue_control.hpp"

namespace scalemart {

struct OrderStreamsSettings {
  redis::Keyspace keys;
  std::uint32_t partitions = 16;
};

/// An order that is leased.
struct StreamLease {
  OpenOrder order;  ///< fence is the lease's; begun and unresolved are set for its new holder.
  std::string entry;
  std::uint32_t partition = 0;
};

/// Purpose: what the order queue does in Redis, one blocking call each.
/// Operation: an order is in the streams at most once (the set `queued`), so that it may be offered any number of
/// times: by the gateway that sold it, by a sweep. An entry delivered for the n-th time is leased under the fence n
/// above the one packed in it: fences grow without being counted anywhere.
/// Truth: the system of record's. What is lost here is offered again by a sweep; what is here twice or too long is
/// refused there.
/// Concurrency: one thread. Errors: false or empty, and why_away() says why.
class OrderStreams final : public OrderIntake, public QueueControl {
 public:
  OrderStreams(redis::Client client, OrderStreamsSettings settings);

  /// OrderIntake: in their order; those that are in the queue already are left where they are.
  [[nodiscard]] bool offer(std::span<const OpenOrder> orders, std::chrono::milliseconds within) override;

  struct Wanted {
    std::array<std::size_t, kLaneCount> count{};
    /// Also what its holder has not renewed for so long; zero: only what nobody has.
    std::chrono::milliseconds silent_for{0};
  };
  /// Appends leases of one partition.
  [[nodiscard]] bool lease(std::uint32_t partition, std::string_view consumer, const Wanted& wanted,
                           std::vector<StreamLease>& out, std::chrono::milliseconds within);
  /// Appends the entries that are not this consumer's any more.
  [[nodiscard]] bool renew(std::uint32_t partition, Lane lane, std::string_view consumer,
                           std::span<const std::string> entries, std::vector<std::string>& lost,
                           std::chrono::milliseconds within);
  struct Finished {
    std::string entry;
    OrderId order;
    std::optional<OpenOrder> paper;  ///< It goes on in Lane::paper; under the same fence if it is `begun`.
  };
  /// An order of which somebody else has an entry by now stays his. May be repeated.
  [[nodiscard]] bool finish(std::uint32_t partition, Lane lane, std::span<const Finished> finished,
                            std::chrono::milliseconds within);
  /// To be leased again after `delay`: under the same fence if it is `begun`, otherwise under a greater one.
  /// Nothing happens when the entry is not this consumer's any more.
  [[nodiscard]] bool put_back(std::string_view consumer, const StreamLease& lease, std::chrono::milliseconds delay,
                              std::chrono::milliseconds within);

  // QueueControl, over all partitions
  [[nodiscard]] std::optional<QueueDepths> look(std::chrono::milliseconds within) override;
  [[nodiscard]] std::optional<QueuedOrder> find(OrderId order, std::chrono::milliseconds within) override;
  [[nodiscard]] bool pause(bool paused, std::chrono::milliseconds within) override;

  [[nodiscard]] const std::string& why_away() const { return why_away_; }
  [[nodiscard]] std::uint32_t partitions() const { return settings_.partitions; }

 private:
  [[nodiscard]] redis::Answered<redis::Reply> call(std::string_view function, std::uint32_t partition,
                                                   const redis::Command& arguments, std::chrono::milliseconds within);

  redis::Functions functions_;
  const OrderStreamsSettings settings_;
  std::vector<std::string> bases_;
  std::string why_away_;
};

}  // namespace scalemart
