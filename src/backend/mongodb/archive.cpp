#include "backend/mongodb/archive.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "backend/mongodb/indexes.hpp"
#include "backend/mongodb/order_document.hpp"
#include "backend/shared/order_range.hpp"
#include "base/utf8.hpp"

namespace scalemart::mongo {
namespace {

constexpr std::size_t kLimitMax = 10'000;

constexpr std::array<Index, 5> kIndexes{{{"orders", {"product_id", "_id"}},
                                         {"orders", {"status", "_id"}},
                                         {"orders", {"product_id", "status", "_id"}},
                                         {"orders", {"buyer", "_id"}},
                                         {"orders", {"status", "currency", "amount"}}}};

Document filter_of(const OrderSearch& search, const IdRange& range, const std::string& before) {
  Document filter, id, created;
  if (search.status) filter.add("status", static_cast<std::int32_t>(*search.status));
  if (!search.product_id.empty()) filter.add("product_id", as_plain_utf8(search.product_id));
  if (search.buyer) filter.add("buyer", to_string(*search.buyer));
  id.add("$gte", to_string(range.first)).add("$lte", to_string(range.last));
  if (!before.empty()) id.add("$lt", before);
  filter.add("_id", id);
  if (search.from) created.add("$gte", search.from->ms);
  if (search.to) created.add("$lt", search.to->ms);
  if (!created.empty()) filter.add("created", created);
  return filter;
}

/// Adds `what` up in groups. One sum a call: FerretDB 1 gives the second one of a stage nothing to add.
template <class Name, class What>
Reply<std::map<Name, std::int64_t>> sums_of(Client& client, std::optional<OrderStatus> status, const char* by,
                                            What what) {
  std::vector<Document> stages;
  Document wanted, group, sum, command;
  if (status) stages.emplace_back().add("$match", wanted.add("status", static_cast<std::int32_t>(*status)));
  stages.emplace_back().add("$group", group.add("_id", by).add("sum", sum.add("$sum", what)));
  command.add("aggregate", "orders").add("pipeline", stages).add("cursor", Document());
  const auto answer = client.run(command);
  if (!answer) return answer.error();
  std::map<Name, std::int64_t> sums;
  for (const Reading& each : answer->document("cursor").documents("firstBatch")) {
    if constexpr (std::is_same_v<Name, std::string>)
      sums[each.text("_id")] = each.integer("sum");
    else
      sums[each.integer("_id")] = each.integer("sum");
  }
  return sums;
}

using ByCurrency = std::map<std::string, std::int64_t>;
Reply<ByCurrency> by_currency(Client& client, OrderStatus status, const char* what) {
  return sums_of<std::string>(client, status, "$currency", what);
}

Error damaged(const Malformed& fault) {
  return error(std::string("MongoDB: an order is damaged: ") + fault.what());
}

}  // namespace

Result<std::unique_ptr<MongoArchive>> MongoArchive::open(const Options& options) {
  auto client = Client::open(options.client);
  if (!client) return client.error();
  if (const auto ready = prepare_indexes(**client, kIndexes, options.create); !ready) return ready.error();
  return std::unique_ptr<MongoArchive>(new MongoArchive(std::move(*client)));
}

Reply<std::vector<ArchivedOrder>> MongoArchive::find_orders(const Query& query) {
  const auto found = client_->find(query);
  if (!found) return found.error();
  std::vector<ArchivedOrder> orders;
  for (const Reading& each : *found) orders.push_back(read_order(each));
  return orders;
}

Result<OrderPage> MongoArchive::search(const OrderSearch& search) {
  OrderPage page;
  std::string before;
  if (!search.cursor.empty()) {
    const auto id = parse_ulid<OrderId>(search.cursor);
    page.is_cursor_known = id.has_value();
    if (!id) return page;
    before = to_string(*id);
  }
  const auto range = ids_to_search(search);
  if (!range) return page;
  const std::size_t limit = std::min(search.limit, kLimitMax);
  Query query{.collection = "orders", .filter = filter_of(search, *range, before)};
  query.sort.add("_id", std::int32_t{-1});
  query.limit = static_cast<std::int64_t>(limit + 1);
  try {
    auto found = find_orders(query);
    if (!found) return to_error(found.error());
    page.orders = std::move(*found);
  } catch (const Malformed& fault) {
    return damaged(fault);
  }
  if (page.orders.size() > limit) {
    page.orders.resize(limit);
    page.next_cursor = to_string(page.orders.back().order.id);
  }
  return page;
}

Result<std::optional<ArchivedOrder>> MongoArchive::find(OrderId id) {
  Query query{.collection = "orders"};
  query.filter.add("_id", to_string(id));
  try {
    auto found = find_orders(query);
    if (!found) return to_error(found.error());
    if (found->empty()) return std::optional<ArchivedOrder>();
    return std::optional(std::move(found->front()));
  } catch (const Malformed& fault) {
    return damaged(fault);
  }
}

Result<SaleTotals> MongoArchive::totals() {
  SaleTotals totals;
  std::map<std::string, SaleTotals::Money> money;
  try {
    const auto orders = sums_of<std::int64_t>(*client_, std::nullopt, "$status", std::int32_t{1});
    if (!orders) return to_error(orders.error());
    const auto confirmed = by_currency(*client_, OrderStatus::confirmed, "$amount");
    if (!confirmed) return to_error(confirmed.error());
    const auto refunded = by_currency(*client_, OrderStatus::refunded, "$amount");
    if (!refunded) return to_error(refunded.error());
    const auto units = by_currency(*client_, OrderStatus::confirmed, "$quantity");
    if (!units) return to_error(units.error());
    for (const auto& [status, count] : *orders)
      totals.orders.at(static_cast<std::size_t>(status)) = static_cast<std::uint64_t>(count);
    for (const auto& [currency, sum] : *confirmed) money[currency].confirmed = sum;
    for (const auto& [currency, sum] : *refunded) money[currency].refunded = sum;
    for (const auto& [currency, sum] : *units) money[currency].units = static_cast<std::uint64_t>(sum);
  } catch (const Malformed& fault) {
    return damaged(fault);
  }
  for (auto& [currency, one] : money) {
    one.currency = currency;
    totals.money.push_back(std::move(one));
  }
  return totals;
}

}  // namespace scalemart::mongo
