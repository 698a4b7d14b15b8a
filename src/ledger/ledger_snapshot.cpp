// Sharing the state, building it again, and proving it.
#include <openssl/evp.h>

#include <algorithm>

#include "base/check.hpp"
#include "ledger/ledger.hpp"
#include "ledger/rules.hpp"
#include "ledger/snapshot_codec.hpp"

namespace scalemart {
namespace {

/// What one order holds of its product's stock.
void count_units(const OrderRow& order, Stock& stock) {
  if (is_open(order.status())) stock.held += order.quantity();
  if (order.status() == OrderStatus::confirmed) stock.sold += order.quantity();
}

bool is_whole(const OrderRow& order) {
  const bool paper_open = order.invoice() == StepState::open && order.mail() == StepState::open;
  const bool was_confirmed = order.status() == OrderStatus::confirmed || order.status() == OrderStatus::refunded;
  return static_cast<int>(order.status()) < kOrderStatusCount && order.reason() <= StatusReason::refunded_by_admin &&
         order.invoice() <= StepState::skipped && order.mail() <= StepState::skipped && (order.bits >> 15) == 0 &&
         order.quantity() >= 1 && order.quantity() <= kQuantityMax && (was_confirmed || paper_open) &&
         order.unit_price.get() <= static_cast<std::uint64_t>(kPriceMax) && !order.id.get().empty();
}

/// The notes of a chunk belong one to one to its parked orders.
bool notes_match(const OrderChunk& chunk, Row rows) {
  std::size_t next = 0;
  for (Row i = 0; i < rows; ++i) {
    if (!chunk.rows[i].parked()) continue;
    if (next == chunk.parked.size() || chunk.parked[next].offset != i) return false;
    const Step step = chunk.parked[next++].step;
    const OrderStatus status = chunk.rows[i].status();
    const bool fits = rules::is_paperwork(step)
                          ? status == OrderStatus::confirmed && !rules::is_finished(chunk.rows[i], step)
                          : status == OrderStatus::processing;
    if (!fits) return false;
  }
  return next == chunk.parked.size();
}

struct DigestFree {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

Row chunks_for(Row count, Row rows) {
  return (count + rows - 1) / rows;
}

}  // namespace

Snapshot Ledger::shared_state() const {
  Snapshot s;
  s.sequence = sequence_;
  s.last_time = last_time_;
  s.products.reserve(products_.size());
  for (const auto& product : products_) s.products.push_back(*product);
  s.order_count = orders_->size();
  s.orders = orders_->share();
  s.orders.resize(chunks_for(s.order_count, OrderChunk::kRows));  // room made for an order that never came
  s.buyer_count = buyers_->size();
  s.buyers = buyers_->share();
  s.buyers.resize(chunks_for(s.buyer_count, BuyerChunk::kRows));
  return s;
}

Snapshot Ledger::snapshot() {
  Snapshot s = shared_state();
  orders_->freeze();
  return s;
}

Result<Ledger> Ledger::from_snapshot(const Snapshot& snapshot) {
  Ledger ledger;
  if (auto restored = ledger.restore(snapshot); !restored) return restored.error();
  return ledger;
}

Result<void> Ledger::restore(const Snapshot& s) {
  const auto bad = [](const std::string& what) { return error("snapshot: " + what); };
  if (s.orders.size() != chunks_for(s.order_count, OrderChunk::kRows) ||
      s.buyers.size() != chunks_for(s.buyer_count, BuyerChunk::kRows))
    return bad("its parts are not as many as its counts say");
  sequence_ = s.sequence;
  last_time_ = s.last_time;

  for (const Product& product : s.products) {
    const ProductRef ref{product_count()};
    if (!product.spec || !rules::is_valid(*product.spec) || !rules::is_valid_total(product.stock.total))
      return bad("product " + std::to_string(index_of(ref)) + " is damaged");
    if (!slugs_.emplace(product.spec->id, ref).second) return bad("product " + product.spec->id + " is there twice");
    products_.push_back(std::make_unique<Product>(product));
  }
  if (!buyers_->restore(s.buyers, s.buyer_count)) return bad("a buyer is there twice");
  for (std::size_t c = 0; c < s.orders.size(); ++c)
    if (const auto first = static_cast<Row>(c * OrderChunk::kRows);
        !notes_match(*s.orders[c], std::min(s.order_count - first, OrderChunk::kRows)))
      return bad("dead letters do not match their orders");
  if (!orders_->restore(s.orders, s.order_count)) return bad("an order is there twice");

  Sequence last_sequence = 0;
  for (Row order = 0; order < s.order_count; ++order) {
    const OrderRow& row = orders_->at(order);
    const Sequence sequence = row.sequence.get();
    if (!is_whole(row) || row.buyer >= s.buyer_count || row.product >= products_.size() || sequence <= last_sequence ||
        sequence > s.sequence || row.created.time() > s.last_time || row.previous != buyers_->newest_order(row.buyer))
      return bad("order " + to_string(row.id.get()) + " is damaged");
    last_sequence = sequence;
    ++by_status_[static_cast<std::size_t>(row.status())];
    buyers_->restore_order(order);
    if (row.status() != OrderStatus::pending) continue;
    holds_->make_room();
    holds_->push(order);
  }
  if (const auto drift = recount(); !drift.empty()) return bad("counts do not match its orders: " + drift.front().what);
  return {};
}

std::array<std::byte, 32> Ledger::state_hash() const {
  const std::unique_ptr<EVP_MD_CTX, DigestFree> context(EVP_MD_CTX_new());
  SCALEMART_CHECK(context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1);
  const auto written = write_snapshot(shared_state(), [&](std::span<const std::byte> block) -> Result<void> {
    SCALEMART_CHECK(EVP_DigestUpdate(context.get(), block.data(), block.size()) == 1);
    return {};
  });
  SCALEMART_CHECK(written.has_value());
  std::array<std::byte, 32> hash;
  SCALEMART_CHECK(EVP_DigestFinal_ex(context.get(), reinterpret_cast<unsigned char*>(hash.data()), nullptr) == 1);
  return hash;
}

std::vector<Drift> Ledger::recount() const {
  std::vector<Stock> expected(products_.size());
  std::array<std::uint64_t, kOrderStatusCount> statuses{};
  std::size_t parked_orders = 0;
  for (Row order = 0; order < orders_->size(); ++order) {
    const OrderRow& row = orders_->at(order);
    count_units(row, expected[row.product]);
    ++statuses[static_cast<std::size_t>(row.status())];
    if (row.parked()) ++parked_orders;
  }

  std::vector<Drift> drift;
  const auto compare = [&](ProductRef ref, const std::string& what, std::int64_t want, std::int64_t found) {
    if (want != found) drift.push_back({ref, what, want, found});
  };
  for (std::uint32_t i = 0; i < product_count(); ++i) {
    const Stock& found = products_[i]->stock;
    const std::string& id = products_[i]->spec->id;
    compare(ProductRef{i}, "held of " + id, expected[i].held, found.held);
    compare(ProductRef{i}, "sold of " + id, expected[i].sold, found.sold);
    compare(ProductRef{i}, "available of " + id, found.total - expected[i].held - expected[i].sold, found.available);
    if (found.available < 0) drift.push_back({ProductRef{i}, "oversold: " + id, 0, found.available});
  }
  for (std::size_t i = 0; i < statuses.size(); ++i)
    compare(ProductRef{}, "orders " + std::string(to_text(static_cast<OrderStatus>(i))),
            static_cast<std::int64_t>(statuses[i]), static_cast<std::int64_t>(by_status_[i]));
  compare(ProductRef{}, "dead letters", static_cast<std::int64_t>(parked_orders),
          static_cast<std::int64_t>(parked_count()));
  if (const auto difference = buyers_->first_difference())
    compare(ProductRef{difference->product}, "units of buyer " + to_string(buyers_->id_of(difference->buyer)),
            static_cast<std::int64_t>(difference->expected), static_cast<std::int64_t>(difference->found));
  return drift;
}

}  // namespace scalemart
