#include "backend/mongodb/record_batch.hpp"

#include <algorithm>

#include "backend/mongodb/record_find.hpp"
#include "base/utf8.hpp"
#include "domain/validity.hpp"

namespace scalemart::mongo {
namespace {

/// So that a claim stays far below the 16 MiB of a document, and its orders are one insert.
constexpr std::size_t kPartMax = 1000;
constexpr std::chrono::milliseconds kPause{20};
constexpr int kRounds = 5;

template <class C>
concept NamesProduct = requires(const C& c) {
  c.product;
};
template <class C>
concept NamesOrder = requires(const C& c) {
  c.order;
};

/// Of a command about an order that is there already.
std::optional<OrderId> order_of(const Command& command) {
  return std::visit(
      []<class C>(const C& c) -> std::optional<OrderId> {
        if constexpr (NamesOrder<C> && !std::is_same_v<C, Reserve>)
          return c.order;
        else
          return std::nullopt;
      },
      command);
}

bool stands_alone(const Command& command) {
  return std::holds_alternative<CreateProduct>(command) || std::holds_alternative<ExpireDue>(command);
}

}  // namespace

std::vector<BatchRun::Places> BatchRun::parts() const {
  std::vector<Places> parts;
  std::set<OrderId> bought;
  std::set<std::string> keys;
  const auto open = [&] {
    parts.emplace_back();
    bought.clear();
    keys.clear();
  };
  for (std::size_t place = 0; place < commands_.size(); ++place) {
    const Command& command = commands_[place];
    const auto* buy = std::get_if<Reserve>(&command);
    const std::string once = buy != nullptr && !buy->key.empty() ? once_of(buy->buyer, buy->key) : std::string();
    const auto named = buy != nullptr ? std::optional(buy->order) : order_of(command);
    if (parts.empty() || parts.back().size() >= kPartMax || stands_alone(command) ||
        (place > 0 && stands_alone(commands_[place - 1])) || (named && bought.contains(*named)) || keys.contains(once))
      open();
    if (buy != nullptr) bought.insert(buy->order);
    if (!once.empty()) keys.insert(once);
    parts.back().push_back(place);
  }
  return parts;
}

Reply<void> BatchRun::run() {
  for (Places& part : parts()) {
    const Command& first = commands_[part.front()];
    Reply<void> done;
    if (const auto* make = std::get_if<CreateProduct>(&first))
      done = create(*make, part.front());
    else if (const auto* due = std::get_if<ExpireDue>(&first))
      done = expire(*due, part.front());
    else
      done = run_part(std::move(part));
    if (!done) return done;
  }
  return {};
}

RecordedBatch BatchRun::result() && {
  RecordedBatch batch;
  batch.fate = Fate::committed;
  batch.answers = std::move(answers_);
  for (const auto& [product, stock] : stocks_) batch.stocks.push_back(stock);
  const auto by_place = [](const auto& a, const auto& b) { return a.place < b.place; };
  std::stable_sort(moved_.begin(), moved_.end(), by_place);
  for (const Sale::Moved& moved : moved_) batch.changes.push_back(moved.change);
  std::stable_sort(terms_.begin(), terms_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [place, product] : terms_)
    if (std::find(batch.terms.begin(), batch.terms.end(), product) == batch.terms.end()) batch.terms.push_back(product);
  return batch;
}

// --- reading -------------------------------------------------------------------------------------------

Reply<void> BatchRun::find_homes(const std::vector<OrderId>& orders) {
  // Who is not found may still stand in the claim of one who died.
  for (const bool is_last : {false, true}) {
    std::vector<OrderId> unknown;
    for (const OrderId order : orders)
      if (!homes_.contains(order)) unknown.push_back(order);
    if (unknown.empty()) return {};
    if (is_last)
      if (const auto finished = shop_.claims.finish_all(until_); !finished) return finished;
    const auto read = for_each_by_id(shop_.client, unknown,
                                     [this](const Reading& order) {
                                       homes_[*parse_ulid<OrderId>(order.text("_id"))] =
                                           ProductRef{static_cast<std::uint32_t>(order.integer("product"))};
                                     },
                                     {"product"});
    if (!read) return read;
  }
  return {};
}

std::optional<ProductRef> BatchRun::product_of(const Command& command) const {
  if (const auto order = order_of(command)) {
    const auto home = homes_.find(*order);
    return home == homes_.end() ? std::nullopt : std::optional(home->second);
  }
  return std::visit(
      []<class C>(const C& c) -> std::optional<ProductRef> {
        if constexpr (NamesProduct<C>)
          return c.product;
        else
          return std::nullopt;
      },
      command);
}

Reply<std::vector<RecordedProduct>> BatchRun::load(const std::vector<ProductRef>& products) {
  if (products.empty()) return std::vector<RecordedProduct>();
  return shop_.claims.load(products, until_);
}

Reply<void> BatchRun::read_orders(const Places& places, Decider& decider) {
  std::vector<OrderId> ids;
  std::vector<std::string> keys, buyers;
  std::set<ProductRef> capped;
  for (const auto& [ref, sale] : decider.sales())
    if (sale.product.spec->terms.per_user_limit > 0) capped.insert(ref);
  for (const std::size_t place : places)
    if (const auto* change = std::get_if<ChangeProduct>(&commands_[place])) capped.insert(change->product);
  for (const std::size_t place : places) {
    if (const auto order = order_of(commands_[place])) ids.push_back(*order);
    const auto* buy = std::get_if<Reserve>(&commands_[place]);
    if (buy == nullptr) continue;
    ids.push_back(buy->order);
    if (!buy->key.empty()) keys.push_back(once_of(buy->buyer, buy->key));
    if (capped.contains(buy->product)) buyers.push_back(to_string(buy->buyer));
  }
  const auto add = [&](const Reading& order) { decider.add(RecordedOrder::read(order)); };
  if (const auto read = for_each_by_id(shop_.client, ids, add); !read) return read;
  if (const auto read = for_each_in(shop_.client, "once", keys, add); !read) return read;
  return for_each_that_counts(shop_.client, buyers, {capped.begin(), capped.end()}, add);
}

// --- writing -------------------------------------------------------------------------------------------

/// The claim is the product's: it happened, and only has to be finished. While there is time, nothing else counts.
Reply<Voided> BatchRun::carry_through(ProductRef product, const Claim& claim) {
  for (;;) {
    auto voided = shop_.claims.carry_out(product, claim);
    if (voided) {
      const auto settled = shop_.claims.settle(product, claim, *voided);
      if (settled) return voided;
      voided = settled.error();
    }
    if (left() <= 2 * kPause) return voided;
    shop_.claims.pause(kPause);
  }
}

Reply<std::optional<Voided>> BatchRun::write(Sale& sale, const Decider& decider) {
  const Claim claim = decider.claim_of(sale);
  if (left().count() <= 0) return too_late();
  const auto is_ours = shop_.claims.claim(sale.product, claim);
  if (!is_ours && is_ours.error().kind == Failure::Kind::lost) written_ = true;
  if (!is_ours) return is_ours.error();
  if (!*is_ours) return std::optional<Voided>();
  written_ = true;
  auto voided = carry_through(sale.product.ref, claim);
  if (!voided) return voided.error();
  // What goes back, as settle() has written it.
  for (const OrderId order : *voided) {
    const auto units = static_cast<std::int64_t>(decider.order(order)->view.quantity);
    sale.product.stock.held -= units;
    sale.product.stock.available += units;
  }
  return std::optional(std::move(*voided));
}

void BatchRun::keep(const Sale& sale, const Voided& voided) {
  if (sale.named || !sale.moved.empty()) stocks_[sale.product.ref] = sale.stock();
  for (const Sale::Moved& moved : sale.moved)
    if (std::find(voided.begin(), voided.end(), moved.change.order) == voided.end()) moved_.push_back(moved);
  if (sale.terms) terms_.emplace_back(*sale.terms, sale.product.ref);
}

Reply<void> BatchRun::run_part(Places places) {
  while (!places.empty()) {
    auto again = decide_once(places);
    if (!again) return again.error();
    places = std::move(*again);
    if (!places.empty() && left().count() <= 0) return too_late();
  }
  return {};
}

Reply<BatchRun::Places> BatchRun::decide_once(const Places& places) {
  std::vector<OrderId> named;
  for (const std::size_t place : places)
    if (const auto order = order_of(commands_[place])) named.push_back(*order);
  if (const auto found = find_homes(named); !found) return found.error();
  std::set<ProductRef> products;
  for (const std::size_t place : places)
    if (const auto product = product_of(commands_[place])) products.insert(*product);
  const auto turn = shop_.turns.take({products.begin(), products.end()}, left());
  if (!turn) return too_late();
  auto loaded = load({products.begin(), products.end()});
  if (!loaded) return loaded.error();

  Decider decider(now_, shop_.numbers);
  for (RecordedProduct& product : *loaded) decider.add(std::move(product));
  if (const auto read = read_orders(places, decider); !read) return read.error();
  for (const std::size_t place : places) answers_[place] = decider.decide(commands_[place], place);

  std::set<ProductRef> lost;
  std::set<OrderId> void_orders;
  for (auto& [ref, sale] : decider.sales()) {
    Voided voided;
    if (sale.is_changed()) {
      auto written = write(sale, decider);
      if (!written) return written.error();
      if (!*written) lost.insert(ref);
      if (!*written) continue;
      voided = std::move(**written);
    }
    keep(sale, voided);
    void_orders.insert(voided.begin(), voided.end());
  }
  Places again;
  for (const std::size_t place : places) {
    const auto product = product_of(commands_[place]);
    const auto* buy = std::get_if<Reserve>(&commands_[place]);
    const bool is_void = buy != nullptr && answers_[place].outcome == Outcome::done && void_orders.contains(buy->order);
    if (is_void || (product && lost.contains(*product))) again.push_back(place);
  }
  return again;
}

// --- the clock's ---------------------------------------------------------------------------------------

Reply<std::size_t> BatchRun::expire_these(const std::vector<OrderId>& orders, std::size_t place) {
  std::set<ProductRef> products;
  for (const OrderId order : orders) products.insert(homes_.at(order));
  const auto turn = shop_.turns.take({products.begin(), products.end()}, left());
  if (!turn) return too_late();
  auto loaded = load({products.begin(), products.end()});
  if (!loaded) return loaded.error();
  Decider decider(now_, shop_.numbers);
  for (RecordedProduct& product : *loaded) decider.add(std::move(product));
  const auto add = [&](const Reading& order) { decider.add(RecordedOrder::read(order)); };
  if (const auto read = for_each_by_id(shop_.client, orders, add); !read) return read.error();
  for (const OrderId order : orders) static_cast<void>(decider.expire(order, place));
  std::size_t expired = 0;
  for (auto& [ref, sale] : decider.sales()) {
    if (!sale.is_changed()) continue;
    const auto written = write(sale, decider);
    if (!written) return written.error();
    if (!*written) continue;  // next time
    keep(sale, {});
    expired += sale.moved.size();
  }
  return expired;
}

Reply<void> BatchRun::expire(const ExpireDue& command, std::size_t place) {
  Answer& answer = answers_[place];
  answer.outcome = Outcome::done;
  std::size_t wanted = std::min(command.limit, rules::kExpireMax);
  for (int in_vain = 0; wanted > 0 && in_vain < kRounds;) {
    const auto due = due_holds(shop_.client, now_, std::min(wanted, kPartMax), homes_);
    if (!due) return due.error();
    if (due->empty()) break;
    const auto expired = expire_these(*due, place);
    if (!expired) return expired.error();
    answer.count += static_cast<std::uint32_t>(*expired);
    wanted -= *expired;
    if (left().count() <= 0) break;
    if (*expired == 0) ++in_vain;  // others were faster
  }
  return {};
}

// --- new products --------------------------------------------------------------------------------------

Reply<bool> BatchRun::try_to_create(const CreateProduct& command, std::size_t place) {
  Answer& answer = answers_[place];
  answer = Answer();
  if (command.spec && is_plain_utf8(command.spec->id)) {
    const auto taken = find_slug(shop_.client, command.spec->id);
    if (!taken) return taken.error();
    if (*taken) {
      answer.outcome = Outcome::product_exists;
      answer.product = (*taken)->ref;
      answer.sequence = (*taken)->sequence;
      stocks_[answer.product] = {answer.product, (*taken)->stock, (*taken)->sequence};
      return true;
    }
  }
  const auto next = next_ref(shop_.client);
  if (!next) return next.error();
  answer.outcome = Outcome::invalid_value;
  if (!command.spec || !rules::is_valid(*command.spec) || !is_storable(*command.spec) ||
      !rules::is_valid_total(command.total) || *next >= rules::kProductsMax)
    return true;
  RecordedProduct product;
  product.ref = ProductRef{*next};
  product.spec = command.spec;
  product.stock = {command.total, command.total, 0, 0};
  product.last_at = now_;
  product.version = 1;
  Claim claim{product.version, {}, {}, {}};
  claim.records.push_back(product_record(product, "created", command.total));
  const auto made = shop_.claims.create(product, claim);
  if (!made && made.error().kind == Failure::Kind::lost) written_ = true;
  if (!made) return made.error();
  if (!*made) return false;
  written_ = true;
  if (const auto done = carry_through(product.ref, claim); !done) return done.error();
  answer.outcome = Outcome::done;
  answer.product = product.ref;
  answer.sequence = product.sequence;
  stocks_[product.ref] = {product.ref, product.stock, product.sequence};
  terms_.emplace_back(place, product.ref);
  return true;
}

Reply<void> BatchRun::create(const CreateProduct& command, std::size_t place) {
  for (;;) {
    const auto decided = try_to_create(command, place);
    if (!decided) return decided.error();
    if (*decided) return {};
    if (left().count() <= 0) return too_late();
  }
}

}  // namespace scalemart::mongo
