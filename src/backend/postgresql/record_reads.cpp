// Orders and products as they are recorded.
#include "backend/postgresql/record.hpp"

namespace scalemart::pg {
namespace {

#define SCALEMART_VIEW_COLUMNS                                                                                       \
  "o.id, o.buyer, o.product, p.slug, p.currency, o.quantity, o.price, o.status, o.reason, o.sequence, o.created_at," \
  " o.begun_at, o.ended_at, o.refunded_at"
enum ViewColumn {
  kId,
  kBuyer,
  kProduct,
  kSlug,
  kCurrency,
  kQuantity,
  kPrice,
  kStatus,
  kReason,
  kSequence,
  kCreated,
  kBegun,
  kEnded,
  kRefunded,
  kAfterView
};

constexpr Statement kFind{"find_orders", "SELECT " SCALEMART_VIEW_COLUMNS
                                         ", c.place FROM unnest($1::uuid[]) WITH ORDINALITY AS c(id, place)"
                                         " JOIN orders o ON o.id = c.id JOIN products p ON p.ref = o.product"};
constexpr Statement kFindByKey{"find_orders_by_key",
                               "SELECT " SCALEMART_VIEW_COLUMNS
                               ", c.place FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS c(buyer, key, place)"
                               " JOIN orders o ON o.buyer = c.buyer AND o.key = c.key"
                               " JOIN products p ON p.ref = o.product"};
constexpr Statement kOfBuyer{
    "orders_of_buyer", "SELECT " SCALEMART_VIEW_COLUMNS
                       " FROM orders o JOIN products p ON p.ref = o.product WHERE o.buyer = $1 AND ($2::uuid IS NULL"
                       " OR o.number < (SELECT b.number FROM orders b WHERE b.id = $2 AND b.buyer = $1))"
                       " ORDER BY o.number DESC LIMIT $3"};
constexpr Statement kUsedKeys{
    "used_keys", "SELECT id, buyer, key, product FROM orders WHERE id > $1 AND key IS NOT NULL ORDER BY id LIMIT $2"};
constexpr Statement kProducts{
    "all_products",
    "SELECT p.ref, p.slug, p.currency, p.name, p.description, p.image_url, p.list_price, t.price, t.starts_at,"
    " t.ends_at, t.per_user_limit, t.total, t.available, t.held, t.sold, t.sequence, t.paused, t.removed, t.accepted"
    " FROM products p JOIN stock t ON t.ref = p.ref ORDER BY p.ref"};
constexpr Statement kNextExpiry{"next_expiry",
                                "SELECT due FROM orders WHERE due > $1 AND status = 0 ORDER BY due LIMIT 1"};

OrderView read_view(const Rows& rows, int row) {
  const auto time = [&](int column) { return WallTime{rows.integer(row, column)}; };
  OrderView view;
  view.id = rows.id<OrderId>(row, kId);
  view.buyer = rows.id<UserId>(row, kBuyer);
  view.product = ProductRef{static_cast<std::uint32_t>(rows.integer(row, kProduct))};
  view.product_id = rows.text(row, kSlug);
  const std::string_view currency = rows.text(row, kCurrency);
  std::copy_n(currency.begin(), std::min<std::size_t>(currency.size(), 3), view.currency.code.begin());
  view.quantity = static_cast<std::uint32_t>(rows.integer(row, kQuantity));
  view.unit_price = rows.integer(row, kPrice);
  view.status = static_cast<OrderStatus>(rows.integer(row, kStatus));
  view.reason = static_cast<StatusReason>(rows.integer(row, kReason));
  view.sequence = static_cast<Sequence>(rows.integer(row, kSequence));
  view.history.reserve(4);
  view.history.push_back({OrderStatus::pending, time(kCreated)});
  if (!rows.is_null(row, kBegun)) view.history.push_back({OrderStatus::processing, time(kBegun)});
  const bool refunded = view.status == OrderStatus::refunded;
  if (!rows.is_null(row, kEnded))
    view.history.push_back({refunded ? OrderStatus::confirmed : view.status, time(kEnded)});
  if (refunded) view.history.push_back({OrderStatus::refunded, time(kRefunded)});
  return view;
}

std::vector<std::optional<OrderView>> by_place(const Rows& rows, std::size_t asked) {
  std::vector<std::optional<OrderView>> views(asked);
  for (int row = 0; row < rows.count(); ++row)
    views[static_cast<std::size_t>(rows.integer(row, kAfterView)) - 1] = read_view(rows, row);
  return views;
}

}  // namespace

Result<std::vector<std::optional<OrderView>>> PostgresRecord::find(std::span<const OrderId> ids,
                                                                   std::chrono::milliseconds within) {
  Parameters parameters;
  parameters.add(std::vector<OrderId>(ids.begin(), ids.end()));
  const auto rows = read(kFind, parameters, within);
  if (!rows) return to_error(rows.error());
  return by_place(*rows, ids.size());
}

Result<std::vector<std::optional<OrderView>>> PostgresRecord::find_by_key(std::span<const BuyerKey> keys,
                                                                          std::chrono::milliseconds within) {
  std::vector<UserId> buyers;
  std::vector<KeyDigest> digests;
  for (const BuyerKey& key : keys) {
    buyers.push_back(key.buyer);
    digests.push_back(key.key);
  }
  Parameters parameters;
  parameters.add(buyers).add(digests);
  const auto rows = read(kFindByKey, parameters, within);
  if (!rows) return to_error(rows.error());
  return by_place(*rows, keys.size());
}

Result<std::vector<OrderView>> PostgresRecord::of_buyer(UserId buyer, OrderId before, std::size_t limit,
                                                        std::chrono::milliseconds within) {
  Parameters parameters;
  parameters.add(buyer);
  if (before.empty())
    parameters.add_null(Type::uuid);
  else
    parameters.add(before);
  parameters.add(static_cast<std::int64_t>(std::min<std::size_t>(limit, INT32_MAX)));
  const auto rows = read(kOfBuyer, parameters, within);
  if (!rows) return to_error(rows.error());
  std::vector<OrderView> views;
  for (int row = 0; row < rows->count(); ++row) views.push_back(read_view(*rows, row));
  return views;
}

Result<std::vector<UsedKey>> PostgresRecord::used_keys(OrderId after, std::size_t limit,
                                                       std::chrono::milliseconds within) {
  Parameters parameters;
  parameters.add(after).add(static_cast<std::int64_t>(std::min<std::size_t>(limit, INT32_MAX)));
  const auto rows = read(kUsedKeys, parameters, within);
  if (!rows) return to_error(rows.error());
  std::vector<UsedKey> keys;
  for (int row = 0; row < rows->count(); ++row)
    keys.push_back({rows->id<OrderId>(row, 0),
                    {rows->id<UserId>(row, 1), rows->id<KeyDigest>(row, 2)},
                    ProductRef{static_cast<std::uint32_t>(rows->integer(row, 3))}});
  return keys;
}

Result<std::vector<ProductRecord>> PostgresRecord::products(std::chrono::milliseconds within) {
  enum {
    kRef,
    kSlug_,
    kCurrency_,
    kName,
    kDescription,
    kImage,
    kListPrice,
    kPrice_,
    kStarts,
    kEnds,
    kLimit,
    kTotal,
    kAvailable,
    kHeld,
    kSold,
    kSequence_,
    kPaused,
    kRemoved,
    kAccepted
  };
  const auto rows = read(kProducts, {}, within);
  if (!rows) return to_error(rows.error());
  std::vector<ProductRecord> products;
  for (int row = 0; row < rows->count(); ++row) {
    const auto time = [&](int column) -> std::optional<WallTime> {
      if (rows->is_null(row, column)) return std::nullopt;
      return WallTime{rows->integer(row, column)};
    };
    auto spec = std::make_shared<ProductSpec>();
    spec->id = rows->text(row, kSlug_);
    const std::string_view currency = rows->text(row, kCurrency_);
    std::copy_n(currency.begin(), std::min<std::size_t>(currency.size(), 3), spec->currency.code.begin());
    spec->details = {std::string(rows->text(row, kName)), std::string(rows->text(row, kDescription)),
                     std::string(rows->text(row, kImage)), rows->optional_integer(row, kListPrice)};
    spec->terms = {rows->integer(row, kPrice_), time(kStarts), time(kEnds),
                   static_cast<std::uint32_t>(rows->integer(row, kLimit))};
    products.push_back({ProductRef{static_cast<std::uint32_t>(rows->integer(row, kRef))},
                        std::move(spec),
                        {rows->integer(row, kTotal), rows->integer(row, kAvailable), rows->integer(row, kHeld),
                         rows->integer(row, kSold)},
                        rows->flag(row, kPaused),
                        rows->flag(row, kRemoved),
                        static_cast<Sequence>(rows->integer(row, kSequence_)),
                        static_cast<std::uint64_t>(rows->integer(row, kAccepted))});
  }
  return products;
}

Result<std::optional<WallTime>> PostgresRecord::next_expiry(std::chrono::milliseconds within) {
  const std::int64_t up_to = expired_up_to_ms_.load(std::memory_order_relaxed);
  Parameters parameters;
  parameters.add(up_to == kAll ? kAll : up_to - kSkewMax.count());
  const auto rows = read(kNextExpiry, parameters, within);
  if (!rows) return to_error(rows.error());
  if (rows->empty()) return std::optional<WallTime>();
  return std::optional(WallTime{rows->integer(0, 0)});
}

}  // namespace scalemart::pg
