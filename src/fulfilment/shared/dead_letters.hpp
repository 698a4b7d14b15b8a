#pragma once
// The dead letters of a record that several processes share: listed, tried again, given up.

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/task_pool.hpp"
#include "fulfilment/desk.hpp"
#include "fulfilment/shared/letter_marks.hpp"
#include "port/payment.hpp"
#include "port/system_of_record.hpp"

namespace scalemart {

struct DeadLettersParts {
  SystemOfRecord& record;
  /// Has a command decided and calls back with the answer, on any thread. False: too much waits, nothing was taken.
  std::function<bool(Command, std::function<void(const Answer&)>)> ask;
  PaymentProvider& payments;
  ProcessRegistry& marks;                       ///< This object's alone.
  Random& random;                               ///< As well.
  std::function<void(const OpenOrder&)> offer;  ///< Puts an order that may go on into the queue.
  const Clock& clock;
  /// From any thread. nullopt: the product is not known here (yet).
  std::function<std::optional<Currency>(ProductRef)> currency_of;
};

/// Purpose: what FulfilmentService does with the dead letters of its own process, with the same outcomes;
/// `unavailable` and `unknown` come on top when the record cannot be asked.
/// Operation: a thread of its own reads and asks; while nothing else happens a list of a second ago is good enough to
/// find one letter in. Concurrency: any thread; `done` runs on this object's thread, the ledger's or the caller's.
class DeadLetters {
 public:
  using Done = FulfilmentDesk::Done;
  using LettersDone = FulfilmentDesk::LettersDone;

  explicit DeadLetters(DeadLettersParts parts);
  ~DeadLetters();
  DeadLetters(const DeadLetters&) = delete;
  DeadLetters& operator=(const DeadLetters&) = delete;

  void list(DeadLetterSearch search, LettersDone done);
  void retry(OrderId order, Done done);
  void discard(OrderId order, Done done);
  /// Before the ledger and the provider stop: nothing is begun any more. Idempotent.
  void stop();

 private:
  using Letters = std::vector<DeadLetter>;
  void post(std::function<void()> work, const Done& done);
  [[nodiscard]] bool read();
  /// Outcome::done, and the letter; or why there is none.
  [[nodiscard]] Outcome find(OrderId order, bool afresh, DeadLetter& letter);
  void settle(Command command, const std::string& mark, std::function<void()> then, const Done& done);
  void retry_now(OrderId order, const Done& done);
  void discard_now(OrderId order, const Done& done);
  void cancelled(const DeadLetter& letter, PaymentOutcome outcome, const std::string& mark, const Done& done);
  void go_on(const DeadLetter& letter, bool skip) const;

  const DeadLettersParts parts_;
  LetterMarks marks_;
  Letters letters_;       ///< The thread's: as last read.
  SteadyTime read_at_{};  ///< The thread's.
  TaskPool thread_;
};

/// Those that match, in the order in which the orders were accepted.
[[nodiscard]] DeadLetterPage select_letters(std::vector<DeadLetter> letters, const DeadLetterSearch& search);

}  // namespace scalemart
