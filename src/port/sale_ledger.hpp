#pragma once
// The one way to change stock and orders, whatever stands behind it.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "domain/command.hpp"

namespace scalemart {

/// Receives answers, many at a time, on the ledger's thread. It must be quick and must not throw: an event
/// loop takes the span over and wakes up once.
class AnswerSink {
 public:
  struct Item {
    std::uint64_t token;  ///< As given to submit().
    Answer answer;
  };
  virtual ~AnswerSink() = default;
  virtual void answers(std::span<const Item> items) noexcept = 0;
};

struct Ticket {
  Command command;
  AnswerSink* sink = nullptr;  ///< Outlives the ledger's shutdown. nullptr: nobody waits.
  std::uint64_t token = 0;
  SteadyTime deadline{};  ///< Past this the command is refused as overloaded, untouched. Zero: none.
};

/// Purpose: decides commands one at a time, in one order, and answers when the decision is durable.
/// Concurrency: submit() from any thread. Answers come in batches on the ledger's own thread.
/// A success that was answered survives a power cut; a refusal left no trace.
class SaleLedger {
 public:
  virtual ~SaleLedger() = default;
  /// False: the queue is full, nothing was taken and no answer will come. Buys (Reserve) and everything else
  /// have separate room, so that a storm of buys never stops a release.
  [[nodiscard]] virtual bool submit(Ticket ticket) noexcept = 0;
};

/// Reads orders as they durably are. Callbacks run on the ledger's thread: hand over and return.
/// False: too many reads wait already. A shared record that does not answer in time: `done` is destroyed without a
/// call.
class OrderBook {
 public:
  virtual ~OrderBook() = default;
  [[nodiscard]] virtual bool find(OrderId id, std::function<void(std::optional<OrderView>)> done) = 0;
  [[nodiscard]] virtual bool find_by_key(UserId buyer, KeyDigest key,
                                         std::function<void(std::optional<OrderView>)> done) = 0;
  /// Newest first; `before`: only orders older than this one of the same buyer (empty: from the newest).
  [[nodiscard]] virtual bool of_buyer(UserId buyer, OrderId before, std::size_t limit,
                                      std::function<void(std::vector<OrderView>)> done) = 0;
};

}  // namespace scalemart
