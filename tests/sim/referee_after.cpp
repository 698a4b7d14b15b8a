// What the referee checks after a crash, and at the end.
#include <algorithm>

#include "tests/sim/record_rules.hpp"
#include "tests/sim/referee.hpp"

namespace scalemart::sim {

void Referee::recovered(Ledger& ledger, Journal& journal, std::vector<Command> outstanding) {
  round_.clear();
  explained_ = 0;
  if (ledger.sequence() < model_.sequence())
    return fail("a yes was lost: answered up to " + std::to_string(model_.sequence()) +
                ", after the crash the journal ends at " + std::to_string(ledger.sequence()));
  // The whole journal, folded without any snapshot, is the same state.
  Ledger folded;
  std::vector<Record> tail;
  const auto replayed = journal.replay(0, {}, [&](const Record& record) {
    if (const auto applied = folded.apply(record); !applied) fail(applied.error().message);
    if (record.sequence > model_.sequence()) tail.push_back(record);
  });
  if (!replayed) return fail(replayed.error().message);
  if (folded.state_hash() != ledger.state_hash()) return fail("recovered into another state than the journal's");
  // Durable, but nobody was told: each is something that somebody had asked for, and that was allowed.
  for (const Record& record : tail) {
    const auto asked = std::find_if(outstanding.begin(), outstanding.end(), [&](const Command& command) {
      if (!explains(command, record)) return false;
      const bool many = std::holds_alternative<ExpireDue>(command);
      return model_.execute(many ? Command(ExpireDue{1}) : command, record.at).outcome == Outcome::done &&
             model_.sequence() == record.sequence;
    });
    if (asked == outstanding.end()) return fail("nobody asked for it, or it was not allowed: " + describe(record));
    if (!std::holds_alternative<ExpireDue>(*asked)) outstanding.erase(asked);
    tally_.add(Happened::outcome_unknown);
    note(record);
  }
  compare_everything(ledger);
}

/// Healed and left alone: nothing is under way any more.
void Referee::check_settled() {
  for (const auto& order : model_.orders()) {
    const std::string who = "order " + to_string(order.id) + " (" + std::string(to_text(order.status)) + ")";
    if (is_open(order.status) && !order.parked) return fail(who + " is stuck");
    if (!order.parked) check_money(order);
    if (order.status != OrderStatus::confirmed && order.status != OrderStatus::refunded) {
      if (papers_.invoices().contains(order.id) || papers_.mails().contains(order.id)) fail(who + " got papers");
      continue;
    }
    if (order.status == OrderStatus::refunded || order.parked) continue;
    if (!order.invoice || !order.mail) return fail(who + " still waits for its papers");
    if (!papers_.invoices().contains(order.id) && !skipped_.contains({order.id, Step::invoice}))
      return fail(who + " has no invoice");
    if (!papers_.mails().contains(order.id) && !skipped_.contains({order.id, Step::mail}))
      return fail(who + " got no mail");
  }
  for (const auto& [id, effect] : papers_.invoices()) {
    const auto* order = find(id);
    if (order == nullptr || effect.total != order->price * order->quantity || effect.ordered_ms != order->created)
      fail("the invoice of order " + to_string(id) + " is wrong");
  }
  for (const auto& [id, account] : bank_.accounts())
    if (find(id) == nullptr || account.captures > 1) fail("the bank has something wrong of order " + to_string(id));
}

/// The witness check, from the journal and what buyers were told alone (reliability: linearizability by
/// sequence).
void Referee::check_history(Journal& journal) {
  std::stable_sort(told_.begin(), told_.end(),
                   [](const Told& a, const Told& b) { return a.answer.sequence < b.answer.sequence; });
  ReferenceModel fresh;
  std::unordered_map<OrderId, std::size_t> places;
  auto next = told_.begin();
  const auto check_up_to = [&](Sequence sequence, const Record* record) {
    for (; next != told_.end() && next->answer.sequence <= sequence; ++next) check_told(fresh, *next, record);
  };
  check_up_to(0, nullptr);
  const auto replayed = journal.replay(0, {}, [&](const Record& record) {
    if (failed()) return;
    const auto at = places.find(order_of(record));
    const Answer answer =
        fresh.execute(command_of(record, at == places.end() ? nullptr : &fresh.orders()[at->second]), record.at);
    if (!is_success(answer.outcome) || fresh.sequence() != record.sequence)
      return fail("the model would not have written " + describe(record) + ": " + describe(answer));
    if (std::holds_alternative<record::Reserved>(record.payload))
      places.emplace(order_of(record), fresh.orders().size() - 1);
    check_up_to(record.sequence, &record);
  });
  if (!replayed) return fail(replayed.error().message);
  if (next != told_.end()) fail("the journal ends before what was told: " + describe(next->answer));
}

void Referee::check_told(ReferenceModel& model, const Told& told, const Record* record) {
  const std::string what = describe(told.command) + ": " + describe(told.answer);
  if (told.answer.outcome == Outcome::done) {
    if (record == nullptr || record->sequence != told.answer.sequence || !explains(told.command, *record))
      fail("told yes, and the journal does not have it: " + what);
    return;
  }
  const auto* wish = std::get_if<Reserve>(&told.command);
  if (told.answer.outcome == Outcome::replayed) {
    const auto found = by_key_.find({wish->buyer, wish->key});
    if (found == by_key_.end() || found->second.order != told.answer.order ||
        found->second.sequence != told.answer.sequence)
      fail("told an order that is not the key's: " + what);
    return;
  }
  // A refusal changes nothing, so the model may be asked the same.
  const Sequence before = model.sequence();
  Answer expected = model.execute(told.command, told.now);
  expected.order = told.answer.order;
  if (model.sequence() != before || !same(expected, told.answer))
    fail("told no, which was not so: " + what + "\n  expected: " + describe(expected));
  if (wish == nullptr || wish->key.empty() || told.answer.outcome == Outcome::idempotency_conflict) return;
  const auto found = by_key_.find({wish->buyer, wish->key});
  if (found != by_key_.end() && found->second.sequence <= told.answer.sequence)
    fail("told no, and there was an order under the key: " + what);
}

}  // namespace scalemart::sim
