// Whether the numbers are what the orders say. Nothing holds all documents still: a product's numbers are compared when
// its version was the same before its orders were read and after.
#include <algorithm>
#include <limits>

#include "backend/mongodb/record_find.hpp"
#include "backend/mongodb/record_read.hpp"

namespace scalemart::mongo {
namespace {

/// What the orders and records of a product come to.
struct Counted {
  std::string slug;
  std::uint64_t orders = 0;
  std::int64_t held = 0;
  std::int64_t sold = 0;
  std::int64_t total = 0;  ///< The sum of its records.
  std::int64_t sequence = 0;
  Money earned = 0;
  Money given_back = 0;

  void add_order(const Reading& order) {
    const auto status = static_cast<OrderStatus>(order.integer("status"));
    const std::int64_t units = order.integer("quantity");
    const Money money = Money{order.integer("price")} * units;
    ++orders;
    if (is_open(status)) held += units;
    if (status == OrderStatus::confirmed) sold += units;
    if (status == OrderStatus::confirmed) earned += money;
    if (status == OrderStatus::refunded) given_back += money;
    sequence = std::max(sequence, order.integer("changed"));
  }
};
using Count = std::map<ProductRef, Counted>;

ProductRef product_in(const Reading& document) {
  return ProductRef{static_cast<std::uint32_t>(document.integer("product"))};
}

/// Adds up what there is: of these products, or of all when there is none.
Reply<Count> count(Client& client, const std::vector<RecordedProduct>& only) {
  Count counted;
  const auto order = [&](const Reading& each) { counted[product_in(each)].add_order(each); };
  const auto record = [&](const Reading& each) { counted[product_in(each)].total += each.integer("delta"); };
  const auto walk = [&](const Document& orders, const Document& records) -> Reply<void> {
    const auto read = client.for_each("orders", orders, order, {"product", "status", "quantity", "price", "changed"});
    if (!read) return read;
    return client.for_each("product_records", records, record, {"product", "delta"});
  };
  if (only.empty())
    if (const auto walked = walk({}, {}); !walked) return walked.error();
  for (const RecordedProduct& product : only) {
    Document orders, records;
    orders.add("product_id", product.spec->id);
    records.add("product", static_cast<std::int32_t>(index_of(product.ref)));
    if (const auto walked = walk(orders, records); !walked) return walked.error();
  }
  return counted;
}

std::int64_t narrow(Money sum) {
  constexpr Money kMost = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::clamp(sum, -kMost, kMost));
}

void compare(const RecordedProduct& product, const Counted& counted, std::vector<RecordDrift>& drift) {
  const std::string& id = product.spec->id;
  const Stock& stock = product.stock;
  const auto same = [&](const std::string& what, std::int64_t expected, std::int64_t found) {
    if (expected != found) drift.push_back({product.ref, what + " of " + id, expected, found});
  };
  same("held", counted.held, stock.held);
  same("sold", counted.sold, stock.sold);
  same("total", counted.total, stock.total);
  same("accepted", static_cast<std::int64_t>(counted.orders), static_cast<std::int64_t>(product.accepted));
  same("money earned", narrow(counted.earned), narrow(product.earned));
  same("money given back", narrow(counted.given_back), narrow(product.given_back));
  same("available", stock.total - counted.held - counted.sold, stock.available);
  if (counted.held + counted.sold > stock.total)
    drift.push_back({product.ref, "oversold: " + id, stock.total, counted.held + counted.sold});
  if (counted.sequence > static_cast<std::int64_t>(product.sequence))
    drift.push_back({product.ref, "sequence of " + id, counted.sequence, static_cast<std::int64_t>(product.sequence)});
}

std::vector<ProductRef> refs_of(const std::vector<RecordedProduct>& products) {
  std::vector<ProductRef> refs(products.size());
  std::transform(products.begin(), products.end(), refs.begin(), [](const RecordedProduct& p) { return p.ref; });
  return refs;
}

void find_orphans(const std::vector<RecordedProduct>& products, const Count& counted, Recount& recount) {
  for (const auto& [ref, numbers] : counted) {
    if (std::any_of(products.begin(), products.end(), [&](const RecordedProduct& p) { return p.ref == ref; })) continue;
    recount.orders += numbers.orders;
    recount.drift.push_back({ref, "orders or records without a product, ref " + std::to_string(index_of(ref)), 0,
                             static_cast<std::int64_t>(numbers.orders)});
  }
}

}  // namespace

Result<Recount> MongoRecord::recount(std::chrono::milliseconds within) {
  return read(within, [&](SteadyTime until) -> Reply<Recount> {
    Recount recount;
    const auto all = all_products(*client_);
    if (!all) return all.error();
    recount.products = all->size();
    auto before = claims_.load(refs_of(*all), until);  // without claims
    if (!before) return before.error();
    bool first = true;
    do {
      const auto counted = count(*client_, first ? std::vector<RecordedProduct>() : *before);
      if (!counted) return counted.error();
      auto after = claims_.load(refs_of(*before), until);
      if (!after) return after.error();
      if (first) {
        const auto now = all_products(*client_);  // with those made since, which count next time
        if (!now) return now.error();
        find_orphans(*now, *counted, recount);
      }
      std::vector<RecordedProduct> moving;
      for (std::size_t i = 0; i < before->size(); ++i) {
        if ((*before)[i].version != after->at(i).version) {
          moving.push_back(std::move((*after)[i]));
          continue;
        }
        const auto found = counted->find(after->at(i).ref);
        const Counted numbers = found == counted->end() ? Counted() : found->second;
        recount.orders += numbers.orders;
        compare((*after)[i], numbers, recount.drift);
      }
      *before = std::move(moving);
      first = false;
      if (!before->empty() && clock_.steady() >= until)
        return Failure{Failure::Kind::refused, 0,
                       before->front().spec->id + " is sold while it is counted, again and again: try again later"};
    } while (!before->empty());
    return recount;
  });
}

}  // namespace scalemart::mongo
