#include "backend/mongodb/record_claims.hpp"

#include <algorithm>
#include <map>

#include "backend/mongodb/record_order.hpp"

namespace scalemart::mongo {
namespace {

/// A claim is settled after two round trips; one that is older has lost its owner.
constexpr std::chrono::milliseconds kPatience{250};
constexpr std::chrono::milliseconds kLongestPause{20};

std::int32_t id_of(ProductRef product) {
  return static_cast<std::int32_t>(index_of(product));
}

Document claimed(ProductRef product, std::int64_t version) {
  Document filter;
  filter.add("_id", id_of(product)).add("claimed", version);
  return filter;
}

}  // namespace

Reply<bool> Claims::claim(const RecordedProduct& product, const Claim& claim) {
  before(Writing::claim);
  Document filter;
  filter.add("_id", id_of(product.ref)).add("version", claim.version - 1);
  const auto written = client_.update("products", filter, product.update(claim));
  if (!written) return written.error();
  return *written == 1;
}

Reply<bool> Claims::create(const RecordedProduct& product, const Claim& claim) {
  before(Writing::claim);
  std::vector<Document> documents;
  documents.push_back(product.document(claim));
  const auto made = client_.insert("products", documents);
  if (made) return true;
  if (made.error().kind == Failure::Kind::duplicate) return false;
  return made.error();
}

Reply<void> Claims::insert_or_find(std::string_view collection, const std::vector<Document>& documents) {
  auto inserted = client_.insert(collection, documents, false);
  if (!inserted && inserted.error().kind != Failure::Kind::duplicate) return inserted.error();
  return {};
}

Reply<Voided> Claims::missing(ProductRef product, const std::vector<Document>& orders) {
  std::map<std::string, std::int64_t> wanted;  // id, sequence
  std::vector<std::string> ids;
  for (const Document& each : orders) {
    const Reading order(each.raw());
    ids.push_back(order.text("_id"));
    wanted[ids.back()] = order.integer("sequence");
  }
  Query query{.collection = "orders", .limit = static_cast<std::int64_t>(ids.size())};
  Document in;
  query.filter.add("_id", in.add("$in", ids));
  query.projection.add("product", true).add("sequence", true);
  const auto found = client_.find(query);
  if (!found) return found.error();
  for (const Reading& each : *found)
    if (each.integer("product") == id_of(product) && each.integer("sequence") == wanted.at(each.text("_id")))
      wanted.erase(each.text("_id"));
  Voided voided;
  for (const auto& [id, sequence] : wanted) voided.push_back(*parse_ulid<OrderId>(id));
  return voided;
}

Reply<Voided> Claims::carry_out(ProductRef product, const Claim& claim) {
  Voided voided;
  before(Writing::orders);
  if (!claim.accepted.empty()) {
    const auto inserted = client_.insert("orders", claim.accepted, false);
    if (!inserted && inserted.error().kind != Failure::Kind::duplicate) return inserted.error();
    if (!inserted) {  // another process was here before, or an order cannot be
      auto left = missing(product, claim.accepted);
      if (!left) return left.error();
      voided = std::move(*left);
    }
  }
  before(Writing::changes);
  if (!claim.changed.empty()) {
    std::vector<Change> changes(claim.changed.size());
    for (std::size_t i = 0; i < changes.size(); ++i) {
      const Reading order(claim.changed[i].raw());
      Document older;
      changes[i].filter.add("_id", order.text("_id")).add("changed", older.add("$lt", order.integer("changed")));
      changes[i].update = order.copy();
    }
    const auto changed = client_.update_each("orders", changes);
    if (!changed) return changed.error();
  }
  before(Writing::records);
  if (!claim.records.empty())
    if (const auto noted = insert_or_find("product_records", claim.records); !noted) return noted.error();
  return voided;
}

Reply<void> Claims::settle(ProductRef product, const Claim& claim, const Voided& voided) {
  before(Writing::settlement);
  Document gone, update;
  update.add("$unset", gone.add("claim", "").add("claimed", ""));
  if (!voided.empty()) {
    std::int64_t units = 0;
    for (const Document& each : claim.accepted) {
      const Reading order(each.raw());
      if (std::find(voided.begin(), voided.end(), *parse_ulid<OrderId>(order.text("_id"))) != voided.end())
        units += order.integer("quantity");
    }
    Document back;
    back.add("held", -units).add("available", units).add("accepted", -static_cast<std::int64_t>(voided.size()));
    update.add("$inc", back.add("version", std::int64_t{1}));
  }
  const auto settled = client_.update("products", claimed(product, claim.version), update);
  if (!settled) return settled.error();
  before(Writing::end);
  return {};
}

Reply<void> Claims::finish(const Reading& document) {
  const ProductRef product{static_cast<std::uint32_t>(document.integer("_id"))};
  const std::int64_t version = document.integer("claimed");
  Document update, one;
  update.add("$inc", one.add("signed", std::int64_t{1}));
  const auto is_there = client_.update("products", claimed(product, version), update);
  if (!is_there) return is_there.error();
  if (*is_there == 0) return {};  // its owner was faster
  // What was signed: after a failover another one may have this version than the one that was found.
  const auto signed_one = client_.find_one("products", claimed(product, version));
  if (!signed_one) return signed_one.error();
  if (!*signed_one) return {};
  const auto found = claim_in(**signed_one);
  const auto voided = carry_out(product, *found);
  if (!voided) return voided.error();
  return settle(product, *found, *voided);
}

/// Claims that are waited for.
struct Claims::Seen {
  SteadyTime since;
  std::int64_t version = 0;
};

Reply<std::vector<RecordedProduct>> Claims::load(const std::vector<ProductRef>& products, SteadyTime until) {
  std::map<ProductRef, RecordedProduct> ready;
  std::map<ProductRef, Seen> seen;
  std::set<ProductRef> missing(products.begin(), products.end());
  std::chrono::milliseconds rest{1};
  while (!missing.empty()) {
    std::vector<Document> either;
    for (const ProductRef product : missing) either.emplace_back().add("_id", id_of(product));
    Query query{.collection = "products", .limit = static_cast<std::int64_t>(missing.size())};
    query.filter.add("$or", either);
    const auto found = client_.find(query);
    if (!found) return found.error();
    std::set<ProductRef> waiting;
    for (const Reading& each : *found) {
      const ProductRef ref{static_cast<std::uint32_t>(each.integer("_id"))};
      if (!each.has("claimed")) {
        ready[ref] = RecordedProduct::read(each);
        continue;
      }
      waiting.insert(ref);
      Seen& claim = seen[ref];
      const std::int64_t version = each.integer("claimed");
      if (claim.version != version) claim = {clock_.steady(), version};
      if (clock_.steady() - claim.since < std::min<std::chrono::nanoseconds>(kPatience, (until - claim.since) / 4))
        continue;
      if (const auto finished = finish(each); !finished) return finished.error();
      rest = std::chrono::milliseconds(0);
    }
    missing = std::move(waiting);
    if (missing.empty()) break;
    if (clock_.steady() >= until) return too_late();
    pause(rest);
    rest = std::min(rest * 2 + std::chrono::milliseconds(1), kLongestPause);
  }
  std::vector<RecordedProduct> all;
  for (auto& [ref, product] : ready) all.push_back(std::move(product));
  return all;
}

Reply<void> Claims::finish_all(SteadyTime until) {
  Query query{.collection = "products", .limit = 5000};
  Document any;
  query.filter.add("claimed", any.add("$gte", std::int64_t{0}));
  query.projection.add("claimed", true);
  const auto found = client_.find(query);
  if (!found) return found.error();
  // One is settled when it is not the product's any more; others may follow it for ever.
  std::map<ProductRef, std::int64_t> versions;
  for (const Reading& each : *found)
    versions[ProductRef{static_cast<std::uint32_t>(each.integer("_id"))}] = each.integer("claimed");
  for (const auto& [product, version] : versions) {
    const SteadyTime since = clock_.steady();
    for (std::chrono::milliseconds rest{1};; rest = std::min(rest * 2, kLongestPause)) {
      auto now = client_.find_one("products", claimed(product, version));
      if (!now) return now.error();
      if (!*now) break;
      if (clock_.steady() - since >= std::min<std::chrono::nanoseconds>(kPatience, (until - since) / 4)) {
        if (const auto finished = finish(**now); !finished) return finished.error();
        break;
      }
      pause(rest);
    }
  }
  return {};
}

void Claims::pause(std::chrono::milliseconds time) {
  if (time.count() <= 0) return;
  std::unique_lock lock(mutex_);
  never_.wait_for(lock, time);
}

Turns::Turn::~Turn() {
  if (turns_ == nullptr) return;
  {
    const std::lock_guard lock(turns_->mutex_);
    for (const ProductRef product : products_) turns_->taken_.erase(product);
  }
  turns_->freed_.notify_all();
}

std::optional<Turns::Turn> Turns::take(std::vector<ProductRef> products, std::chrono::nanoseconds within) {
  std::unique_lock lock(mutex_);
  const bool free = freed_.wait_for(lock, within, [&] {
    return std::none_of(products.begin(), products.end(), [&](ProductRef p) { return taken_.contains(p); });
  });
  if (!free) return std::nullopt;
  taken_.insert(products.begin(), products.end());
  return Turn(this, std::move(products));
}

}  // namespace scalemart::mongo
