#pragma once
// The bounded way from many threads to the sequencer's.

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <limits>
#include <mutex>
#include <optional>
#include <vector>

#include "port/journal.hpp"
#include "port/sale_ledger.hpp"

namespace scalemart {

class Ledger;

/// Purpose: holds tickets and reads until the sequencer takes them all at once. Buys, other commands and
/// reads have separate room, so that a storm of buys stops neither a release nor a look at an order.
/// Concurrency: push() from any thread: one short lock, and a wake-up only when the sequencer sleeps and now
/// has what it waits for. Everything else on the sequencer's thread.
class TicketQueue {
 public:
  using Read = std::function<void(const Ledger&, Journal&)>;
  struct Limits {
    std::size_t buys = 16'384;
    std::size_t others = 16'384;
    std::size_t reads = 4'096;
  };
  /// What was taken and is not decided yet. Counts against the limits.
  struct Taken {
    std::vector<Ticket> buys;
    std::vector<Ticket> others;
    std::size_t next_buy = 0;
    std::size_t next_other = 0;
    [[nodiscard]] std::size_t size() const { return buys.size() - next_buy + others.size() - next_other; }
  };
  struct Depth {
    std::size_t buys = 0, others = 0, reads = 0;
  };

  explicit TicketQueue(Limits limits);

  /// False: full or closed; nothing was taken.
  [[nodiscard]] bool push(Ticket&& ticket) noexcept;
  [[nodiscard]] bool push(Read&& read) noexcept;
  /// Takes no more; what is there can still be taken out.
  void close() noexcept;

  /// Sleeps until `tickets` of them wait, or there is a read, or it was closed, or the time is up.
  /// The number of tickets that wait.
  std::size_t wait(std::size_t tickets, std::optional<std::chrono::nanoseconds> most);
  /// Adds to `taken` where it is used up; replaces `reads`, which must be empty.
  void take(Taken& taken, std::vector<Read>& reads);
  /// Reads only; `reads` must be empty. False: there were none.
  bool take_reads(std::vector<Read>& reads);
  [[nodiscard]] bool is_closed() const noexcept;
  /// What of `taken` is decided makes room again: without this a full queue would stay full while the
  /// sequencer sleeps. Returns how many tickets wait.
  std::size_t release(const Taken& taken) noexcept;
  /// With what was taken and is not decided yet. Any thread.
  [[nodiscard]] Depth depth() const noexcept;

 private:
  static constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();

  const Limits limits_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  // All guarded by mutex_.
  std::vector<Ticket> buys_;
  std::vector<Ticket> others_;
  std::vector<Read> reads_;
  std::size_t taken_buys_ = 0;
  std::size_t taken_others_ = 0;
  std::size_t wake_at_ = kNever;  ///< Tickets the sleeping sequencer waits for; kNever: it is awake.
  bool closed_ = false;
};

}  // namespace scalemart
