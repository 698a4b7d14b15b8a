#include "backend/mongodb/archive.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "backend/mongodb/indexes.hpp"
#include "backend/mongodb/order_document.hpp"
#include "backend/mongodb/record_find.hpp"
#include "backend/shared/order_range.hpp"
#include "base/utf8.hpp"

namespace scalemart::mongo {
namespace {

constexpr std::size_t kLimitMax = 10'000;

constexpr std::array<Index, 6> kIndexes{{{"orders", {"product_id", "_id"}},
                                         {"orders", {"status", "_id"}},
                                         {"orders", {"product_id", "status", "_id"}},
                                         {"orders", {"buyer", "_id"}},
                                         {"orders", {"status", "currency", "amount"}},
                                         {"orders", {"parked_no"}, false, true}}};

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
Reply<std::map<Name, std::int64_t>> sums_of(Client& client, const Document& wanted, const char* by, What what) {
  std::vector<Document> stages;
  Document group, sum, command;
  if (!wanted.empty()) stages.emplace_back().add("$match", wanted);
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

Document with_status(OrderStatus status) {
  Document wanted;
  wanted.add("status", static_cast<std::int32_t>(status));
  return wanted;
}

using ByCurrency = std::map<std::string, std::int64_t>;
Reply<ByCurrency> by_currency(Client& client, OrderStatus status, const char* what) {
  return sums_of<std::string>(client, with_status(status), "$currency", what);
}

using ByNumber = std::map<std::int64_t, std::int64_t>;
Reply<std::uint64_t> count_parked(Client& client) {
  Document wanted, any;
  wanted.add("parked_no", any.add("$gte", std::int64_t{0}));
  const auto counts = sums_of<std::int64_t>(client, wanted, "$status", std::int32_t{1});
  if (!counts) return counts.error();
  std::uint64_t parked = 0;
  for (const auto& [status, count] : *counts) parked += static_cast<std::uint64_t>(count);
  return parked;
}

/// Units by which products and orders differ, of the products that stood still meanwhile.
Reply<std::int64_t> drift_of(Client& client) {
  const auto before = all_products(client);
  if (!before) return before.error();
  std::array<ByNumber, kOrderStatusCount> units;
  for (const OrderStatus status : {OrderStatus::pending, OrderStatus::processing, OrderStatus::confirmed}) {
    auto sums = sums_of<std::int64_t>(client, with_status(status), "$product", "$quantity");
    if (!sums) return sums.error();
    units.at(static_cast<std::size_t>(status)) = std::move(*sums);
  }
  const auto after = all_products(client);
  if (!after) return after.error();
  std::int64_t drift = 0;
  for (std::size_t i = 0; i < before->size(); ++i) {
    const RecordedProduct& was = (*before)[i];
    const RecordedProduct& is = after->at(i);
    if (was.claimed || is.claimed || was.version != is.version) continue;
    const auto of = [&](OrderStatus status) {
      return units.at(static_cast<std::size_t>(status))[static_cast<std::int64_t>(index_of(is.ref))];
    };
    const Stock& stock = is.stock;
    const std::int64_t held = of(OrderStatus::pending) + of(OrderStatus::processing);
    drift += std::abs(stock.held - held) + std::abs(stock.sold - of(OrderStatus::confirmed)) +
             std::abs(stock.total - stock.available - stock.held - stock.sold);
  }
  return drift;
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
    const auto orders = sums_of<std::int64_t>(*client_, {}, "$status", std::int32_t{1});
    if (!orders) return to_error(orders.error());
    const auto confirmed = by_currency(*client_, OrderStatus::confirmed, "$amount");
    if (!confirmed) return to_error(confirmed.error());
    const auto refunded = by_currency(*client_, OrderStatus::refunded, "$amount");
    if (!refunded) return to_error(refunded.error());
    const auto units = by_currency(*client_, OrderStatus::confirmed, "$quantity");
    if (!units) return to_error(units.error());
    const auto parked = count_parked(*client_);
    if (!parked) return to_error(parked.error());
    const auto drift = drift_of(*client_);
    if (!drift) return to_error(drift.error());
    totals.parked = *parked;
    totals.drift = *drift;
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
