#include "sequencer/ledger_record.hpp"

#include <algorithm>
#include <utility>

namespace scalemart {
namespace {

template <class C>
concept NamesProduct = requires(const C& c) {
  c.product;
};

}  // namespace

ProductRef LedgerRecord::product_of(const record::Payload& payload) const {
  return std::visit(
      [this]<class R>(const R& r) {
        if constexpr (NamesProduct<R>)
          return r.product;
        else
          return ledger_.brief(r.order)->product;
      },
      payload);
}

Sequence LedgerRecord::product_sequence(Sequence of_ledger) const {
  return of_ledger == 0 ? 0 : sequences_[of_ledger - 1];
}

Sequence LedgerRecord::current(ProductRef product) const {
  return index_of(product) < of_product_.size() ? of_product_[index_of(product)] : 0;
}

StockRecord LedgerRecord::stock_of(ProductRef product) const {
  return {product, ledger_.product(product).stock, current(product)};
}

void LedgerRecord::change(const Record& record, OrderId order, OrderStatus status, StatusReason reason,
                          RecordedBatch& batch) {
  const OrderBrief brief = *ledger_.brief(order);
  batch.changes.push_back({order, brief.buyer, brief.product, brief.quantity, status, reason, record.at,
                           product_sequence(record.sequence)});
}

void LedgerRecord::collect(const Record& record, RecordedBatch& batch) {
  const ProductRef product = product_of(record.payload);
  if (index_of(product) >= of_product_.size()) of_product_.resize(index_of(product) + 1);
  sequences_.push_back(++of_product_[index_of(product)]);
  batch.stocks.push_back({product, {}, 0});
  const auto terms = [&] { batch.terms.push_back(product); };
  const auto moved = [&](OrderId order, OrderStatus to, StatusReason reason = StatusReason::none) {
    change(record, order, to, reason, batch);
  };
  if (const auto* r = std::get_if<record::Reserved>(&record.payload)) {
    accepted_[r->order] = {static_cast<std::int64_t>(record.sequence),
                           record.at + std::chrono::milliseconds(r->hold_ms), false, r->key};
    moved(r->order, OrderStatus::pending);
  } else if (const auto* begun = std::get_if<record::Begun>(&record.payload)) {
    bool& moved_before = accepted_[begun->order].begun;  // only the first lease moves the order
    if (!std::exchange(moved_before, true)) moved(begun->order, OrderStatus::processing);
  } else if (const auto* confirmed = std::get_if<record::Confirmed>(&record.payload)) {
    moved(confirmed->order, OrderStatus::confirmed);
  } else if (const auto* failed = std::get_if<record::Failed>(&record.payload)) {
    moved(failed->order, OrderStatus::failed, failed->reason);
  } else if (const auto* expired = std::get_if<record::Expired>(&record.payload)) {
    moved(expired->order, OrderStatus::expired, StatusReason::hold_expired);
  } else if (const auto* cancelled = std::get_if<record::Cancelled>(&record.payload)) {
    moved(cancelled->order, OrderStatus::cancelled, StatusReason::cancelled_by_buyer);
  } else if (const auto* refunded = std::get_if<record::Refunded>(&record.payload)) {
    moved(refunded->order, OrderStatus::refunded, StatusReason::refunded_by_admin);
  } else if (std::holds_alternative<record::ProductCreated>(record.payload) ||
             std::holds_alternative<record::ProductChanged>(record.payload) ||
             std::holds_alternative<record::ProductRemoved>(record.payload) ||
             std::holds_alternative<record::PauseSet>(record.payload)) {
    terms();
  }
}

void LedgerRecord::decide(const Command& command, WallTime now, RecordedBatch& batch) {
  std::vector<Record> records;
  Answer answer = ledger_.execute(command, now, records);
  for (const Record& record : records) collect(record, batch);
  const bool accepted = std::holds_alternative<Reserve>(command) && is_success(answer.outcome);
  const bool nothing_named =
      answer.outcome == Outcome::order_not_found || std::holds_alternative<ExpireDue>(command) ||
      (std::holds_alternative<CreateProduct>(command) && answer.outcome == Outcome::invalid_value);
  answer.sequence = accepted ? product_sequence(answer.sequence) : nothing_named ? 0 : current(answer.product);
  if (!nothing_named) batch.stocks.push_back({answer.product, {}, 0});
  batch.answers.push_back(answer);
}

RecordedBatch LedgerRecord::commit(std::span<const Command> commands, WallTime now, std::chrono::milliseconds) {
  const std::lock_guard guard(mutex_);
  RecordedBatch batch;
  batch.fate = Fate::committed;
  for (const Command& command : commands) decide(command, now, batch);
  // Each product once, as it is now.
  auto& stocks = batch.stocks;
  std::erase_if(stocks, [this](const StockRecord& s) { return index_of(s.product) >= ledger_.product_count(); });
  std::sort(stocks.begin(), stocks.end(),
            [](const StockRecord& a, const StockRecord& b) { return index_of(a.product) < index_of(b.product); });
  stocks.erase(std::unique(stocks.begin(), stocks.end(),
                           [](const StockRecord& a, const StockRecord& b) { return a.product == b.product; }),
               stocks.end());
  for (StockRecord& stock : stocks) stock = stock_of(stock.product);
  std::vector<ProductRef> terms;
  for (const ProductRef product : batch.terms)
    if (std::find(terms.begin(), terms.end(), product) == terms.end()) terms.push_back(product);
  batch.terms = std::move(terms);
  return batch;
}

OrderView LedgerRecord::view(OrderView of_ledger) const {
  of_ledger.sequence = product_sequence(of_ledger.sequence);
  return of_ledger;
}

Result<std::vector<std::optional<OrderView>>> LedgerRecord::find(std::span<const OrderId> ids,
                                                                 std::chrono::milliseconds) {
  const std::lock_guard guard(mutex_);
  std::vector<std::optional<OrderView>> views;
  for (const OrderId id : ids) {
    auto found = ledger_.find(id);
    views.push_back(found ? std::optional(view(std::move(*found))) : std::nullopt);
  }
  return views;
}

Result<std::vector<std::optional<OrderView>>> LedgerRecord::find_by_key(std::span<const BuyerKey> keys,
                                                                        std::chrono::milliseconds) {
  const std::lock_guard guard(mutex_);
  std::vector<std::optional<OrderView>> views;
  for (const BuyerKey& key : keys) {
    auto found = ledger_.find_by_key(key.buyer, key.key);
    views.push_back(found ? std::optional(view(std::move(*found))) : std::nullopt);
  }
  return views;
}

Result<std::vector<OrderView>> LedgerRecord::of_buyer(UserId buyer, OrderId before, std::size_t limit,
                                                      std::chrono::milliseconds) {
  const std::lock_guard guard(mutex_);
  std::vector<OrderView> views = ledger_.of_buyer(buyer, before, limit);
  for (OrderView& each : views) each = view(std::move(each));
  return views;
}

Result<std::vector<UsedKey>> LedgerRecord::used_keys(OrderId after, std::size_t limit, std::chrono::milliseconds) {
  const std::lock_guard guard(mutex_);
  std::vector<UsedKey> keys;
  ledger_.for_each_order([&](const OrderBrief& order) {
    if (!order.key.empty() && order.id > after) keys.push_back({order.id, {order.buyer, order.key}, order.product});
  });
  std::sort(keys.begin(), keys.end(), [](const UsedKey& a, const UsedKey& b) { return a.order < b.order; });
  keys.resize(std::min(keys.size(), limit));
  return keys;
}

Result<std::vector<ProductRecord>> LedgerRecord::products(std::chrono::milliseconds) {
  const std::lock_guard guard(mutex_);
  std::vector<ProductRecord> products;
  std::vector<std::uint64_t> orders(ledger_.product_count());
  ledger_.for_each_order([&](const OrderBrief& order) { ++orders[index_of(order.product)]; });
  for (std::uint32_t i = 0; i < ledger_.product_count(); ++i) {
    const Product& p = ledger_.product(ProductRef{i});
    products.push_back({ProductRef{i}, p.spec, p.stock, p.paused, p.removed, current(ProductRef{i}), orders[i]});
  }
  return products;
}

SweptOrder LedgerRecord::swept(const UnfinishedOrder& unfinished) const {
  const OrderView& order = unfinished.order;
  SweptOrder swept;
  OpenOrder& open = swept.order;
  open.id = order.id;
  open.buyer = order.buyer;
  open.product = order.product;
  open.sequence = product_sequence(order.sequence);
  open.unit_price = order.unit_price;
  open.quantity = static_cast<std::uint8_t>(order.quantity);
  open.fence = unfinished.fence;
  open.begun = order.status == OrderStatus::processing;
  open.unresolved = open.begun;
  open.lane = order.status == OrderStatus::confirmed ? Lane::paper : Lane::sale;
  open.invoice_done = unfinished.invoice_done;
  for (const StatusChange& change : order.history) {
    if (change.status == OrderStatus::pending) open.created = change.at;
    if (change.status == OrderStatus::confirmed) open.confirmed = change.at;
  }
  const Accepted& accepted = accepted_.at(order.id);
  swept.key = accepted.key;
  swept.mail_done = unfinished.mail_done;
  swept.parked = unfinished.parked;
  swept.hold_ends = accepted.hold_ends;
  return swept;
}

Result<Sweep> LedgerRecord::unfinished(SweepCursor after, std::size_t limit, std::chrono::milliseconds) {
  const std::lock_guard guard(mutex_);
  struct Placed {
    SweepCursor at;
    SweptOrder order;
  };
  const auto less = [](const SweepCursor& a, const SweepCursor& b) {
    return std::pair(a.due_ms, a.number) < std::pair(b.due_ms, b.number);
  };
  std::vector<Placed> all;
  ledger_.for_each_unfinished([&](const UnfinishedOrder& unfinished) {
    const Accepted& accepted = accepted_.at(unfinished.order.id);
    const SweepCursor at{accepted.hold_ends.ms, accepted.number};
    if (less(after, at)) all.push_back({at, swept(unfinished)});
  });
  std::sort(all.begin(), all.end(), [&](const Placed& a, const Placed& b) { return less(a.at, b.at); });
  Sweep sweep;
  sweep.next = after;
  sweep.finished = all.size() < limit;
  all.resize(std::min(all.size(), limit));
  for (const Placed& placed : all) {
    sweep.next = placed.at;
    sweep.orders.push_back(placed.order);
  }
  return sweep;
}

Result<std::vector<DeadLetter>> LedgerRecord::dead_letters(std::size_t limit, std::chrono::milliseconds) {
  const std::lock_guard guard(mutex_);
  std::vector<SweptOrder> open;
  ledger_.for_each_unfinished([&](const UnfinishedOrder& unfinished) {
    if (unfinished.parked) open.push_back(swept(unfinished));
  });
  const std::vector<ParkedOrder> parked = ledger_.parked();  // in the same order
  std::vector<DeadLetter> letters;
  for (std::size_t i = 0; i < parked.size() && i < limit; ++i)
    letters.push_back({open[i].order, parked[i].step, parked[i].attempts, parked[i].reason, parked[i].since});
  return letters;
}

Result<std::optional<WallTime>> LedgerRecord::next_expiry(std::chrono::milliseconds) {
  const std::lock_guard guard(mutex_);
  return ledger_.next_expiry();
}

Result<Recount> LedgerRecord::recount(std::chrono::milliseconds) {
  const std::lock_guard guard(mutex_);
  Recount recount{ledger_.product_count(), ledger_.order_count(), {}};
  for (const Drift& drift : ledger_.recount())
    recount.drift.push_back({drift.product, drift.what, drift.expected, drift.found});
  return recount;
}

Sequence LedgerRecord::records() const {
  const std::lock_guard guard(mutex_);
  return ledger_.sequence();
}

}  // namespace scalemart
