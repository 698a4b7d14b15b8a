#pragma once
// Where the ledger's thread leaves what it decided, for the fulfilment loop to pick up.

#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "domain/record.hpp"
#include "port/order_queue.hpp"
#include "port/sale_ledger.hpp"

namespace scalemart {

/// Purpose: a hand-over of records and answers between two threads.
/// Concurrency: put() on the ledger's thread: one short lock a batch, no call out. take() on the loop's.
/// Memory: chunks of fixed size, so that a put never moves what is there. Bounded by the stock that can be
/// sold while the loop does not run; an event has about 100 bytes.
class OrderFeed {
 public:
  struct Event {
    enum class Kind : std::uint8_t { product, gone, confirmed, failed, refunded, step_finished, parked, unparked };
    Kind kind = Kind::gone;
    Step step = Step::payment;
    ProductRef product{};
    std::uint32_t attempts = 0;
    OrderId order;
    WallTime at;
    std::string reason;
    std::shared_ptr<const ProductSpec> spec;
  };
  template <class T>
  class Chunks {
   public:
    void push(T value) {
      if (chunks_.empty() || chunks_.back().size() == kChunk) {
        chunks_.emplace_back();
        chunks_.back().reserve(kChunk);
      }
      chunks_.back().push_back(std::move(value));
    }
    template <class Visit>
    void each(Visit visit) {
      for (auto& chunk : chunks_)
        for (T& value : chunk) visit(value);
    }
    [[nodiscard]] bool empty() const { return chunks_.empty(); }

   private:
    static constexpr std::size_t kChunk = 256;
    std::vector<std::vector<T>> chunks_;
  };
  struct Batch {
    Chunks<OpenOrder> accepted;
    Chunks<Event> events;
    Chunks<AnswerSink::Item> answers;
    [[nodiscard]] bool empty() const { return accepted.empty() && events.empty() && answers.empty(); }
  };

  /// True when the feed was empty before: the loop should be woken.
  bool put(std::span<const Record> records);
  bool put(std::span<const AnswerSink::Item> answers);
  [[nodiscard]] Batch take();

 private:
  std::mutex mutex_;
  Batch batch_;
};

}  // namespace scalemart
