#pragma once
// What was delivered to whom: a place in the journal for each receiver, and the few events that need another try.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "domain/ids.hpp"

namespace scalemart {

/// An event that one receiver did not take yet.
struct Letter {
  std::string key;      ///< Unique for the receiver; the same whenever the event is read again.
  std::string type;     ///< "order.confirmed"
  std::string subject;  ///< What it is about: events of one subject keep their order.
  Sequence sequence = 0;
  WallTime at;       ///< When it happened.
  std::string body;  ///< Empty: made anew for every try.
  std::optional<ProductRef> stock;
  std::uint32_t attempts = 0;
  std::uint32_t refusals = 0;  ///< Of the attempts, those that count against it.
  WallTime last;               ///< The last attempt.
  WallTime next;               ///< Not before.
  int status = 0;              ///< The receiver's last answer; 0: none came.
  std::string problem;         ///< One line.
};

/// How far one receiver is.
struct OutletPlace {
  Sequence cursor = 0;      ///< Everything up to here was taken, or is among the letters.
  WallTime failing_since;   ///< The first failure after the last success; 0: none.
  WallTime last_delivered;  ///< 0: never.
  std::string disabled;     ///< Why nothing is sent to it; empty: it is.
};

struct OutletChange {
  OutletPlace place;
  std::vector<Letter> put;           ///< Still to be tried.
  std::vector<Letter> dead;          ///< Given up.
  std::vector<std::string> removed;  ///< Keys: taken at last.
};

/// Purpose: keeps the places durable. A change is whole or absent, so a letter is never lost between the cursor and the
/// list. Losing the file means that everybody begins at the journal's end. Concurrency: any thread; calls block for a
/// small transaction.
class OutboxStore {
 public:
  static constexpr std::size_t kDeadMax = 10'000;  ///< For each receiver; then the oldest give way.

  virtual ~OutboxStore() = default;
  /// Nothing: never heard of it.
  [[nodiscard]] virtual Result<std::optional<OutletPlace>> place(const std::string& outlet) = 0;
  [[nodiscard]] virtual Result<std::vector<Letter>> waiting(const std::string& outlet) = 0;
  [[nodiscard]] virtual Result<void> save(const std::string& outlet, const OutletChange& change) = 0;
  /// Newest first.
  [[nodiscard]] virtual Result<std::vector<Letter>> dead(const std::string& outlet, std::size_t limit) = 0;
  [[nodiscard]] virtual Result<std::uint64_t> dead_count(const std::string& outlet) = 0;
  /// Makes dead letters waiting ones that are due at once; `key` empty: all, at most `limit`. Those it found.
  [[nodiscard]] virtual Result<std::vector<Letter>> revive(const std::string& outlet, const std::string& key,
                                                           std::size_t limit) = 0;
  [[nodiscard]] virtual Result<void> forget(const std::string& outlet) = 0;
};

}  // namespace scalemart
