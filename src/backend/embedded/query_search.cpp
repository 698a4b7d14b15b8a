// The questions to the query store's tables.
#include <algorithm>
#include <charconv>

#include "backend/embedded/query_tables.hpp"

namespace scalemart {
namespace {

constexpr std::string_view kSelect =
    "SELECT sequence, id, product, buyer, quantity, unit_price, status, reason, created, begun, ended, "
    "refunded, payment"
    " FROM orders";

template <class Id>
Id id_at(const sqlite::Statement& statement, int column) {
  Id id;
  const auto bytes = statement.blob(column);
  if (bytes.size() != 16) return id;
  for (std::size_t i = 0; i < 8; ++i) {
    id.hi = (id.hi << 8) | static_cast<std::uint64_t>(bytes[i]);
    id.lo = (id.lo << 8) | static_cast<std::uint64_t>(bytes[8 + i]);
  }
  return id;
}

OrderPage bad_cursor() {
  OrderPage page;
  page.is_cursor_known = false;
  return page;
}

}  // namespace

std::optional<std::int64_t> QueryTables::ref_of(std::string_view slug) const {
  for (const auto& [ref, name] : products_)
    if (name.slug == slug) return ref;
  return std::nullopt;
}

ArchivedOrder QueryTables::order_at(const sqlite::Statement& s) const {
  ArchivedOrder archived;
  OrderView& order = archived.order;
  order.sequence = static_cast<Sequence>(s.integer(0));
  order.id = id_at<OrderId>(s, 1);
  order.product = ProductRef{static_cast<std::uint32_t>(s.integer(2))};
  order.buyer = id_at<UserId>(s, 3);
  order.quantity = static_cast<std::uint32_t>(s.integer(4));
  order.unit_price = s.integer(5);
  order.status = static_cast<OrderStatus>(s.integer(6));
  order.reason = static_cast<StatusReason>(s.integer(7));
  order.history.push_back({OrderStatus::pending, {s.integer(8)}});
  if (!s.is_null(9)) order.history.push_back({OrderStatus::processing, {s.integer(9)}});
  const bool refunded = order.status == OrderStatus::refunded;
  if (!s.is_null(10)) order.history.push_back({refunded ? OrderStatus::confirmed : order.status, {s.integer(10)}});
  if (!s.is_null(11)) order.history.push_back({OrderStatus::refunded, {s.integer(11)}});
  archived.payment_reference = s.text(12);
  if (const auto name = products_.find(s.integer(2)); name != products_.end()) {
    order.product_id = name->second.slug;
    order.currency = name->second.currency;
  }
  return archived;
}

Result<void> QueryTables::collect(const std::vector<Condition>& conditions, bool by_id, std::size_t limit,
                                  std::vector<ArchivedOrder>& out) {
  std::string sql(kSelect);
  int parameter = 0;
  for (const Condition& condition : conditions) {
    ++parameter;
    sql += (parameter == 1 ? " WHERE " : " AND ") + condition.sql + "?" + std::to_string(parameter);
  }
  sql += std::string(" ORDER BY ") + (by_id ? "id" : "sequence") + " DESC LIMIT ?" + std::to_string(parameter + 1);
  auto found = searches_.find(sql);
  if (found == searches_.end()) {
    auto prepared = db_.prepare(sql);
    if (!prepared) return prepared.error();
    found = searches_.emplace(sql, std::move(*prepared)).first;
  }
  sqlite::Statement& statement = found->second;
  for (std::size_t i = 0; i < conditions.size(); ++i) {
    const int index = static_cast<int>(i) + 1;
    if (const auto* number = std::get_if<std::int64_t>(&conditions[i].value))
      statement.bind(index, *number);
    else
      statement.bind(index, std::span<const std::byte>(std::get<IdBytes>(conditions[i].value)));
  }
  statement.bind(parameter + 1, static_cast<std::int64_t>(limit));
  auto step = statement.step();
  for (; step == sqlite::Statement::Step::row; step = statement.step()) out.push_back(order_at(statement));
  statement.reset();
  if (step == sqlite::Statement::Step::failed) return fail("search");
  return {};
}

Result<std::int64_t> QueryTables::place_of(WallTime time) {
  auto next = db_.prepare("SELECT sequence, created FROM orders WHERE sequence >= ?1 ORDER BY sequence LIMIT 1");
  if (!next) return next.error();
  std::int64_t low = 1;
  std::int64_t high = static_cast<std::int64_t>(applied_) + 1;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    next->bind(1, middle);
    const auto step = next->step();
    if (step == sqlite::Statement::Step::failed) return fail("search by time");
    if (step == sqlite::Statement::Step::row && next->integer(1) < time.ms)
      low = next->integer(0) + 1;
    else
      high = middle;
    next->reset();
  }
  return low;
}

Result<OrderPage> QueryTables::search(const OrderSearch& search) {
  OrderPage page;
  page.as_of = applied_;
  const bool by_id = !search.id_prefix.empty();
  // Without statistics SQLite cannot know which index is best; a + keeps it from using one. A buyer's orders
  // are few, an id's beginning leaves few, a product's are fewer than all of a status.
  const bool by_buyer = search.buyer.has_value();
  std::vector<Condition> conditions;
  if (by_buyer) conditions.push_back({"buyer = ", bytes_of(search.buyer->hi, search.buyer->lo)});
  if (by_id) {
    const auto range = ids_beginning_with(search.id_prefix);
    if (!range) return page;
    const std::string id = by_buyer ? "+id" : "id";
    conditions.push_back({id + " >= ", bytes_of(range->first.hi, range->first.lo)});
    conditions.push_back({id + " <= ", bytes_of(range->second.hi, range->second.lo)});
  }
  if (!search.cursor.empty() && by_id) {
    const auto before = parse_ulid<OrderId>(search.cursor);
    if (!before) return bad_cursor();
    conditions.push_back({"id < ", bytes_of(before->hi, before->lo)});
  } else if (!search.cursor.empty()) {
    std::int64_t before = 0;
    const char* end = search.cursor.data() + search.cursor.size();
    const auto parsed = std::from_chars(search.cursor.data(), end, before);
    if (parsed.ec != std::errc() || parsed.ptr != end || before < 1) return bad_cursor();
    conditions.push_back({"sequence < ", before});
  }
  const std::string plus = by_buyer || by_id ? "+" : "";
  for (const auto& [bound, sql] : {std::pair(search.from, "sequence >= "), std::pair(search.to, "sequence < ")}) {
    if (!bound) continue;
    const auto place = place_of(*bound);
    if (!place) return place.error();
    conditions.push_back({plus + sql, *place});
  }
  const std::size_t wanted = search.limit + 1;
  const auto with_status = [&](OrderStatus status) {
    conditions.push_back({plus + "status = ", static_cast<std::int64_t>(status)});
  };
  if (!search.product_id.empty()) {
    const auto ref = ref_of(search.product_id);
    if (!ref) return page;
    conditions.push_back({plus + "product = ", *ref});
  }
  Result<void> done;
  if (search.status) {
    with_status(*search.status);
    done = collect(conditions, by_id, wanted, page.orders);
  } else if (search.product_id.empty() || by_buyer || by_id) {
    done = collect(conditions, by_id, wanted, page.orders);
  } else {
    // The index of products goes by status: the newest of each status, then the newest of those.
    for (int status = 0; status < kOrderStatusCount && done; ++status) {
      with_status(static_cast<OrderStatus>(status));
      done = collect(conditions, false, wanted, page.orders);
      conditions.pop_back();
    }
    std::sort(page.orders.begin(), page.orders.end(),
              [](const ArchivedOrder& a, const ArchivedOrder& b) { return a.order.sequence > b.order.sequence; });
  }
  if (!done) return done.error();
  if (page.orders.size() > search.limit) {
    page.orders.resize(search.limit);
    const OrderView& last = page.orders.back().order;
    page.next_cursor = by_id ? to_string(last.id) : std::to_string(last.sequence);
  }
  return page;
}

Result<std::optional<ArchivedOrder>> QueryTables::find(OrderId id) {
  std::vector<ArchivedOrder> found;
  if (auto done = collect({{"id = ", bytes_of(id.hi, id.lo)}}, true, 1, found); !done) return done.error();
  if (found.empty()) return std::optional<ArchivedOrder>();
  return std::optional<ArchivedOrder>(std::move(found.front()));
}

}  // namespace scalemart
