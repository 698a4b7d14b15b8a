#pragma once
// For tests: a ledger, a payment provider and a paper trail that count their effects, all in simulated time.

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <queue>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/check.hpp"
#include "fulfilment/dispatcher.hpp"
#include "fulfilment/testing_bank.hpp"
#include "fulfilment/worker.hpp"

namespace scalemart::testing {

/// A ledger that knows orders only: the arrows of domain/order.hpp with fences. What it decides is delivered
/// by deliver(), as the real one does from its thread. It survives the "crash" of what stands around it.
class TinyLedger final : public SaleLedger {
 public:
  struct Order {
    OpenOrder open;
    OrderStatus status = OrderStatus::pending;
    std::uint32_t fence = 0;
    bool invoice_done = false, mail_done = false, parked = false;
    std::string payment_reference;
    int confirmed = 0, failed = 0;
  };

  explicit TinyLedger(const Clock& clock) : clock_(clock) {
    auto made = std::make_shared<ProductSpec>();
    made->id = "lamp";
    made->details.name = "Lamp";
    spec = std::move(made);
  }

  bool submit(Ticket ticket) noexcept override {
    if (refuse_next > 0) return --refuse_next, false;
    if (room < queue_.size() + 1) return false;
    queue_.push_back(std::move(ticket));
    return true;
  }

  OrderId reserve() {
    const OrderId id{static_cast<std::uint64_t>(clock_.wall().ms) << 16, ++made_};
    Order order;
    order.open.id = id;
    order.open.created = clock_.wall();
    order.open.sequence = sequence + 1;
    order.open.unit_price = 100;
    order.open.quantity = 1;
    orders[id] = order;
    log(record::Reserved{id, {1, 1}, ProductRef{0}, 1, 600'000, 100, {}});
    return id;
  }
  void expire(OrderId id) {
    SCALEMART_CHECK(orders.at(id).status == OrderStatus::pending);
    orders.at(id).status = OrderStatus::expired;
    log(record::Expired{id});
  }

  /// Decides what is queued and hands records and answers over. Returns how many commands there were.
  std::size_t deliver(Dispatcher* dispatcher) {
    std::vector<AnswerSink::Item> answers;
    std::size_t count = 0;
    for (auto tickets = std::exchange(queue_, {}); Ticket & ticket : tickets) {
      Answer answer;
      answer.outcome = decide(ticket.command);
      answers.push_back({ticket.token, answer});
      ++count;
    }
    if (dispatcher && !records_.empty()) dispatcher->observe(records_);
    if (dispatcher && !answers.empty() && !lose_answers) dispatcher->answers(answers);
    records_.clear();
    return count;
  }

  /// What a restart finds unfinished.
  void restore(Dispatcher& dispatcher) {
    queue_.clear();
    records_.clear();
    dispatcher.restore_product(ProductRef{0}, spec);
    for (auto& [id, order] : orders) {
      OpenOrder open = order.open;
      open.fence = order.fence;
      if (order.parked) {
        dispatcher.restore(DeadLetter{open, open.step(), 0, "", {}});
      } else if (order.status == OrderStatus::pending || order.status == OrderStatus::processing) {
        open.unresolved = order.status == OrderStatus::processing;
        dispatcher.restore(open);
      } else if (order.status == OrderStatus::confirmed && !order.mail_done) {
        open.lane = Lane::paper;
        open.invoice_done = order.invoice_done;
        dispatcher.restore(open);
      }
    }
  }
  [[nodiscard]] std::size_t count(OrderStatus status) const {
    return static_cast<std::size_t>(
        std::count_if(orders.begin(), orders.end(), [&](const auto& o) { return o.second.status == status; }));
  }
  [[nodiscard]] bool all_finished() const {
    return std::all_of(orders.begin(), orders.end(), [](const auto& entry) {
      const Order& o = entry.second;
      return o.status == OrderStatus::confirmed ? o.mail_done : !is_open(o.status);
    });
  }

  std::map<OrderId, Order> orders;
  TraceBook traces;  ///< In whose trace they were bought.
  std::shared_ptr<const ProductSpec> spec;
  Sequence sequence = 0;
  std::size_t room = SIZE_MAX;
  int refuse_next = 0;
  bool lose_answers = false;
  bool read_only = false;

 private:
  template <class Payload>
  void log(Payload payload) {
    records_.push_back({++sequence, clock_.wall(), std::move(payload)});
  }

  Outcome decide(Command& command) {
    return std::visit([this](auto& c) { return decide_one(c); }, command);
  }
  Outcome guard(OrderId id, std::uint32_t fence, Order*& order) {
    const auto at = orders.find(id);
    if (at == orders.end()) return Outcome::order_not_found;
    order = &at->second;
    return fence == order->fence ? Outcome::done : Outcome::stale_fence;
  }
  Outcome decide_one(Begin& c) {
    Order* o = nullptr;
    if (guard(c.order, c.fence, o) == Outcome::order_not_found) return Outcome::order_not_found;
    const bool has_steps = o->status == OrderStatus::confirmed && !o->mail_done;
    if (o->parked || !(is_open(o->status) || has_steps)) return Outcome::invalid_state;
    if (c.fence <= o->fence) return Outcome::stale_fence;
    if (read_only) return Outcome::read_only;
    if (!has_steps) o->status = OrderStatus::processing;
    o->fence = c.fence;
    log(record::Begun{c.order, c.fence});
    return Outcome::done;
  }
  Outcome decide_one(Confirm& c) {
    Order* o = nullptr;
    if (const Outcome g = guard(c.order, c.fence, o); g != Outcome::done) return g;
    if (o->parked || o->status != OrderStatus::processing) return Outcome::invalid_state;
    if (c.payment_reference.size() > 255) return Outcome::invalid_value;
    o->status = OrderStatus::confirmed;
    ++o->confirmed;
    o->payment_reference = c.payment_reference;
    log(record::Confirmed{c.order, c.payment_reference});
    return Outcome::done;
  }
  Outcome decide_one(Decline& c) {
    Order* o = nullptr;
    if (const Outcome g = guard(c.order, c.fence, o); g != Outcome::done) return g;
    if (o->parked || o->status != OrderStatus::processing) return Outcome::invalid_state;
    o->status = OrderStatus::failed;
    ++o->failed;
    log(record::Failed{c.order, c.reason});
    return Outcome::done;
  }
  Outcome decide_one(FinishStep& c) {
    Order* o = nullptr;
    if (const Outcome g = guard(c.order, c.fence, o); g != Outcome::done) return g;
    if (o->parked || o->status != OrderStatus::confirmed) return Outcome::invalid_state;
    bool& done = c.step == Step::invoice ? o->invoice_done : o->mail_done;
    if (done) return Outcome::done;
    done = true;
    log(record::StepFinished{c.order, c.step, false});
    return Outcome::done;
  }
  Outcome decide_one(Park& c) {
    Order* o = nullptr;
    if (const Outcome g = guard(c.order, c.fence, o); g != Outcome::done) return g;
    if (o->parked) return Outcome::invalid_state;
    o->parked = true;
    log(record::Parked{c.order, c.step, c.attempts, c.reason});
    return Outcome::done;
  }
  Outcome decide_one(Unpark& c) {
    Order& o = orders.at(c.order);
    if (!o.parked) return Outcome::invalid_state;
    o.parked = false;
    log(record::Unparked{c.order});
    return Outcome::done;
  }
  Outcome decide_one(Discard& c) {
    Order& o = orders.at(c.order);
    if (!o.parked) return Outcome::invalid_state;
    o.parked = false;
    if (is_open(o.status)) {
      o.status = OrderStatus::failed;
      ++o.failed;
      log(record::Failed{c.order, StatusReason::discarded_by_admin});
    } else {
      const Step step = o.invoice_done ? Step::mail : Step::invoice;
      (step == Step::mail ? o.mail_done : o.invoice_done) = true;
      log(record::StepFinished{c.order, step, true});
    }
    return Outcome::done;
  }
  template <class Other>
  Outcome decide_one(Other&) {
    return Outcome::invalid_value;
  }

  const Clock& clock_;
  std::deque<Ticket> queue_;
  std::vector<Record> records_;
  std::uint64_t made_ = 0;
};

/// Invoices, mails and addresses, counted under the order id.
class PaperTrail final : public Invoices, public Mailer, public AddressBook, public Executor {
 public:
  Result<void> issue(const InvoiceData& data) override {
    ++issue_calls;
    if (broken_invoices > 0) return --broken_invoices, error("no room");
    invoices.insert(data.order);
    return {};
  }
  Result<std::string> fetch(const InvoiceData&) override { return std::string("%PDF-"); }
  void send(Mail mail, MailDone done) override {
    ++mail_calls;
    if (mail_outcome == MailOutcome::sent) mails.insert(mail.order);
    done({mail_outcome, mail_outcome == MailOutcome::sent ? "" : "as scripted"});
  }
  Result<std::optional<Contact>> contact(UserId) override {
    if (addresses_away > 0) return --addresses_away, error("no answer");
    return std::optional(Contact{"ann@example.com", "Ann"});
  }
  bool run(std::function<void()> work) override {
    work();
    return true;
  }
  std::set<OrderId> invoices, mails;
  int issue_calls = 0, mail_calls = 0, broken_invoices = 0, addresses_away = 0;
  MailOutcome mail_outcome = MailOutcome::sent;
};

/// The fulfilment of one process, over a ledger, a bank and papers that outlive it.
struct Plant {
  Plant(TinyLedger& l, ScriptedBank& b, PaperTrail& p, ManualClock& c, WorkerSettings settings = {},
        std::uint64_t seed = 1)
      : ledger(l),
        bank(b),
        clock(c),
        loop(c, std::chrono::nanoseconds(0)),
        random(seed),
        dispatcher(l, loop, c, {.traces = &l.traces}),
        desk(p, p, p, p),
        worker(dispatcher, loop, b, desk, c, random, std::move(settings)) {
    ledger.restore(dispatcher);
    loop.add(dispatcher);
    loop.add(worker);
    loop.add(bank);
  }
  /// One round of everything; the time to the next one.
  SteadyTime round() {
    ledger.deliver(&dispatcher);
    return loop.turn();
  }
  /// Runs simulated time on until `until`, or for `most`.
  template <class Until>
  bool run(std::chrono::nanoseconds most, Until until) {
    const SteadyTime end = clock.steady() + most;
    while (!until()) {
      const SteadyTime next = round();
      if (ledger.deliver(&dispatcher) > 0 || loop.has_work()) continue;
      if (until()) return true;
      if (clock.steady() >= end) return false;
      const SteadyTime to = std::min(std::max(next, clock.steady() + std::chrono::milliseconds(1)), end);
      clock.advance(to - clock.steady());
    }
    return true;
  }
  bool finish(std::chrono::nanoseconds most) {
    return run(most, [this] { return ledger.all_finished() && worker.idle(); });
  }

  TinyLedger& ledger;
  ScriptedBank& bank;
  ManualClock& clock;
  FulfilmentLoop loop;
  SeededRandom random;
  Dispatcher dispatcher;
  PaperDesk desk;
  Worker worker;
};

}  // namespace scalemart::testing
