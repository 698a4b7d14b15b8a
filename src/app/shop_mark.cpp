#include "app/shop_mark.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>
#include <future>

#include "backend/redis/process_registry.hpp"
#include "base/await.hpp"
#include "domain/ids.hpp"

namespace scalemart {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kSetting = "shop_id";
constexpr std::chrono::milliseconds kWithin = 2s;
constexpr std::chrono::milliseconds kForNow = 10s;  ///< Until the database has it.
constexpr std::chrono::milliseconds kForGood = std::chrono::hours(24 * 365 * 100);
constexpr std::chrono::milliseconds kNoMore = 1ms;
/// Somebody who began at the same time is done by then.
constexpr std::chrono::nanoseconds kPatience = 3s;

Error other_shop() {
  return error(
      "SCALEMART_REDIS: this Redis belongs to another shop than the database; give each shop a Redis of its own or, "
      "when the other shop is no more, empty it (FLUSHALL)");
}

RedisRegistry marks_of(const SharedRedis& redis) {
  return {redis.client(), redis.keys().shop()};
}

void rest(std::chrono::milliseconds time) {
  std::promise<void> never;
  never.get_future().wait_for(time);
}

Result<std::vector<ProcessRegistry::Entry>> list(RedisRegistry& marks) {
  auto listed = marks.list(kWithin);
  if (!listed) return error("SCALEMART_REDIS: " + listed.error().message);
  return listed;
}

}  // namespace

/// Empty: it has none yet.
Result<std::string> ShopMark::id() const {
  const auto found = await<Result<std::vector<Setting>>>([this](auto done) { return accounts_.settings(done); });
  if (!found) return error("SCALEMART_DATABASE: the accounts take no questions at the moment; try again");
  if (!*found) return error("SCALEMART_DATABASE: " + found->error().message);
  for (const Setting& setting : **found) {
    if (setting.key != kSetting) continue;
    boost::system::error_code wrong;
    const auto value = boost::json::parse(setting.json, wrong);
    if (!wrong && value.is_string()) return std::string(value.get_string());
  }
  return std::string();
}

Result<void> ShopMark::keep(const std::string& id) const {
  AuditEntry entry;
  entry.who = "system";
  entry.what = "shop_named";
  entry.target = kSetting;
  entry.when = clock_.wall();
  entry.from = "local";
  entry.after = boost::json::serialize(boost::json::value(id));
  const auto kept = await<StoreOutcome>([&](auto done) {
    return accounts_.put_setting({std::string(kSetting), entry.after}, entry, std::move(done));
  });
  if (kept && *kept == StoreOutcome::done) return {};
  return error("SCALEMART_DATABASE: the shop's id could not be written; try again");
}

Result<void> ShopMark::check() const {
  RedisRegistry marks = marks_of(redis_);
  for (const SteadyTime until = clock_.steady() + kPatience;; rest(200ms)) {
    const auto marked = list(marks);
    if (!marked) return marked.error();
    if (marked->empty()) return {};
    const auto own = id();
    if (!own) return own.error();
    if (marked->size() == 1 && marked->front().name == *own) return {};
    if (!own->empty() || clock_.steady() >= until) return other_shop();
  }
}

Result<void> ShopMark::make(Random& random) const {
  RedisRegistry marks = marks_of(redis_);
  for (const SteadyTime until = clock_.steady() + 2 * kPatience; clock_.steady() < until;) {
    if (auto good = check(); !good) return good;
    const auto own = id();
    if (!own) return own.error();
    const auto before = list(marks);
    if (!before) return before.error();
    if (before->size() == 1 && before->front().name == *own) return {};
    if (!before->empty()) continue;  // it came this moment, and is to be looked at
    const bool is_new = own->empty();
    const std::string name = is_new ? to_string(UserId{random.next(), random.next()}) : *own;
    if (auto put = marks.beat(name, "", kForNow, kWithin); !put)
      return error("SCALEMART_REDIS: " + put.error().message);
    const auto now = list(marks);
    if (!now) return now.error();
    if (now->size() != 1) {
      // Another one began as well: neither knows whether it was seen alone.
      static_cast<void>(marks.beat(name, "", kNoMore, kWithin));
      rest(std::chrono::milliseconds(50 + random.next() % 300));
      continue;
    }
    if (is_new)
      if (auto kept = keep(name); !kept) return kept;
    if (auto put = marks.beat(name, "", kForGood, kWithin); !put)
      return error("SCALEMART_REDIS: " + put.error().message);
    return {};
  }
  return other_shop();
}

Result<void> check_unmarked(const SharedRedis& redis) {
  RedisRegistry marks = marks_of(redis);
  const auto marked = list(marks);
  if (!marked) return marked.error();
  return marked->empty() ? Result<void>() : other_shop();
}

}  // namespace scalemart
