// Rows on their way out again, so that what arrived can be compared with what was sent.
#include "backend/postgresql/account_rows.hpp"
#include "backend/postgresql/shop_target.hpp"

namespace scalemart::pg {
namespace {

std::optional<WallTime> time_of(const Rows& rows, int row, int column) {
  if (rows.is_null(row, column)) return std::nullopt;
  return WallTime{rows.integer(row, column)};
}

ProductRef ref_of(const Rows& rows, int row, int column) {
  return ProductRef{static_cast<std::uint32_t>(rows.integer(row, column))};
}

CopiedProduct read_product(const Rows& rows, int row) {
  auto spec = std::make_shared<ProductSpec>();
  spec->id = rows.text(row, 1);
  const std::string_view currency = rows.text(row, 2);
  std::copy_n(currency.begin(), std::min<std::size_t>(currency.size(), 3), spec->currency.code.begin());
  spec->details = {std::string(rows.text(row, 3)), std::string(rows.text(row, 4)), std::string(rows.text(row, 5)),
                   rows.optional_integer(row, 6)};
  spec->terms = {rows.integer(row, 7), time_of(rows, row, 8), time_of(rows, row, 9),
                 static_cast<std::uint32_t>(rows.integer(row, 10))};
  CopiedProduct product;
  product.product = ref_of(rows, row, 0);
  product.spec = std::move(spec);
  product.stock = {rows.integer(row, 11), rows.integer(row, 12), rows.integer(row, 13), rows.integer(row, 14)};
  product.paused = rows.flag(row, 15);
  product.removed = rows.flag(row, 16);
  product.sequence = static_cast<Sequence>(rows.integer(row, 17));
  product.last_at = WallTime{rows.integer(row, 18)};
  return product;
}

ProductEvent read_event(const Rows& rows, int row) {
  return {ref_of(rows, row, 0),           static_cast<Sequence>(rows.integer(row, 1)),
          WallTime{rows.integer(row, 2)}, parse_event_kind(rows.text(row, 3)).value_or(ProductEvent::Kind::changed),
          rows.integer(row, 4),           std::string(rows.text(row, 5))};
}

CopiedOrder read_order(const Rows& rows, int row) {
  CopiedOrder order;
  order.id = rows.id<OrderId>(row, 0);
  order.buyer = rows.id<UserId>(row, 1);
  order.key = rows.id<KeyDigest>(row, 2);
  order.product = ref_of(rows, row, 3);
  order.quantity = static_cast<std::uint32_t>(rows.integer(row, 4));
  order.unit_price = rows.integer(row, 5);
  order.status = static_cast<OrderStatus>(rows.integer(row, 6));
  order.reason = static_cast<StatusReason>(rows.integer(row, 7));
  order.sequence = static_cast<Sequence>(rows.integer(row, 8));
  order.created = WallTime{rows.integer(row, 9)};
  order.due = time_of(rows, row, 10);
  order.begun = time_of(rows, row, 11);
  order.ended = time_of(rows, row, 12);
  order.refunded = time_of(rows, row, 13);
  order.fence = static_cast<std::uint32_t>(rows.integer(row, 14));
  order.invoice = static_cast<CopiedOrder::Paper>(rows.integer(row, 15));
  order.mail = static_cast<CopiedOrder::Paper>(rows.integer(row, 16));
  if (!rows.is_null(row, 17)) order.payment_reference = rows.text(row, 17);
  if (!rows.is_null(row, 18))
    order.parked =
        CopiedOrder::Parked{static_cast<Step>(rows.integer(row, 18)), static_cast<std::uint32_t>(rows.integer(row, 19)),
                            WallTime{rows.integer(row, 20)}, std::string(rows.text(row, 21))};
  return order;
}

CopiedLogin read_login(const Rows& rows, int row) {
  return {{rows.id<FamilyId>(row, 0), rows.id<UserId>(row, 1), read_digest(rows.text(row, 2)),
           read_digest(rows.text(row, 3)), WallTime{rows.integer(row, 4)}, WallTime{rows.integer(row, 5)}},
          time_of(rows, row, 6),
          time_of(rows, row, 7)};
}

AuditRow read_audit(const Rows& rows, int row) {
  AuditRow audit;
  audit.sequence = static_cast<std::uint64_t>(rows.integer(row, 0));
  audit.entry = {std::string(rows.text(row, 1)), std::string(rows.text(row, 2)), std::string(rows.text(row, 3)),
                 WallTime{rows.integer(row, 4)}, std::string(rows.text(row, 5)), std::string(rows.text(row, 6)),
                 std::string(rows.text(row, 7))};
  audit.hash = read_digest(rows.text(row, 8));
  return audit;
}

#define SCALEMART_READING(NAME, SELECT)                                                                  \
  {                                                                                                      \
    "DECLARE copy_" NAME " NO SCROLL CURSOR FOR " SELECT, {"fetch_" NAME, "FETCH 1000 FROM copy_" NAME}, \
        "CLOSE copy_" NAME                                                                               \
  }

}  // namespace

template <class Row, class Read>
Result<void> PostgresTarget::read_table(const Reading& reading, ShopSink& sink, Read read_row) {
  if (auto opened = execute(reading.open); !opened) return opened;
  std::vector<Row> portion;
  for (;;) {
    const auto rows = connection_.run(reading.fetch, {}, options_.patience);
    if (!rows) return to_error(rows.error());
    if (rows->empty()) break;
    portion.clear();
    for (int row = 0; row < rows->count(); ++row) portion.push_back(read_row(*rows, row));
    if (auto taken = sink.take(std::span<const Row>(portion)); !taken) return taken;
  }
  return execute(reading.close);
}

Result<void> PostgresTarget::read(ShopSink& sink) {
  static constexpr Reading kProducts SCALEMART_READING(
      "products",
      "SELECT p.ref, p.slug, p.currency, p.name, p.description, p.image_url, p.list_price, t.price, t.starts_at,"
      " t.ends_at, t.per_user_limit, t.total, t.available, t.held, t.sold, t.paused, t.removed, t.sequence, t.last_at"
      " FROM products p JOIN stock t ON t.ref = p.ref ORDER BY p.ref");
  static constexpr Reading kEvents SCALEMART_READING(
      "events", "SELECT product, sequence, at, kind, delta, reason FROM product_records ORDER BY sequence, product");
  static constexpr Reading kOrders SCALEMART_READING(
      "orders",
      "SELECT id, buyer, key, product, quantity, price, status, reason, sequence, created_at, due, begun_at, ended_at,"
      " refunded_at, fence, invoice, mail, payment_reference, parked_step, parked_attempts, parked_at, parked_reason"
      " FROM orders ORDER BY number");
  static constexpr Reading kUsers SCALEMART_READING(
      "users", "SELECT " SCALEMART_ACCOUNT_COLUMNS ", u.epoch_at FROM users u ORDER BY u.id");
  static constexpr Reading kLogins SCALEMART_READING(
      "logins", "SELECT id, owner, secret, token, created, expires, revoked, rotated FROM families ORDER BY id");
  static constexpr Reading kRevoked SCALEMART_READING("revoked", "SELECT family, at FROM revoked ORDER BY family");
  static constexpr Reading kAudit SCALEMART_READING(
      "audit", "SELECT sequence, who, what, target, at, origin, before, after, hash FROM audit ORDER BY sequence");
  static constexpr Reading kSettings SCALEMART_READING("settings",
                                                       "SELECT key, json FROM settings ORDER BY key COLLATE \"C\"");

  if (auto done = read_table<CopiedProduct>(kProducts, sink, read_product); !done) return done;
  if (auto done = read_table<ProductEvent>(kEvents, sink, read_event); !done) return done;
  if (auto done = read_table<CopiedOrder>(kOrders, sink, read_order); !done) return done;
  if (auto done =
          read_table<CopiedUser>(kUsers, sink,
                                 [](const Rows& rows, int row) {
                                   return CopiedUser{read_account(rows, row), time_of(rows, row, kAccountColumns)};
                                 });
      !done)
    return done;
  if (auto done = read_table<CopiedLogin>(kLogins, sink, read_login); !done) return done;
  if (auto done = read_table<CopiedRevocation>(
          kRevoked, sink,
          [](const Rows& rows, int row) {
            return CopiedRevocation{rows.id<FamilyId>(row, 0), WallTime{rows.integer(row, 1)}};
          });
      !done)
    return done;
  if (auto done = read_table<AuditRow>(kAudit, sink, read_audit); !done) return done;
  return read_table<Setting>(kSettings, sink, [](const Rows& rows, int row) {
    return Setting{std::string(rows.text(row, 0)), std::string(rows.text(row, 1))};
  });
}

}  // namespace scalemart::pg
