#include "backend/postgresql/archive.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <map>

#include "backend/postgresql/order_rows.hpp"
#include "backend/postgresql/record.hpp"
#include "backend/shared/order_range.hpp"

namespace scalemart::pg {
namespace {

constexpr int kAttempts = 3;
constexpr std::size_t kLimitMax = 10'000;

constexpr std::array<std::string_view, 3> kIndexes{"orders_product_index", "orders_ended_index",
                                                   "orders_ended_of_index"};

constexpr Statement kProductRef{"archive_product", "SELECT ref FROM products WHERE slug = $1"};
constexpr Statement kSearch{
    "archive_search",
    "SELECT " SCALEMART_VIEW_COLUMNS
    ", o.payment_reference FROM orders o JOIN products p ON p.ref = o.product"
    " WHERE ($1::int4 IS NULL OR o.status = $1)"
    // Says to the planner what it cannot know: which orders the partial indexes have.
    " AND ($1 IS NULL OR $1 > 1 OR o.due IS NOT NULL)"
    " AND ($2::int4 IS NULL OR (o.reason <> 0 AND (CASE WHEN o.reason IN (1, 2, 4) THEN 1 ELSE o.reason END) = $2))"
    // As a range, and in the order: so that the planner does not look for an old product's orders behind all newer
    // ones.
    " AND ($3::int4 IS NULL OR (o.product >= $3 AND o.product <= $3)) AND ($4::uuid IS NULL OR o.buyer = $4)"
    " AND o.id >= $5 AND o.id <= $6 AND ($7::uuid IS NULL OR o.id < $7)"
    " AND ($8::int8 IS NULL OR o.created_at >= $8) AND ($9::int8 IS NULL OR o.created_at < $9)"
    " ORDER BY CASE WHEN $3 IS NULL THEN NULL ELSE o.product END DESC, o.id DESC LIMIT $10"};
constexpr Statement kFind{"archive_find", "SELECT " SCALEMART_VIEW_COLUMNS
                                          ", o.payment_reference FROM orders o JOIN products p ON p.ref = o.product"
                                          " WHERE o.id = $1"};
/// One statement, so one moment.
constexpr Statement kTotals{"archive_totals",
                            "SELECT t.ref, p.currency, t.total, t.available, t.held, t.sold,"
                            " least(t.earned, 9223372036854775807)::int8,"
                            " least(t.given_back, 9223372036854775807)::int8, o.status, o.orders, o.units, o.parked"
                            " FROM stock t JOIN products p ON p.ref = t.ref"
                            " LEFT JOIN (SELECT product, status, count(*) AS orders, sum(quantity)::int8 AS units,"
                            " count(parked_step) AS parked FROM orders GROUP BY product, status) o ON o.product = t.ref"
                            " ORDER BY t.ref"};

static_assert(static_cast<int>(StatusReason::payment_declined) == 1 &&
              static_cast<int>(StatusReason::hold_expired) == 2 &&
              static_cast<int>(StatusReason::cancelled_by_buyer) == 3 &&
              static_cast<int>(StatusReason::discarded_by_admin) == 4 &&
              static_cast<int>(StatusReason::refunded_by_admin) == 5);

/// How orders of this status ended, as archive.sql's indexes say it; nullopt: they went well, or have not ended.
std::optional<std::int32_t> ending_of(OrderStatus status) {
  switch (status) {
    case OrderStatus::failed:
    case OrderStatus::expired:
      return 1;
    case OrderStatus::cancelled:
      return 3;
    case OrderStatus::refunded:
      return 5;
    default:
      return std::nullopt;
  }
}

ArchivedOrder read_archived(const Rows& rows, int row) {
  ArchivedOrder archived{read_view(rows, row), {}};
  if (!rows.is_null(row, kAfterView)) archived.payment_reference = rows.text(row, kAfterView);
  return archived;
}

Connection::Options for_the_archive(Connection::Options options, std::chrono::milliseconds patience) {
  options.patience = patience;
  // Each search is another one: planned with its values.
  options.settings.emplace_back("plan_cache_mode", "force_custom_plan");
  return options;
}

std::optional<std::int64_t> in_ms(const std::optional<WallTime>& time) {
  return time ? std::optional(time->ms) : std::nullopt;
}

}  // namespace

Part archive_part() {
  static const std::array<std::string_view, 1> kSteps{script("archive.sql")};
  return {"archive", kSteps, kIndexes};
}

Result<std::unique_ptr<PostgresArchive>> PostgresArchive::open(Options options, const Clock& clock) {
  auto connection = Connection::open(options.connection, clock);
  if (!connection) return to_error(connection.error());
  const std::array<Part, 2> parts{sale_part(), archive_part()};
  if (options.create)
    if (auto made = prepare_schema(*connection, options.connection, parts); !made) return made.error();
  if (auto whole = check_schema(*connection, parts); !whole) return whole.error();
  return std::unique_ptr<PostgresArchive>(new PostgresArchive(std::move(options), clock));
}

PostgresArchive::PostgresArchive(Options options, const Clock& clock)
    : patience_(options.patience),
      pool_(for_the_archive(std::move(options.connection), options.patience), options.connections, clock) {}

Result<Rows> PostgresArchive::ask(const Statement& statement, const Parameters& parameters) {
  for (int attempt = 1;; ++attempt) {
    auto connection = pool_.borrow(patience_);
    if (!connection) return to_error(connection.error());
    // A little longer than the server's own patience, so that it is the server that says so.
    auto rows = (*connection)->run(statement, parameters, patience_ + std::chrono::seconds(1));
    if (rows) return std::move(*rows);
    if (rows.error().kind != Failure::Kind::unsent || attempt == kAttempts) return to_error(rows.error());
  }
}

Result<OrderPage> PostgresArchive::search(const OrderSearch& search) {
  OrderPage page;
  std::optional<OrderId> before;
  if (!search.cursor.empty()) {
    before = parse_ulid<OrderId>(search.cursor);
    page.is_cursor_known = before.has_value();
    if (!before) return page;
  }
  const auto range = ids_to_search(search);
  if (!range) return page;
  std::optional<std::int32_t> status, ending, product;
  if (search.status) {
    status = static_cast<std::int32_t>(*search.status);
    ending = ending_of(*search.status);
  }
  if (!search.product_id.empty()) {
    Parameters slug;
    slug.add(storable(search.product_id));
    const auto ref = ask(kProductRef, slug);
    if (!ref) return ref.error();
    if (ref->empty()) return page;
    product = static_cast<std::int32_t>(ref->integer(0, 0));
  }
  const std::size_t limit = std::min(search.limit, kLimitMax);
  Parameters p;
  p.add(status, Type::int4).add(ending, Type::int4).add(product, Type::int4).add(search.buyer, Type::uuid);
  p.add(range->first).add(range->last).add(before, Type::uuid);
  p.add(in_ms(search.from), Type::int8).add(in_ms(search.to), Type::int8).add(static_cast<std::int64_t>(limit + 1));
  const auto rows = ask(kSearch, p);
  if (!rows) return rows.error();
  for (int row = 0; row < rows->count(); ++row) page.orders.push_back(read_archived(*rows, row));
  if (page.orders.size() > limit) {
    page.orders.resize(limit);
    page.next_cursor = to_string(page.orders.back().order.id);
  }
  return page;
}

Result<std::optional<ArchivedOrder>> PostgresArchive::find(OrderId id) {
  Parameters p;
  p.add(id);
  const auto rows = ask(kFind, p);
  if (!rows) return rows.error();
  if (rows->empty()) return std::optional<ArchivedOrder>();
  return std::optional(read_archived(*rows, 0));
}

namespace {

/// What one product's orders add up to, against what the product says.
struct ProductSum {
  Stock stock;
  std::int64_t sold = 0;
  std::int64_t held = 0;
  [[nodiscard]] std::int64_t drift() const {
    return std::abs(stock.total - stock.available - stock.held - stock.sold) + std::abs(stock.sold - sold) +
           std::abs(stock.held - held);
  }
};

MinorUnits add_saturating(MinorUnits a, MinorUnits b) {
  MinorUnits sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<MinorUnits>::max() : sum;
}

}  // namespace

Result<SaleTotals> PostgresArchive::totals() {
  const auto rows = ask(kTotals, {});
  if (!rows) return rows.error();
  SaleTotals totals;
  std::map<std::string, SaleTotals::Money, std::less<>> money;
  std::map<std::int64_t, ProductSum> products;
  for (int row = 0; row < rows->count(); ++row) {
    const auto [sum, is_new] = products.try_emplace(rows->integer(row, 0));
    if (is_new) {
      sum->second.stock = {rows->integer(row, 2), rows->integer(row, 3), rows->integer(row, 4), rows->integer(row, 5)};
      SaleTotals::Money& all = money[std::string(rows->text(row, 1))];
      all.confirmed = add_saturating(all.confirmed, rows->integer(row, 6));
      all.refunded = add_saturating(all.refunded, rows->integer(row, 7));
      all.units += static_cast<std::uint64_t>(sum->second.stock.sold);
    }
    if (rows->is_null(row, 8)) continue;  // no orders
    const auto status = static_cast<OrderStatus>(rows->integer(row, 8));
    totals.orders.at(static_cast<std::size_t>(status)) += static_cast<std::uint64_t>(rows->integer(row, 9));
    totals.parked += static_cast<std::uint64_t>(rows->integer(row, 11));
    if (status == OrderStatus::confirmed) sum->second.sold += rows->integer(row, 10);
    if (is_open(status)) sum->second.held += rows->integer(row, 10);
  }
  for (auto& [currency, sum] : money) {
    sum.currency = currency;
    totals.money.push_back(std::move(sum));
  }
  for (const auto& [ref, sum] : products) totals.drift += sum.drift();
  return totals;
}

}  // namespace scalemart::pg
