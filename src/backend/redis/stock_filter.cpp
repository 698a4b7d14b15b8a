#include "backend/redis/stock_filter.hpp"

#include <algorithm>

#include "backend/redis/wire.hpp"
#include "base/check.hpp"
#include "telemetry/log.hpp"

namespace scalemart {
namespace {

using redis::Answered;
using redis::Failure;
using redis::NumberText;
using redis::Reply;

constexpr std::size_t kProductsInOneCall = 500;
constexpr std::size_t kKeysInOneCall = 4000;
constexpr std::size_t kTakesMax = 100'000;       // of unknown fate; older ones are forgotten, Redis forgets them too
constexpr std::size_t kBacklogMax = 10'000;      // products, and allowances
constexpr std::size_t kLateKeysMax = 1'000'000;  // bytes, 8 a key
constexpr std::size_t kAllowanceSize = 32;

/// What screen() took for one buy.
struct Take {
  std::int64_t ms = 0;  ///< Of the screening, on the server's clock.
  FilterEpoch epoch = 0;
};

}  // namespace

/// What a settlement tells, packed.
struct RedisStockFilter::Parcel {
  std::string stocks, takes, returned, accepted, limited, keys;
  bool keys_lost = false;
  [[nodiscard]] bool empty() const {
    return stocks.empty() && takes.empty() && returned.empty() && accepted.empty() && limited.empty() && keys.empty();
  }
};

struct RedisStockFilter::Partition {
  /// A Redis that fails now and then (a full one refuses some calls only) is told as away once, not at each turn.
  static constexpr std::chrono::seconds kGoodFor{1};

  Partition(redis::Client client, std::string the_base, const Clock& the_clock)
      : functions(std::move(client)), base(std::move(the_base)), clock(the_clock) {}

  mutable std::mutex mutex;  ///< Guards all below.
  redis::Functions functions;
  const std::string base;
  boost::unordered_flat_map<OrderId, Take, std::hash<OrderId>> takes;
  std::string packed;  ///< Scratch.
  std::string why_away;
  const Clock& clock;
  bool told_away = false;  ///< In the log.
  SteadyTime failed;       ///< When a call last did.
  // What could not be told: facts that hold in any epoch.
  std::map<ProductRef, StockRecord> late_stocks;
  std::string late_returned;
  std::string late_keys;
  bool late_keys_lost = false;

  Answered<Reply> call(std::string_view function, const redis::Command& arguments, SteadyTime deadline) {
    auto reply = functions.call(function, base, arguments, deadline);
    why_away = reply ? "" : reply.error().why;
    if (!reply) {
      failed = clock.steady();
      if (!std::exchange(told_away, true))
        log::warn("redis_filter_away", {{"partition", base}, {"function", function}, {"why", why_away}});
    } else if (told_away && clock.steady() >= failed + kGoodFor) {
      told_away = false;
      log::info("redis_filter_back", {{"partition", base}});
    }
    return reply;
  }

  void postpone(std::span<const StockRecord> stocks, const std::string& returned) {
    for (const StockRecord& stock : stocks) {
      const auto at = late_stocks.find(stock.product);
      if (at == late_stocks.end() && late_stocks.size() < kBacklogMax) late_stocks.emplace(stock.product, stock);
      if (at != late_stocks.end() && at->second.sequence < stock.sequence) at->second = stock;
    }
    // What is cut off here is forgotten by itself a few seconds later.
    if (late_returned.size() + returned.size() <= kBacklogMax * kAllowanceSize) late_returned += returned;
  }

  /// These buys may become orders although the filter never heard of their keys.
  void postpone_keys(std::span<const Reserve> buys) {
    for (const Reserve& buy : buys) redis::pack_key(late_keys, buy.buyer, buy.key);
    if (late_keys.size() <= kLateKeysMax) return;
    late_keys.clear();
    late_keys_lost = true;
  }
};

Result<std::unique_ptr<RedisStockFilter>> RedisStockFilter::make(const redis::Address& address, const Clock& clock,
                                                                 Random& random, RedisFilterSettings settings) {
  SCALEMART_CHECK(settings.partitions > 0 && settings.key_words > 0);
  std::unique_ptr<RedisStockFilter> filter(new RedisStockFilter(clock, std::move(settings)));
  filter->nonce_ = NumberText(static_cast<std::int64_t>(random.next() >> 1));
  for (std::uint32_t i = 0; i < filter->settings_.partitions; ++i) {
    auto client = redis::Client::make(address, clock);
    if (!client) return client.error();
    filter->partitions_.push_back(
        std::make_unique<Partition>(std::move(*client), filter->settings_.keys.partition(i), clock));
  }
  return filter;
}

RedisStockFilter::RedisStockFilter(const Clock& clock, RedisFilterSettings settings)
    : clock_(clock), settings_(std::move(settings)) {}

RedisStockFilter::~RedisStockFilter() = default;

Screening RedisStockFilter::screen(std::uint32_t partition, std::span<const Reserve> buys, WallTime now,
                                   std::chrono::milliseconds within) {
  const SteadyTime deadline = clock_.steady() + within;
  Partition& p = *partitions_.at(partition);
  const std::lock_guard lock(p.mutex);
  Screening screening;
  if (!deliver_backlog(p, deadline)) {
    p.postpone_keys(buys);
    return screening;
  }
  p.packed.clear();
  for (const Reserve& buy : buys) redis::pack_buy(p.packed, buy);
  const NumberText now_text(now.ms);
  const auto reply = p.call("screen", {redis::kServerIdentity, now_text, nonce_, p.packed}, deadline);
  if (!reply) {
    p.postpone_keys(buys);
    return screening;
  }
  const redis::Value answer = reply->value();
  screening.epoch = static_cast<FilterEpoch>(answer[1].integer().value_or(0));
  if (answer[0].integer().value_or(0) == 0) {
    screening.state = Screening::State::closed;
    return screening;
  }
  if (!redis::unpack_verdicts(answer[4].text(), buys.size(), screening.verdicts)) {
    screening.verdicts.clear();
    p.postpone_keys(buys);
    return screening;
  }
  screening.state = Screening::State::open;
  screening.keys_known = answer[3].integer().value_or(0) != 0;
  if (p.takes.size() > kTakesMax) p.takes.clear();
  const Take take{answer[2].integer().value_or(0), screening.epoch};
  for (std::size_t i = 0; i < buys.size(); ++i)
    if (screening.verdicts[i].kind == Verdict::Kind::taken) p.takes.insert_or_assign(buys[i].order, take);
  return screening;
}

void RedisStockFilter::settle(std::uint32_t partition, FilterEpoch epoch, std::span<const Settlement> settlements,
                              std::span<const StockRecord> stocks, std::span<const OrderChange> changes,
                              std::chrono::milliseconds within) {
  const SteadyTime deadline = clock_.steady() + within;
  Partition& p = *partitions_.at(partition);
  const std::lock_guard lock(p.mutex);

  Parcel parcel;
  std::map<std::pair<std::int64_t, ProductRef>, std::uint32_t> back;  // units by screening and product
  std::string keys;
  for (const Settlement& settlement : settlements) {
    const Reserve& buy = *settlement.buy;
    if (settlement.kind != Settlement::Kind::refused) redis::pack_key(keys, buy.buyer, buy.key);
    if (settlement.kind == Settlement::Kind::unknown) continue;
    if (const auto at = p.takes.find(buy.order); at != p.takes.end()) {
      if (at->second.epoch == epoch) back[{at->second.ms, buy.product}] += buy.quantity;
      p.takes.erase(at);
    }
    if (settlement.outcome != Outcome::purchase_limit) continue;
    const auto stock =
        std::find_if(stocks.begin(), stocks.end(), [&](const auto& s) { return s.product == buy.product; });
    if (stock != stocks.end())
      redis::pack_allowance(parcel.limited, buy.product, buy.quantity, stock->sequence, buy.buyer);
  }
  for (const auto& [take, units] : back) redis::pack_take(parcel.takes, take.second, units, take.first);
  for (const StockRecord& stock : stocks) redis::pack_stock(parcel.stocks, stock);
  for (const OrderChange& change : changes) {
    if (change.status == OrderStatus::pending)
      redis::pack_allowance(parcel.accepted, change.product, change.quantity, change.sequence, change.buyer);
    else if (change.gave_back())
      redis::pack_allowance(parcel.returned, change.product, change.quantity, change.sequence, change.buyer);
  }

  FilterEpoch open = 0;
  if (deliver_backlog(p, deadline) && (parcel.empty() || deliver(p, parcel, epoch, open, deadline))) {
    // The partition was rebuilt while these were on their way: their keys are not in the new counters.
    if (open == 0 || open == epoch || keys.empty()) return;
    Parcel more;
    more.keys = std::move(keys);
    if (deliver(p, more, open, open, deadline)) return;
  }
  // It may have been told all the same: units that are counted twice would refuse a buyer who is not at the limit.
  for (const OrderChange& change : changes)
    if (change.status == OrderStatus::pending)
      redis::pack_allowance(parcel.returned, change.product, change.quantity, change.sequence + 1, change.buyer);
  p.postpone(stocks, parcel.returned);
}

/// now_open: the epoch that is open, 0 when the partition is closed.
bool RedisStockFilter::deliver(Partition& p, const Parcel& parcel, FilterEpoch epoch, FilterEpoch& now_open,
                               SteadyTime deadline) {
  const NumberText epoch_text(static_cast<std::int64_t>(epoch));
  const auto reply = p.call("settle",
                            {redis::kServerIdentity, epoch_text, nonce_, parcel.stocks, parcel.takes, parcel.returned,
                             parcel.accepted, parcel.limited, parcel.keys, parcel.keys_lost ? "1" : "0"},
                            deadline);
  if (!reply) return false;
  const redis::Value answer = reply->value();
  now_open = answer[0].integer().value_or(0) != 0 ? static_cast<FilterEpoch>(answer[1].integer().value_or(0)) : 0;
  return true;
}

bool RedisStockFilter::deliver_backlog(Partition& p, SteadyTime deadline) {
  if (p.late_stocks.empty() && p.late_returned.empty() && p.late_keys.empty() && !p.late_keys_lost) return true;
  Parcel parcel;
  for (const auto& [product, stock] : p.late_stocks) redis::pack_stock(parcel.stocks, stock);
  parcel.returned = p.late_returned;
  parcel.keys = p.late_keys;
  parcel.keys_lost = p.late_keys_lost;
  FilterEpoch unused = 0;
  if (!deliver(p, parcel, 0, unused, deadline)) return false;
  p.late_stocks.clear();
  p.late_returned.clear();
  p.late_keys.clear();
  p.late_keys_lost = false;
  return true;
}

bool RedisStockFilter::rebuild(std::uint32_t partition, std::span<const ProductRecord> products,
                               std::chrono::milliseconds within) {
  const SteadyTime deadline = clock_.steady() + within;
  Partition& p = *partitions_.at(partition);
  const std::lock_guard lock(p.mutex);
  // Without a single order there is no used key.
  const bool untouched =
      std::all_of(products.begin(), products.end(), [](const auto& product) { return product.accepted == 0; });
  const std::string nonce = nonce_ + "-" + std::to_string(++rebuilds_);
  const NumberText words(settings_.key_words);
  bool first = true;
  for (;;) {
    const auto part = products.first(std::min(products.size(), kProductsInOneCall));
    products = products.subspan(part.size());
    p.packed.clear();
    for (const ProductRecord& product : part) redis::pack_product(p.packed, product);
    const auto reply = p.call("rebuild",
                              {redis::kServerIdentity, nonce, first ? "1" : "0", products.empty() ? "1" : "0", words,
                               untouched ? "1" : "0", p.packed},
                              deadline);
    if (!reply || reply->value().integer().value_or(0) == 0) return false;
    if (products.empty()) {
      log::info("redis_filter_rebuilt", {{"partition", p.base}, {"epoch", reply->value().integer().value_or(0)}});
      return true;
    }
    first = false;
  }
}

void RedisStockFilter::publish(std::uint32_t partition, std::span<const ProductRecord> products,
                               std::chrono::milliseconds within) {
  const SteadyTime deadline = clock_.steady() + within;
  Partition& p = *partitions_.at(partition);
  const std::lock_guard lock(p.mutex);
  while (!products.empty()) {
    const auto part = products.first(std::min(products.size(), kProductsInOneCall));
    products = products.subspan(part.size());
    p.packed.clear();
    for (const ProductRecord& product : part) redis::pack_product(p.packed, product);
    if (!p.call("publish", {redis::kServerIdentity, p.packed}, deadline)) return;
  }
}

bool RedisStockFilter::remember(std::uint32_t partition, FilterEpoch epoch, std::span<const BuyerKey> keys, bool last,
                                std::chrono::milliseconds within) {
  const SteadyTime deadline = clock_.steady() + within;
  Partition& p = *partitions_.at(partition);
  const std::lock_guard lock(p.mutex);
  const NumberText epoch_text(static_cast<std::int64_t>(epoch));
  do {
    const auto part = keys.first(std::min(keys.size(), kKeysInOneCall));
    keys = keys.subspan(part.size());
    p.packed.clear();
    for (const BuyerKey& key : part) redis::pack_key(p.packed, key.buyer, key.key);
    const auto reply =
        p.call("remember", {redis::kServerIdentity, epoch_text, p.packed, last && keys.empty() ? "1" : "0"}, deadline);
    if (!reply || reply->value().integer().value_or(0) == 0) return false;
  } while (!keys.empty());
  return true;
}

std::string RedisStockFilter::why_away(std::uint32_t partition) const {
  const Partition& p = *partitions_.at(partition);
  const std::lock_guard lock(p.mutex);
  return p.why_away;
}

}  // namespace scalemart
