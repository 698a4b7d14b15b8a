#include "backend/mongodb/record_find.hpp"

#include <algorithm>

namespace scalemart::mongo {
namespace {

constexpr std::size_t kAtOnce = 1000;
constexpr std::int64_t kPage = 2000;
constexpr std::int64_t kCountedAtOnce = 5000;

template <class T>
Document one_of(const char* member, const std::vector<T>& values) {
  std::vector<Document> either(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) either[i].add(member, values[i]);
  Document filter;
  filter.add("$or", either);
  return filter;
}

Document any_of(const char* member, std::span<const std::string> texts) {
  Document in, filter;
  in.add("$in", std::vector<std::string>(texts.begin(), texts.end()));
  filter.add(member, in);
  return filter;
}

}  // namespace

Reply<void> for_each_in(Client& client, const char* member, const std::vector<std::string>& texts, const Visit& visit,
                        std::initializer_list<const char*> members) {
  for (std::span<const std::string> rest(texts); !rest.empty();) {
    const auto some = rest.first(std::min(kAtOnce, rest.size()));
    rest = rest.subspan(some.size());
    Query query{.collection = "orders", .limit = static_cast<std::int64_t>(some.size())};
    query.filter = any_of(member, some);
    for (const char* each : members) query.projection.add(each, true);
    const auto found = client.find(query);
    if (!found) return found.error();
    for (const Reading& each : *found) visit(each);
  }
  return {};
}

Reply<void> for_each_by_id(Client& client, const std::vector<OrderId>& ids, const Visit& visit,
                           std::initializer_list<const char*> members) {
  std::vector<std::string> texts(ids.size());
  std::transform(ids.begin(), ids.end(), texts.begin(), [](OrderId id) { return to_string(id); });
  return for_each_in(client, "_id", texts, visit, members);
}

Reply<void> for_each_that_counts(Client& client, const std::vector<std::string>& buyers,
                                 const std::vector<ProductRef>& products, const Visit& visit) {
  if (buyers.empty()) return {};
  std::vector<std::int32_t> refs(products.size()), counting;
  std::transform(products.begin(), products.end(), refs.begin(),
                 [](ProductRef p) { return static_cast<std::int32_t>(index_of(p)); });
  for (const OrderStatus status : {OrderStatus::pending, OrderStatus::processing, OrderStatus::confirmed})
    counting.push_back(static_cast<std::int32_t>(status));
  const auto filter = [&] {
    std::vector<Document> all;
    all.push_back(any_of("buyer", buyers));
    all.push_back(one_of("product", refs));
    all.push_back(one_of("status", counting));
    Document both;
    both.add("$and", all);
    return both;
  };
  const auto found = client.find({.collection = "orders", .filter = filter(), .limit = kCountedAtOnce});
  if (!found) return found.error();
  if (found->size() == static_cast<std::size_t>(kCountedAtOnce)) return client.for_each("orders", filter(), visit);
  for (const Reading& each : *found) visit(each);
  return {};
}

Reply<std::vector<OrderId>> due_holds(Client& client, WallTime now, std::size_t limit,
                                      std::map<OrderId, ProductRef>& homes) {
  Query query{.collection = "orders", .limit = static_cast<std::int64_t>(limit)};
  Document past;
  query.filter.add("hold", past.add("$lte", now.ms));
  query.sort.add("hold", std::int32_t{1}).add("hold_no", std::int32_t{1});
  query.projection.add("product", true);
  const auto found = client.find(query);
  if (!found) return found.error();
  std::vector<OrderId> orders;
  for (const Reading& each : *found) {
    const auto id = parse_ulid<OrderId>(each.text("_id"));
    if (!id) throw Malformed("_id of an order is no id");
    homes[*id] = ProductRef{static_cast<std::uint32_t>(each.integer("product"))};
    orders.push_back(*id);
  }
  return orders;
}

Reply<std::optional<RecordedProduct>> find_slug(Client& client, const std::string& slug) {
  Document filter;
  const auto found = client.find_one("products", std::move(filter.add("slug", slug)));
  if (!found) return found.error();
  if (!*found) return std::optional<RecordedProduct>();
  return std::optional(RecordedProduct::read(**found));
}

Reply<std::uint32_t> next_ref(Client& client) {
  Query query{.collection = "products"};
  query.sort.add("_id", std::int32_t{-1});
  query.projection.add("_id", true);
  const auto found = client.find(query);
  if (!found) return found.error();
  return found->empty() ? 0 : static_cast<std::uint32_t>(found->front().integer("_id")) + 1;
}

Reply<std::vector<RecordedProduct>> all_products(Client& client) {
  std::vector<RecordedProduct> products;
  for (std::int32_t after = -1;;) {
    Query query{.collection = "products", .limit = kPage};
    Document beyond;
    query.filter.add("_id", beyond.add("$gt", after));
    query.sort.add("_id", std::int32_t{1});
    query.projection.add("claim", false);
    const auto found = client.find(query);
    if (!found) return found.error();
    for (const Reading& each : *found) products.push_back(RecordedProduct::read(each));
    if (found->size() < static_cast<std::size_t>(kPage)) return products;
    after = static_cast<std::int32_t>(index_of(products.back().ref));
  }
}

}  // namespace scalemart::mongo
