#include "backend/redis/shared_limits.hpp"

#include "backend/redis/wire.hpp"
#include "base/check.hpp"

namespace scalemart {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

void pack(std::string& out, const BucketTake& take) {
  redis::Packer(out)
      .u8(take.policy)
      .number(take.period.count())
      .number(take.burst)
      .number(take.tokens)
      .u8(take.given ? 1 : 0)
      .id(take.key_hi, take.key_lo);
}

}  // namespace

RedisLimits::RedisLimits(redis::Client client, RedisLimitsSettings settings) : functions_(std::move(client)) {
  SCALEMART_CHECK(settings.shards > 0);
  for (std::uint32_t i = 0; i < settings.shards; ++i) shards_.push_back({settings.keys.limits(i), {}, {}});
}

bool RedisLimits::take(std::span<const BucketTake> takes, std::vector<BucketState>& states,
                       std::chrono::milliseconds within) {
  return take_at(std::nullopt, takes, states, within);
}

bool RedisLimits::take_at(std::optional<std::int64_t> now_ns, std::span<const BucketTake> takes,
                          std::vector<BucketState>& states, std::chrono::milliseconds within) {
  const SteadyTime deadline = functions_.clock().steady() + within;
  states.assign(takes.size(), {});
  for (Shard& shard : shards_) {
    shard.packed.clear();
    shard.places.clear();
  }
  for (std::size_t i = 0; i < takes.size(); ++i) {
    Shard& shard = shards_[(takes[i].key_hi ^ takes[i].key_lo) % shards_.size()];
    pack(shard.packed, takes[i]);
    shard.places.push_back(i);
  }
  const redis::NumberText seconds(now_ns.value_or(0) / kSecond);
  const redis::NumberText nanos(now_ns.value_or(0) % kSecond);
  const bool given = now_ns.has_value();
  for (const Shard& shard : shards_) {
    if (shard.places.empty() && !(takes.empty() && &shard == &shards_.front())) continue;
    const auto reply = functions_.call(
        "limit", shard.base,
        {given ? std::string_view(seconds) : "", given ? std::string_view(nanos) : "", shard.packed}, deadline);
    why_away_ = reply ? "" : reply.error().why;
    if (!reply) return false;
    redis::Unpacker answers(reply->value().text());
    for (const std::size_t place : shard.places) {
      states[place].allowed = answers.u8() != 0;
      states[place].ahead = std::chrono::nanoseconds(static_cast<std::int64_t>(answers.number()));
    }
    if (!answers.at_end()) return false;
  }
  return true;
}

}  // namespace scalemart
