// What is left to do, and whether the numbers are what the orders say.
#include "backend/postgresql/record.hpp"

namespace scalemart::pg {
namespace {

#define SCALEMART_OPEN_COLUMNS                                                                                         \
  "o.id, o.buyer, o.product, o.quantity, o.price, o.status, o.sequence, o.created_at, o.ended_at, o.fence, o.invoice," \
  " o.mail"
enum OpenColumn {
  kId,
  kBuyer,
  kProduct,
  kQuantity,
  kPrice,
  kStatus,
  kSequence,
  kCreated,
  kEnded,
  kFence,
  kInvoice,
  kMail,
  kAfterOpen
};

constexpr Statement kUnfinished{"unfinished_orders", "SELECT " SCALEMART_OPEN_COLUMNS
                                                     ", o.due, o.number, o.key, o.parked_step IS NOT NULL FROM orders o"
                                                     " WHERE o.due IS NOT NULL AND (o.due, o.number) > ($1, $2)"
                                                     " ORDER BY o.due, o.number LIMIT $3"};
constexpr Statement kDeadLetters{"dead_letters",
                                 "SELECT " SCALEMART_OPEN_COLUMNS
                                 ", o.parked_step, o.parked_attempts, o.parked_reason, o.parked_at FROM orders o"
                                 " WHERE o.parked_step IS NOT NULL ORDER BY o.number LIMIT $1"};

// For one transaction: reading every order is another business than the sale's.
constexpr Statement kReadEverything{
    "read_everything",
    "SELECT set_config('enable_seqscan', 'on', true), set_config('enable_hashjoin', 'on', true),"
    " set_config('statement_timeout', $1, true)"};
constexpr Statement kRecount{"recount", R"(
WITH counted AS (
  SELECT product, count(*) AS orders, coalesce(sum(quantity) FILTER (WHERE status < 2), 0) AS held,
    coalesce(sum(quantity) FILTER (WHERE status = 2), 0) AS sold, max(sequence) AS sequence
  FROM orders GROUP BY product
), recorded AS (
  SELECT product, sum(delta)::int8 AS total FROM product_records GROUP BY product
)
SELECT coalesce(p.ref, c.product), coalesce(p.slug, ''), t.ref IS NULL OR p.ref IS NULL, coalesce(c.orders, 0),
  coalesce(c.held, 0)::int8, coalesce(t.held, 0), coalesce(c.sold, 0)::int8, coalesce(t.sold, 0),
  coalesce(r.total, 0), coalesce(t.total, 0), coalesce(t.available, 0), coalesce(c.sequence, 0), coalesce(t.sequence, 0),
  coalesce(t.accepted, 0)
FROM products p LEFT JOIN stock t ON t.ref = p.ref LEFT JOIN recorded r ON r.product = p.ref
  FULL JOIN counted c ON c.product = p.ref
ORDER BY 1
)"};
enum RecountColumn {
  kRef,
  kSlug,
  kNoProduct,
  kOrders,
  kHeldWanted,
  kHeldFound,
  kSoldWanted,
  kSoldFound,
  kTotalWanted,
  kTotalFound,
  kAvailable,
  kSequenceSeen,
  kSequenceFound,
  kAccepted
};

OpenOrder read_open(const Rows& rows, int row) {
  const auto status = static_cast<OrderStatus>(rows.integer(row, kStatus));
  OpenOrder order;
  order.id = rows.id<OrderId>(row, kId);
  order.buyer = rows.id<UserId>(row, kBuyer);
  order.created = WallTime{rows.integer(row, kCreated)};
  if (status == OrderStatus::confirmed) order.confirmed = WallTime{rows.integer(row, kEnded)};
  order.sequence = static_cast<Sequence>(rows.integer(row, kSequence));
  order.unit_price = rows.integer(row, kPrice);
  order.product = ProductRef{static_cast<std::uint32_t>(rows.integer(row, kProduct))};
  order.fence = static_cast<std::uint32_t>(rows.integer(row, kFence));
  order.quantity = static_cast<std::uint8_t>(rows.integer(row, kQuantity));
  order.lane = status == OrderStatus::confirmed ? Lane::paper : Lane::sale;
  order.begun = status == OrderStatus::processing;
  order.unresolved = order.begun;
  order.invoice_done = rows.integer(row, kInvoice) != 0;
  return order;
}

void compare(const Rows& rows, int row, std::vector<RecordDrift>& drift) {
  const ProductRef ref{static_cast<std::uint32_t>(rows.integer(row, kRef))};
  const std::string id(rows.text(row, kSlug));
  const auto same = [&](const std::string& what, std::int64_t expected, std::int64_t found) {
    if (expected != found) drift.push_back({ref, what + " of " + id, expected, found});
  };
  if (rows.flag(row, kNoProduct)) {
    drift.push_back({ref, "orders or a name without a product, ref " + std::to_string(index_of(ref)), 0,
                     rows.integer(row, kOrders)});
    return;
  }
  const std::int64_t held = rows.integer(row, kHeldWanted);
  const std::int64_t sold = rows.integer(row, kSoldWanted);
  const std::int64_t total = rows.integer(row, kTotalFound);
  same("held", held, rows.integer(row, kHeldFound));
  same("sold", sold, rows.integer(row, kSoldFound));
  same("total", rows.integer(row, kTotalWanted), total);
  same("accepted", rows.integer(row, kOrders), rows.integer(row, kAccepted));
  same("available", total - held - sold, rows.integer(row, kAvailable));
  if (held + sold > total) drift.push_back({ref, "oversold: " + id, total, held + sold});
  if (rows.integer(row, kSequenceSeen) > rows.integer(row, kSequenceFound))
    drift.push_back({ref, "sequence of " + id, rows.integer(row, kSequenceSeen), rows.integer(row, kSequenceFound)});
}

}  // namespace

Result<Sweep> PostgresRecord::unfinished(SweepCursor after, std::size_t limit, std::chrono::milliseconds within) {
  Parameters parameters;
  parameters.add(after.due_ms).add(after.number).add(static_cast<std::int64_t>(limit));
  const auto rows = read(kUnfinished, parameters, within);
  if (!rows) return to_error(rows.error());
  Sweep sweep;
  sweep.next = after;
  sweep.finished = static_cast<std::size_t>(rows->count()) < limit;
  for (int row = 0; row < rows->count(); ++row) {
    sweep.next = {rows->integer(row, kAfterOpen), rows->integer(row, kAfterOpen + 1)};
    SweptOrder swept;
    swept.order = read_open(*rows, row);
    swept.key = rows->id<KeyDigest>(row, kAfterOpen + 2);
    swept.mail_done = rows->integer(row, kMail) != 0;
    swept.parked = rows->flag(row, kAfterOpen + 3);
    swept.hold_ends = WallTime{sweep.next.due_ms};
    sweep.orders.push_back(swept);
  }
  return sweep;
}

Result<std::vector<DeadLetter>> PostgresRecord::dead_letters(std::size_t limit, std::chrono::milliseconds within) {
  Parameters parameters;
  parameters.add(static_cast<std::int64_t>(std::min<std::size_t>(limit, INT32_MAX)));
  const auto rows = read(kDeadLetters, parameters, within);
  if (!rows) return to_error(rows.error());
  std::vector<DeadLetter> letters;
  for (int row = 0; row < rows->count(); ++row)
    letters.push_back({read_open(*rows, row), static_cast<Step>(rows->integer(row, kAfterOpen)),
                       static_cast<std::uint32_t>(rows->integer(row, kAfterOpen + 1)),
                       std::string(rows->text(row, kAfterOpen + 2)), WallTime{rows->integer(row, kAfterOpen + 3)}});
  return letters;
}

Result<Recount> PostgresRecord::recount(std::chrono::milliseconds within) {
  Parameters patience, none;
  patience.add(std::string_view(std::to_string(within.count())));
  const Call calls[] = {{&kReadEverything, &patience}, {&kRecount, &none}};
  const auto all = read(calls, within);
  if (!all) return to_error(all.error());
  const Rows& rows = all->back();
  Recount recount;
  recount.products = static_cast<std::uint64_t>(rows.count());
  for (int row = 0; row < rows.count(); ++row) {
    recount.orders += static_cast<std::uint64_t>(rows.integer(row, kOrders));
    compare(rows, row, recount.drift);
  }
  return recount;
}

}  // namespace scalemart::pg
