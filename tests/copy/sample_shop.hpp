#pragma once
// A small shop with at least one row of every kind, and a whole one to compare with.

#include <vector>

#include "port/audit_chain.hpp"
#include "port/shop_copy.hpp"
#include "port/shop_sums.hpp"

namespace scalemart::test {

/// Tables in memory: to be copied, and to keep what was read.
struct SampleShop final : ShopSource, ShopSink {
  std::vector<CopiedProduct> products;
  std::vector<ProductEvent> events;
  std::vector<CopiedOrder> orders;
  std::vector<CopiedUser> users;
  std::vector<CopiedLogin> logins;
  std::vector<CopiedRevocation> revocations;
  std::vector<AuditRow> audit;
  std::vector<Setting> settings;

  template <class Row>
  static Result<void> keep(std::vector<Row>& table, std::span<const Row> rows) {
    table.insert(table.end(), rows.begin(), rows.end());
    return {};
  }
  Result<void> take(std::span<const CopiedProduct> rows) override { return keep(products, rows); }
  Result<void> take(std::span<const ProductEvent> rows) override { return keep(events, rows); }
  Result<void> take(std::span<const CopiedOrder> rows) override { return keep(orders, rows); }
  Result<void> take(std::span<const CopiedUser> rows) override { return keep(users, rows); }
  Result<void> take(std::span<const CopiedLogin> rows) override { return keep(logins, rows); }
  Result<void> take(std::span<const CopiedRevocation> rows) override { return keep(revocations, rows); }
  Result<void> take(std::span<const AuditRow> rows) override { return keep(audit, rows); }
  Result<void> take(std::span<const Setting> rows) override { return keep(settings, rows); }

  Result<void> read(ShopSink& sink) override {
    if (auto done = sink.take(std::span<const CopiedProduct>(products)); !done) return done;
    if (auto done = sink.take(std::span<const ProductEvent>(events)); !done) return done;
    if (auto done = sink.take(std::span<const CopiedOrder>(orders)); !done) return done;
    if (auto done = sink.take(std::span<const CopiedUser>(users)); !done) return done;
    if (auto done = sink.take(std::span<const CopiedLogin>(logins)); !done) return done;
    if (auto done = sink.take(std::span<const CopiedRevocation>(revocations)); !done) return done;
    if (auto done = sink.take(std::span<const AuditRow>(audit)); !done) return done;
    return sink.take(std::span<const Setting>(settings));
  }

  [[nodiscard]] ShopSums sums() {
    ShopSummary summary;
    EXPECT_TRUE(read(summary));
    return summary.finish();
  }
};

inline CopiedOrder sample_order(std::uint64_t number, OrderStatus status) {
  CopiedOrder o;
  o.id = {0x0190'0000'0000'0000, number};
  o.buyer = {7, 1 + number % 2};
  if (number % 2 == 0) o.key = {9, number};
  o.product = ProductRef{static_cast<std::uint32_t>(number % 2)};
  o.quantity = 1 + static_cast<std::uint32_t>(number % 10);
  o.unit_price = 1999;
  o.status = status;
  o.sequence = 100 + number;
  o.created = WallTime{1'700'000'000'000 + static_cast<std::int64_t>(number)};
  const bool never_begun =
      status == OrderStatus::pending || status == OrderStatus::expired || status == OrderStatus::cancelled;
  if (is_open(status)) o.due = o.created + std::chrono::minutes(10);
  if (!never_begun) o.begun = o.created + std::chrono::milliseconds(5), o.fence = 3;
  if (!is_open(status)) o.ended = o.created + std::chrono::milliseconds(90);
  if (status == OrderStatus::refunded) o.refunded = o.created + std::chrono::milliseconds(900);
  if (status == OrderStatus::confirmed || status == OrderStatus::refunded) {
    o.payment_reference = "sim_" + std::to_string(number);
    o.invoice = CopiedOrder::Paper::finished;
    o.mail = CopiedOrder::Paper::skipped;
  }
  switch (status) {
    case OrderStatus::failed:
      o.reason = StatusReason::payment_declined;
      break;
    case OrderStatus::expired:
      o.reason = StatusReason::hold_expired;
      break;
    case OrderStatus::cancelled:
      o.reason = StatusReason::cancelled_by_buyer;
      break;
    case OrderStatus::refunded:
      o.reason = StatusReason::refunded_by_admin;
      break;
    default:
      break;
  }
  return o;
}

inline void add_products(SampleShop& shop) {
  for (std::uint32_t i = 0; i < 3; ++i) {
    auto spec = std::make_shared<ProductSpec>();
    spec->id = "thing-" + std::to_string(i);
    spec->currency.code = {'E', 'U', 'R'};
    spec->details = {"Café \"" + std::to_string(i) + "\" {a,b}\\", i == 1 ? "" : "two\nlines", "", {}};
    if (i == 0) spec->details.list_price = 0;
    spec->terms.price = 1999;
    if (i == 1) spec->terms = {5, WallTime{0}, WallTime{1'900'000'000'000}, 2};
    CopiedProduct product{ProductRef{i}, std::move(spec), {}, i == 1, i == 2, 900 + i, WallTime{1'700'000'001'000}};
    for (const CopiedOrder& o : shop.orders) {
      if (index_of(o.product) != i) continue;
      if (is_open(o.status)) product.stock.held += o.quantity;
      if (o.status == OrderStatus::confirmed) product.stock.sold += o.quantity;
    }
    product.stock.available = 10;
    product.stock.total = 10 + product.stock.held + product.stock.sold;
    const std::int64_t first = product.stock.total - 3;
    shop.events.push_back(
        {ProductRef{i}, 10 * i + 1, WallTime{1'700'000'000'000}, ProductEvent::Kind::created, first, ""});
    shop.products.push_back(std::move(product));
  }
  Sequence next = 50;
  for (std::uint32_t i = 0; i < 3; ++i)
    shop.events.push_back(
        {ProductRef{i}, next++, WallTime{1'700'000'000'500}, ProductEvent::Kind::adjusted, 3, "für ä"});
  using Kind = ProductEvent::Kind;
  for (const Kind kind : {Kind::changed, Kind::paused, Kind::resumed, Kind::removed})
    shop.events.push_back({ProductRef{2}, next++, WallTime{1'700'000'000'600}, kind, 0, ""});
}

inline void add_accounts(SampleShop& shop) {
  for (std::uint64_t i = 0; i < 4; ++i) {
    Account account{
        {7, i}, "user" + std::to_string(i) + "@Shop.test", i == 2 ? "" : "Zoë", Role::buyer, "", false, 0, WallTime{5}};
    if (i == 0) account.role = Role::admin;
    if (i < 3) account.password_hash = "$argon2id$v=19$m=1,t=1,p=1$c2FsdA$aGFzaA";
    account.disabled = i == 1;
    account.epoch = i == 1 ? 4'000'000'000U : 0;
    shop.users.push_back({account, i == 1 ? std::optional(WallTime{8}) : std::nullopt});
  }
  for (std::uint64_t i = 0; i < 3; ++i) {
    RefreshFamily family{{8, i}, {7, i}, {}, {}, WallTime{10}, WallTime{1'900'000'000'000}};
    family.secret.fill(std::byte{0xff});
    family.token.fill(static_cast<std::byte>(i));
    shop.logins.push_back({family, i == 1 ? std::optional(WallTime{11}) : std::nullopt,
                           i == 2 ? std::optional(WallTime{12}) : std::nullopt});
  }
  shop.revocations = {{{8, 1}, WallTime{11}}, {{99, 1}, WallTime{13}}};
  Digest256 last{};
  for (std::uint64_t i = 1; i <= 5; ++i) {
    AuditRow row{
        i,
        {"operator", "did_" + std::to_string(i), "x", WallTime{static_cast<std::int64_t>(i)}, "local", "", "{}"},
        {},
        {}};
    last = row.hash = audit_hash(last, i, row.entry);
    shop.audit.push_back(row);
  }
  shop.settings = {{"Zeta", "{}"}, {"alpha", R"({"a":"\"ü\""})"}, {"alpha.b", "1"}};
}

inline SampleShop sample_shop() {
  SampleShop shop;
  for (std::uint64_t i = 0; i < 28; ++i)
    shop.orders.push_back(sample_order(i + 1, static_cast<OrderStatus>(i % kOrderStatusCount)));
  // Dead letters: of a payment, and of a mail; and papers that are still to be made.
  CopiedOrder& unpaid = shop.orders[1];
  unpaid.parked = CopiedOrder::Parked{Step::payment, 7, WallTime{1'700'000'000'500}, "no answer, \"7\" times"};
  CopiedOrder& unsent = shop.orders[2];
  unsent.mail = CopiedOrder::Paper::open;
  unsent.due = unsent.created + std::chrono::minutes(10);
  unsent.parked = CopiedOrder::Parked{Step::mail, 1, WallTime{1'700'000'000'600}, ""};
  add_products(shop);
  add_accounts(shop);
  return shop;
}

}  // namespace scalemart::test
