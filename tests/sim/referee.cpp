#include "tests/sim/referee.hpp"

#include <algorithm>
#include <utility>

#include "tests/sim/record_rules.hpp"

namespace scalemart::sim {
namespace {

/// What the disk's last room is not for.
bool needs_room(const Command& command) {
  return std::holds_alternative<Reserve>(command) || std::holds_alternative<CreateProduct>(command) ||
         std::holds_alternative<ChangeProduct>(command) || std::holds_alternative<AdjustStock>(command);
}

bool is_told(const Command& command) {
  return std::holds_alternative<Reserve>(command) || std::holds_alternative<Cancel>(command);
}

bool is_arrow(OrderStatus from, OrderStatus to) {
  using enum OrderStatus;
  return (from == pending && (to == processing || to == expired || to == cancelled)) ||
         (from == processing && (to == confirmed || to == failed)) || (from == confirmed && to == refunded);
}

}  // namespace

void Referee::fail(const std::string& what) {
  if (violation_.empty()) violation_ = what;
}

const ReferenceModel::Order* Referee::find(OrderId id) const {
  const auto at = places_.find(id);
  return at == places_.end() ? nullptr : &model_.orders()[at->second];
}

// --- as it happens

void Referee::committed(std::span<const Record> records) {
  if (explained_ != round_.size()) fail("a batch was committed before the one before it was answered");
  ++batches_;
  round_.assign(records.begin(), records.end());
  explained_ = 0;
  touched_.clear();
  touched_products_.clear();
}

void Referee::answered(const Ticket& ticket, const Answer& answer, const Round& round, Sequence floor) {
  ++tally_.operations;
  ++tally_.outcomes[static_cast<std::size_t>(answer.outcome)];
  const bool too_late = ticket.deadline != SteadyTime{} && round.at > ticket.deadline;
  const bool no_room = !round.room && needs_room(ticket.command);
  const Sequence before = model_.sequence();
  Answer expected;
  if (too_late || no_room) {
    expected.outcome = too_late ? Outcome::overloaded : Outcome::read_only;
    expected.sequence = before;
    tally_.add(too_late ? Happened::deadline_passed : Happened::buy_refused_read_only);
  } else {
    expected = model_.execute(ticket.command, round.now);
  }
  if (!same(answer, expected))
    return fail(describe(ticket.command) + "\n  answered: " + describe(answer) + "\n  expected: " + describe(expected));
  for (Sequence s = before; s < model_.sequence(); ++s) {
    if (explained_ == round_.size())
      return fail("answered before it was durable: " + describe(ticket.command) + ": " + describe(answer));
    const Record& record = round_[explained_++];
    if (record.sequence != s + 1 || !explains(ticket.command, record) || record.at < round.now)
      return fail(describe(ticket.command) + " became another record: " + describe(record));
    if (const auto* r = std::get_if<record::Reserved>(&record.payload); r && r->unit_price != answer.unit_price)
      return fail("the price of " + describe(record) + " is not the one that was answered");
    note(record);
  }
  // Real time: who asked after somebody had his answer is not answered from before it.
  const bool new_order = std::holds_alternative<Reserve>(ticket.command) && answer.outcome == Outcome::done;
  const bool in_order =
      answer.outcome == Outcome::replayed || (new_order ? answer.sequence > floor : answer.sequence >= floor);
  if (!in_order) return fail("answered from before " + std::to_string(floor) + ": " + describe(answer));
  floor_ = std::max(floor_, answer.sequence);
  if (is_told(ticket.command) && !too_late && !no_room) told_.push_back({ticket.command, answer, round.now});
}

void Referee::refused_quickly(const Reserve& wish, const Answer& answer, WallTime now) {
  ++tally_.operations;
  tally_.add(Happened::refused_quickly);
  const Sequence before = model_.sequence();
  Answer expected = model_.execute(wish, now);
  expected.order = answer.order;
  if (answer.outcome == Outcome::product_not_found && answer.sequence == 0) expected.sequence = 0;  // never decided
  if (model_.sequence() != before || !same(answer, expected))
    return fail("refused without the ledger: " + describe(wish) + "\n  answered: " + describe(answer) +
                "\n  expected: " + describe(expected));
  if (answer.sequence != 0) told_.push_back({wish, answer, now});
  floor_ = std::max(floor_, answer.sequence);
}

/// A record that the model has just made, too.
void Referee::note(const Record& record) {
  ++tally_.records;
  const auto& orders = model_.orders();
  if (const auto* r = std::get_if<record::Reserved>(&record.payload)) {
    places_.emplace(r->order, orders.size() - 1);
    statuses_.push_back(OrderStatus::pending);
    if (!r->key.empty() && !by_key_.try_emplace({r->buyer, r->key}, ByKey{r->order, record.sequence}).second)
      fail("a second order under one key: " + describe(record));
  }
  if (const auto* r = std::get_if<record::Parked>(&record.payload); r) tally_.add(Happened::dead_letter);
  if (const auto* r = std::get_if<record::StepFinished>(&record.payload); r && r->skipped)
    skipped_.insert({r->order, r->step});
  const OrderId id = order_of(record);
  if (id.empty()) {
    std::visit(
        [this]<class R>(const R& r) {
          if constexpr (requires { r.product; }) touch(index_of(r.product));
        },
        record.payload);
    return;
  }
  touched_.push_back(id);
  const auto at = places_.find(id);
  if (at == places_.end()) return fail("of an order that is not there: " + describe(record));
  const ReferenceModel::Order& order = orders[at->second];
  touch(order.product);
  OrderStatus& known = statuses_[at->second];
  if (known == order.status) return;
  if (!is_arrow(known, order.status))
    fail("from " + std::string(to_text(known)) + " to " + std::string(to_text(order.status)) + ": " + describe(record));
  ++tally_.edges[static_cast<std::size_t>(known)][static_cast<std::size_t>(order.status)];
  known = order.status;
  check_money(order);
}

void Referee::touch(std::uint32_t product) {
  if (std::find(touched_products_.begin(), touched_products_.end(), product) == touched_products_.end())
    touched_products_.push_back(product);
}

void Referee::check_money(const ReferenceModel::Order& order) {
  const MinorUnits total = order.price * order.quantity;
  const MinorUnits has = bank_.has(order.id);
  if (has == (order.status == OrderStatus::confirmed ? total : 0) || (is_open(order.status) && has == total)) return;
  const Bank::Account account = bank_.accounts().contains(order.id) ? bank_.accounts().at(order.id) : Bank::Account{};
  const std::string who = "order " + to_string(order.id) + " is " + std::string(to_text(order.status)) + " (taken " +
                          std::to_string(account.taken) + ", returned " + std::to_string(account.returned) +
                          (account.cancelled ? ", cancelled" : "") + ")";
  if (has != 0 && has != total)
    return fail(who + " and the money taken is " + std::to_string(has) + " of " + std::to_string(total));
  using enum OrderStatus;
  if (order.status == confirmed && has != total) fail(who + " without its money");
  const bool unsold =
      order.status == failed || order.status == expired || order.status == cancelled || order.status == refunded;
  if (unsold && has != 0) fail(who + " and its money was kept");
}

void Referee::captured(OrderId id) {
  const ReferenceModel::Order* order = find(id);
  if (order == nullptr || order->status != OrderStatus::processing)
    return fail("money was taken for order " + to_string(id) + " which is " +
                (order == nullptr ? "unknown" : std::string(to_text(order->status))));
  const Bank::Account& account = bank_.accounts().at(id);
  if (account.captures > 1) fail("order " + to_string(id) + " was charged twice");
  if (account.taken != order->price * order->quantity) fail("order " + to_string(id) + " was charged a wrong amount");
}

void Referee::voided(OrderId id) {
  const ReferenceModel::Order* order = find(id);
  if (order != nullptr && order->status == OrderStatus::confirmed)
    fail("the money of order " + to_string(id) + " was given back, and it is confirmed");
}

void Referee::after_round(const Ledger& ledger, const Catalogue& catalogue) {
  if (explained_ != round_.size()) return fail("nobody was answered for " + describe(round_[explained_]));
  if (ledger.sequence() != model_.sequence())
    return fail("the ledger is at " + std::to_string(ledger.sequence()) + ", the model at " +
                std::to_string(model_.sequence()));
  if (round_.empty()) return;
  for (const OrderId id : touched_) compare_order(ledger, *find(id));
  const auto offers = catalogue.current();
  for (const std::uint32_t p : touched_products_) {
    compare_product(ledger, p);
    const LiveStock::State live = catalogue.read(offers->at(ProductRef{p}));
    if (live.stock != ledger.product(ProductRef{p}).stock || live.sequence != ledger.sequence())
      fail("what is published of product " + std::to_string(p) + " is not the durable state");
  }
  round_.clear();
  explained_ = 0;
}

// --- comparing

void Referee::compare_product(const Ledger& ledger, std::uint32_t product) {
  const Product& found = ledger.product(ProductRef{product});
  const Stock expected = model_.stock(product);
  if (found.stock != expected || found.paused != model_.paused(product) || found.removed != model_.removed(product))
    fail("product " + std::to_string(product) + ": available " + std::to_string(found.stock.available) + " held " +
         std::to_string(found.stock.held) + " sold " + std::to_string(found.stock.sold) + ", expected " +
         std::to_string(expected.available) + " " + std::to_string(expected.held) + " " +
         std::to_string(expected.sold));
  if (expected.available < 0 || expected.held + expected.sold > expected.total)
    fail("oversold: product " + std::to_string(product));
}

void Referee::compare_order(const Ledger& ledger, const ReferenceModel::Order& order) {
  const auto found = ledger.find(order.id);
  if (!found) return fail("order " + to_string(order.id) + " is lost");
  if (found->status != order.status || found->reason != order.reason || found->buyer != order.buyer ||
      found->quantity != order.quantity || found->unit_price != order.price || found->sequence != order.sequence ||
      found->history.front().at.ms != order.created)
    return fail("order " + to_string(order.id) + " is " + std::string(to_text(found->status)) + ", expected " +
                std::string(to_text(order.status)));
  if (order.key.empty()) return;
  const auto by_key = ledger.find_by_key(order.buyer, order.key);
  if (!by_key || by_key->id != order.id) fail("order " + to_string(order.id) + " is not found by its key");
}

void Referee::compare_everything(Ledger& ledger) {
  if (ledger.sequence() != model_.sequence() || ledger.product_count() != model_.product_count() ||
      ledger.order_count() != model_.orders().size())
    return fail("the ledger has " + std::to_string(ledger.order_count()) + " orders at " +
                std::to_string(ledger.sequence()));
  for (std::uint32_t p = 0; p < model_.product_count(); ++p) compare_product(ledger, p);
  for (const auto& order : model_.orders()) compare_order(ledger, order);
  if (ledger.next_expiry() != model_.next_expiry()) fail("the next hold does not end when it should");
  if (const auto drift = ledger.recount(); !drift.empty()) fail("drift: " + drift.front().what);

  const std::vector<ParkedOrder> parked = ledger.parked();
  std::vector<UnfinishedOrder> unfinished;
  ledger.for_each_unfinished([&](const UnfinishedOrder& order) { unfinished.push_back(order); });
  std::size_t next_parked = 0;
  std::size_t next = 0;
  for (const auto& order : model_.orders()) {
    if (order.parked) {
      if (next_parked == parked.size() || parked[next_parked].order != order.id ||
          parked[next_parked].step != *order.parked || parked[next_parked].reason.empty())
        return fail("dead letter " + to_string(order.id) + " is not what it was");
      ++next_parked;
    }
    if (!is_open(order.status) && !(order.status == OrderStatus::confirmed && !(order.invoice && order.mail))) continue;
    if (next == unfinished.size() || unfinished[next].order.id != order.id || unfinished[next].fence != order.fence ||
        unfinished[next].invoice_done != order.invoice || unfinished[next].mail_done != order.mail ||
        unfinished[next].parked != order.parked.has_value())
      return fail("unfinished order " + to_string(order.id) + " is not what it was");
    ++next;
  }
  if (next_parked != parked.size() || next != unfinished.size())
    fail("there are dead letters or unfinished orders too many");
}

}  // namespace scalemart::sim
