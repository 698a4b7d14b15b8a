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

struct Sum {
  std::int64_t orders = 0;
  std::int64_t units = 0;
  MinorUnits amount = 0;
};

/// Sums of the orders of a status, by currency.
Reply<std::map<std::string, Sum>> sums_of(Client& client, OrderStatus status) {
  std::vector<Document> stages(2);
  Document wanted, group, amount, units, orders, command;
  group.add("_id", "$currency").add("amount", amount.add("$sum", "$amount"));
  group.add("units", units.add("$sum", "$quantity")).add("orders", orders.add("$sum", std::int32_t{1}));
  stages[0].add("$match", wanted.add("status", static_cast<std::int32_t>(status)));
  stages[1].add("$group", group);
  command.add("aggregate", "orders").add("pipeline", stages).add("cursor", Document());
  const auto answer = client.run(command);
  if (!answer) return answer.error();
  std::map<std::string, Sum> sums;
  for (const Reading& each : answer->document("cursor").documents("firstBatch"))
    sums[each.text("_id")] = {each.integer("orders"), each.integer("units"), each.integer("amount")};
  return sums;
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
  std::map<std::string, SaleTotals::Money> by_currency;
  try {
    for (int i = 0; i < kOrderStatusCount; ++i) {
      const auto status = static_cast<OrderStatus>(i);
      const auto sums = sums_of(*client_, status);
      if (!sums) return to_error(sums.error());
      for (const auto& [currency, sum] : *sums) {
        totals.orders.at(static_cast<std::size_t>(i)) += static_cast<std::uint64_t>(sum.orders);
        if (status != OrderStatus::confirmed && status != OrderStatus::refunded) continue;
        SaleTotals::Money& money = by_currency[currency];
        (status == OrderStatus::confirmed ? money.confirmed : money.refunded) = sum.amount;
        if (status == OrderStatus::confirmed) money.units = static_cast<std::uint64_t>(sum.units);
      }
    }
  } catch (const Malformed& fault) {
    return damaged(fault);
  }
  for (auto& [currency, money] : by_currency) {
    money.currency = currency;
    totals.money.push_back(std::move(money));
  }
  return totals;
}

}  // namespace scalemart::mongo
