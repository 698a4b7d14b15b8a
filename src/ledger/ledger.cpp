// The ledger as its readers see it.
#include "ledger/ledger.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace scalemart {

Ledger::Ledger()
    : orders_(std::make_unique<OrderTable>()),
      buyers_(std::make_unique<BuyerBook>(*orders_)),
      holds_(std::make_unique<HoldQueue>(*orders_)) {}
Ledger::~Ledger() = default;
Ledger::Ledger(Ledger&&) noexcept = default;
Ledger& Ledger::operator=(Ledger&&) noexcept = default;

OrderView Ledger::view(Row order) const {
  const OrderRow& row = orders_->at(order);
  const ProductSpec& spec = *products_[row.product]->spec;
  OrderView v;
  v.id = row.id.get();
  v.buyer = buyers_->id_of(row.buyer);
  v.product = ProductRef{row.product};
  v.product_id = spec.id;
  v.quantity = row.quantity();
  v.unit_price = static_cast<MinorUnits>(row.unit_price.get());
  v.currency = spec.currency;
  v.status = row.status();
  v.reason = row.reason();
  v.sequence = row.sequence.get();

  const bool was_processing =
      v.status != OrderStatus::pending && v.status != OrderStatus::expired && v.status != OrderStatus::cancelled;
  v.history.reserve(4);
  v.history.push_back({OrderStatus::pending, row.created.time()});
  if (was_processing) v.history.push_back({OrderStatus::processing, row.begun.time()});
  if (!is_open(v.status))
    v.history.push_back({v.status == OrderStatus::refunded ? OrderStatus::confirmed : v.status, row.ended.time()});
  if (v.status == OrderStatus::refunded) v.history.push_back({OrderStatus::refunded, row.refunded.time()});
  return v;
}

std::optional<OrderView> Ledger::find(OrderId id) const {
  const Row order = orders_->find(id);
  if (order == kNoRow) return std::nullopt;
  return view(order);
}

std::optional<OrderView> Ledger::find_by_key(UserId buyer, KeyDigest key) const {
  const Row who = buyers_->find(buyer);
  if (who == kNoRow || key.empty()) return std::nullopt;
  const Row order = buyers_->find_order(who, key);
  if (order == kNoRow) return std::nullopt;
  return view(order);
}

std::vector<OrderView> Ledger::of_buyer(UserId buyer, OrderId before, std::size_t limit) const {
  std::vector<OrderView> found;
  const Row who = buyers_->find(buyer);
  if (who == kNoRow) return found;
  Row order = buyers_->newest_order(who);
  if (!before.empty()) {
    const Row from = orders_->find(before);
    if (from == kNoRow || orders_->at(from).buyer != who) return found;
    order = orders_->at(from).previous;
  }
  for (; order != kNoRow && found.size() < limit; order = orders_->at(order).previous) found.push_back(view(order));
  return found;
}

const Product& Ledger::product(ProductRef ref) const {
  SCALEMART_CHECK(index_of(ref) < products_.size());
  return *products_[index_of(ref)];
}

std::optional<ProductRef> Ledger::find_product(std::string_view slug) const {
  const auto found = slugs_.find(slug);
  if (found == slugs_.end()) return std::nullopt;
  return found->second;
}

std::vector<ParkedOrder> Ledger::parked() const {
  std::vector<ParkedOrder> list;
  orders_->for_each_parked([&](Row order, const ParkedNote& note) {
    list.push_back({orders_->at(order).id.get(), note.step, note.attempts, note.reason, note.since});
  });
  return list;
}

void Ledger::for_each_unfinished(const std::function<void(const UnfinishedOrder&)>& visit) const {
  for (Row order = 0; order < orders_->size(); ++order) {
    const OrderRow& row = orders_->at(order);
    if (!is_open(row.status()) && !row.has_steps_left()) continue;
    visit({view(order), row.fence(), row.invoice() != StepState::open, row.mail() != StepState::open, row.parked()});
  }
}

std::optional<WallTime> Ledger::next_expiry() {
  const Row order = holds_->front();
  if (order == kNoRow) return std::nullopt;
  return orders_->at(order).expires_at();
}

}  // namespace scalemart
