#include "app/folder_shop.hpp"

#include "app/folder_verification.hpp"
#include "backend/embedded/account_look.hpp"
#include "backend/embedded/audit_look.hpp"
#include "backend/embedded/moved_mark.hpp"
#include "base/utf8.hpp"
#include "port/audit_chain.hpp"

namespace scalemart {
namespace {

constexpr std::size_t kPortion = 1000;

Refusal cannot_run(const Error& why) {
  return {Refusal::Kind::cannot_run, "", why.message};
}

template <class R>
concept NamesProduct = requires(const R& r) {
  r.product;
};

ProductRef product_of(const record::Payload& payload, const Ledger& ledger) {
  return std::visit(
      [&ledger]<class R>(const R& r) {
        if constexpr (NamesProduct<R>)
          return r.product;
        else
          return ledger.brief(r.order)->product;
      },
      payload);
}

std::optional<ProductEvent> event_of(const record::Payload& payload) {
  using Kind = ProductEvent::Kind;
  ProductEvent event;
  if (const auto* created = std::get_if<record::ProductCreated>(&payload)) {
    event.delta = created->total;
  } else if (std::holds_alternative<record::ProductChanged>(payload)) {
    event.kind = Kind::changed;
  } else if (std::holds_alternative<record::ProductRemoved>(payload)) {
    event.kind = Kind::removed;
  } else if (const auto* adjusted = std::get_if<record::StockAdjusted>(&payload)) {
    event.kind = Kind::adjusted;
    event.delta = adjusted->delta;
    event.reason = adjusted->reason;
  } else if (const auto* pause = std::get_if<record::PauseSet>(&payload)) {
    event.kind = pause->paused ? Kind::paused : Kind::resumed;
  } else {
    return std::nullopt;
  }
  return event;
}

/// Passes accounts on with texts that a database can hold.
class CleanAccounts final : public ShopSink {
 public:
  CleanAccounts(ShopSink& to, std::function<std::string(const std::string&)> clean)
      : to_(to), clean_(std::move(clean)) {}

  Result<void> take(std::span<const CopiedProduct>) override { return {}; }
  Result<void> take(std::span<const ProductEvent>) override { return {}; }
  Result<void> take(std::span<const CopiedOrder>) override { return {}; }
  Result<void> take(std::span<const CopiedUser> rows) override {
    std::vector<CopiedUser> users(rows.begin(), rows.end());
    for (CopiedUser& user : users) {
      user.account.email = clean_(user.account.email);
      user.account.name = clean_(user.account.name);
    }
    return to_.take(std::span<const CopiedUser>(users));
  }
  Result<void> take(std::span<const CopiedLogin> rows) override { return to_.take(rows); }
  Result<void> take(std::span<const CopiedRevocation> rows) override { return to_.take(rows); }
  Result<void> take(std::span<const AuditRow> rows) override {
    std::vector<AuditRow> trail(rows.begin(), rows.end());
    for (AuditRow& row : trail) {
      // It was whole, and is chained again: to the same hashes unless a text had to change.
      AuditEntry& e = row.entry;
      for (std::string* text : {&e.who, &e.what, &e.target, &e.from, &e.before, &e.after}) *text = clean_(*text);
      last_ = row.hash = audit_hash(last_, row.sequence, e);
    }
    return to_.take(std::span<const AuditRow>(trail));
  }
  Result<void> take(std::span<const Setting> rows) override {
    std::vector<Setting> settings(rows.begin(), rows.end());
    for (Setting& setting : settings) setting.json = clean_(setting.json);
    return to_.take(std::span<const Setting>(settings));
  }

 private:
  ShopSink& to_;
  std::function<std::string(const std::string&)> clean_;
  Digest256 last_{};
};

}  // namespace

FolderShop::FolderShop(std::filesystem::path path, FolderLook look)
    : path_(std::move(path)),
      look_(std::move(look)),
      verification_([this](const Record& record, const Ledger& ledger) { note(record, ledger); }) {}

Done<std::unique_ptr<FolderShop>> FolderShop::open(const std::filesystem::path& folder) {
  auto look = FolderLook::open(folder);
  if (!look) return cannot_run(look.error());
  std::unique_ptr<FolderShop> shop(new FolderShop(folder, std::move(*look)));
  if (const auto taken = take_journal(folder, shop->verification_); !taken) return taken.error();
  shop->proof_ = shop->verification_.report();
  if (!shop->proof_.ok)
    return Refusal{Refusal::Kind::refused, "journal_damaged",
                   folder.string() + ": " + shop->proof_.problems.front() + "; see scalemart verify"};
  const auto trail = look_at_audit(folder / "accounts.db");
  if (!trail) return cannot_run(trail.error());
  if (trail->first_bad != 0)
    return Refusal{Refusal::Kind::refused, "journal_damaged",
                   folder.string() + ": the audit trail was changed at row " + std::to_string(trail->first_bad)};
  shop->ledger_ = shop->verification_.snapshot();
  return shop;
}

void FolderShop::note(const Record& record, const Ledger& ledger) {
  const ProductRef product = product_of(record.payload, ledger);
  if (index_of(product) >= trails_.size()) trails_.resize(index_of(product) + 1);
  trails_[index_of(product)] = {record.sequence, record.at};
  if (auto event = event_of(record.payload)) {
    event->product = product;
    event->sequence = record.sequence;
    event->at = record.at;
    events_.push_back(std::move(*event));
  } else if (const auto* reserved = std::get_if<record::Reserved>(&record.payload)) {
    holds_.push_back(reserved->hold_ms);
  } else if (const auto* confirmed = std::get_if<record::Confirmed>(&record.payload)) {
    payments_[confirmed->order] = {references_.size(), static_cast<std::uint32_t>(confirmed->payment_reference.size())};
    references_ += confirmed->payment_reference;
  }
}

std::string FolderShop::clean(const std::string& text) {
  if (is_plain_utf8(text)) return text;
  ++changed_texts_;
  return as_plain_utf8(text);
}

Result<void> FolderShop::read(ShopSink& sink) {
  changed_texts_ = 0;
  if (auto sale = read_sale(sink); !sale) return sale;
  auto accounts = AccountLook::open(path_ / "accounts.db");
  if (!accounts) return accounts.error();
  CleanAccounts cleaned(sink, [this](const std::string& text) { return clean(text); });
  return accounts->read(cleaned);
}

Result<void> FolderShop::read_sale(ShopSink& sink) {
  std::vector<CopiedProduct> products;
  for (std::size_t i = 0; i < ledger_.products.size(); ++i) {
    const Product& p = ledger_.products[i];
    auto spec = std::make_shared<ProductSpec>(*p.spec);
    spec->details.name = clean(spec->details.name);
    spec->details.description = clean(spec->details.description);
    spec->details.image_url = clean(spec->details.image_url);
    products.push_back({ProductRef{static_cast<std::uint32_t>(i)}, std::move(spec), p.stock, p.paused, p.removed,
                        trails_[i].sequence, trails_[i].last_at});
  }
  if (auto taken = sink.take(std::span<const CopiedProduct>(products)); !taken) return taken;

  std::vector<ProductEvent> events = events_;
  for (ProductEvent& event : events) event.reason = clean(event.reason);
  if (auto taken = sink.take(std::span<const ProductEvent>(events)); !taken) return taken;

  std::vector<CopiedOrder> orders;
  for (Row place = 0; place < ledger_.order_count; ++place) {
    const OrderChunk& chunk = *ledger_.orders[place / OrderChunk::kRows];
    orders.push_back(order_of(chunk.rows[place % OrderChunk::kRows], place));
    if (orders.size() < kPortion && place + 1 < ledger_.order_count) continue;
    if (auto taken = sink.take(std::span<const CopiedOrder>(orders)); !taken) return taken;
    orders.clear();
  }
  return {};
}

CopiedOrder FolderShop::order_of(const OrderRow& row, Row place) {
  CopiedOrder order;
  order.id = row.id.get();
  order.buyer = ledger_.buyers[row.buyer / BuyerChunk::kRows]->ids[row.buyer % BuyerChunk::kRows];
  order.key = row.key.get();
  order.product = ProductRef{row.product};
  order.quantity = row.quantity();
  order.unit_price = static_cast<MinorUnits>(row.unit_price.get());
  order.status = row.status();
  order.reason = row.reason();
  order.sequence = row.sequence.get();
  order.created = row.created.time();
  order.fence = row.fence();
  order.invoice = static_cast<CopiedOrder::Paper>(row.invoice());
  order.mail = static_cast<CopiedOrder::Paper>(row.mail());
  if (is_open(order.status) || row.has_steps_left())
    order.due = order.created + std::chrono::milliseconds(holds_[place]);
  const bool never_begun = order.status == OrderStatus::pending || order.status == OrderStatus::expired ||
                           order.status == OrderStatus::cancelled;
  if (!never_begun) order.begun = row.begun.time();
  if (!is_open(order.status)) order.ended = row.ended.time();
  if (order.status == OrderStatus::refunded) order.refunded = row.refunded.time();
  if (const auto paid = payments_.find(order.id); paid != payments_.end())
    order.payment_reference = clean(references_.substr(paid->second.at, paid->second.size));
  if (!row.parked()) return order;
  for (const ParkedNote& note : ledger_.orders[place / OrderChunk::kRows]->parked)
    if (note.offset == place % OrderChunk::kRows)
      order.parked = CopiedOrder::Parked{note.step, note.attempts, note.since, clean(note.reason)};
  return order;
}

Result<void> FolderShop::mark_moved_to(std::string database, WallTime at) {
  if (const auto alone = look_.still_alone(); !alone) return alone.error();
  return mark_moved(path_, {std::move(database), at});
}

}  // namespace scalemart
