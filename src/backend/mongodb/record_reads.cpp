// Orders and products as they are recorded.
#include <algorithm>

#include "backend/mongodb/record_find.hpp"
#include "backend/mongodb/record_read.hpp"

namespace scalemart::mongo {
namespace {

constexpr std::size_t kLimitMax = 10'000;

std::int64_t at_most(std::size_t limit) {
  return static_cast<std::int64_t>(std::min(limit, kLimitMax));
}

}  // namespace

Reply<std::vector<std::optional<OrderView>>> MongoRecord::views(const char* member,
                                                                const std::vector<std::string>& texts,
                                                                SteadyTime until) {
  std::vector<std::optional<OrderView>> views(texts.size());
  std::map<std::string, std::vector<std::size_t>> missing;  // text, places
  for (std::size_t i = 0; i < texts.size(); ++i) missing[texts[i]].push_back(i);
  const auto look = [&]() -> Reply<void> {
    std::vector<std::string> wanted;
    for (const auto& [text, places] : missing) wanted.push_back(text);
    return for_each_in(*client_, member, wanted, [&](const Reading& order) {
      const auto found = missing.find(order.text(member));
      if (found == missing.end()) return;
      for (const std::size_t place : found->second) views[place] = RecordedOrder::read(order).view;
      missing.erase(found);
    });
  };
  if (const auto looked = look(); !looked) return looked.error();
  if (missing.empty()) return views;
  if (const auto finished = claims_.finish_all(until); !finished) return finished.error();
  if (const auto looked = look(); !looked) return looked.error();
  return views;
}

Result<std::vector<std::optional<OrderView>>> MongoRecord::find(std::span<const OrderId> ids,
                                                                std::chrono::milliseconds within) {
  std::vector<std::string> texts(ids.size());
  std::transform(ids.begin(), ids.end(), texts.begin(), [](OrderId id) { return to_string(id); });
  return read(within, [&](SteadyTime until) { return views("_id", texts, until); });
}

Result<std::vector<std::optional<OrderView>>> MongoRecord::find_by_key(std::span<const BuyerKey> keys,
                                                                       std::chrono::milliseconds within) {
  std::vector<std::string> texts(keys.size());
  std::transform(keys.begin(), keys.end(), texts.begin(), [](const BuyerKey& k) { return once_of(k.buyer, k.key); });
  return read(within, [&](SteadyTime until) { return views("once", texts, until); });
}

Result<std::vector<OrderView>> MongoRecord::of_buyer(UserId buyer, OrderId before, std::size_t limit,
                                                     std::chrono::milliseconds within) {
  return read(within, [&](SteadyTime) -> Reply<std::vector<OrderView>> {
    std::vector<OrderView> views;
    Query query{.collection = "orders", .limit = at_most(limit)};
    query.filter.add("buyer", to_string(buyer));
    if (!before.empty()) {
      Document which, older;
      const auto found =
          client_->find_one("orders", std::move(which.add("_id", to_string(before)).add("buyer", to_string(buyer))));
      if (!found) return found.error();
      if (!*found) return views;
      query.filter.add("number", older.add("$lt", (*found)->integer("number")));
    }
    if (limit == 0) return views;
    query.sort.add("number", std::int32_t{-1});
    const auto found = client_->find(query);
    if (!found) return found.error();
    for (const Reading& each : *found) views.push_back(RecordedOrder::read(each).view);
    return views;
  });
}

Result<std::vector<UsedKey>> MongoRecord::used_keys(OrderId after, std::size_t limit,
                                                    std::chrono::milliseconds within) {
  return read(within, [&](SteadyTime until) -> Reply<std::vector<UsedKey>> {
    if (const auto finished = claims_.finish_all(until); !finished) return finished.error();
    std::vector<UsedKey> keys;
    Query query{.collection = "orders", .limit = static_cast<std::int64_t>(limit)};
    Document beyond, any;
    query.filter.add("_id", beyond.add("$gt", to_string(after))).add("once", any.add("$exists", true));
    query.sort.add("_id", std::int32_t{1});
    const auto found = limit == 0 ? Reply<std::vector<Reading>>(std::vector<Reading>()) : client_->find(query);
    if (!found) return found.error();
    for (const Reading& each : *found) {
      const RecordedOrder order = RecordedOrder::read(each);
      keys.push_back({order.view.id, {order.view.buyer, order.key}, order.view.product});
    }
    return keys;
  });
}

Result<std::vector<ProductRecord>> MongoRecord::products(std::chrono::milliseconds within) {
  return read(within, [&](SteadyTime) -> Reply<std::vector<ProductRecord>> {
    const auto all = all_products(*client_);
    if (!all) return all.error();
    std::vector<ProductRecord> products(all->size());
    std::transform(all->begin(), all->end(), products.begin(), [](const RecordedProduct& p) { return p.as_record(); });
    return products;
  });
}

Result<std::optional<WallTime>> MongoRecord::next_expiry(std::chrono::milliseconds within) {
  return read(within, [&](SteadyTime) -> Reply<std::optional<WallTime>> {
    Query query{.collection = "orders"};
    Document any;
    query.filter.add("hold", any.add("$gte", std::int64_t{0}));
    query.sort.add("hold", std::int32_t{1}).add("hold_no", std::int32_t{1});
    query.projection.add("hold", true);
    const auto found = client_->find(query);
    if (!found) return found.error();
    if (found->empty()) return std::optional<WallTime>();
    return std::optional(WallTime{found->front().integer("hold")});
  });
}

}  // namespace scalemart::mongo
