#include "app/redis_fleet.hpp"

#include <sys/prctl.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "app/process_place.hpp"
#include "app/version.hpp"
#include "base/random.hpp"

namespace scalemart {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kBeatEvery = 1s;
/// Three beats may get lost before a gateway counts as gone.
constexpr std::chrono::milliseconds kRemembered = 3500ms;
constexpr std::chrono::milliseconds kGone = 1ms;
constexpr std::chrono::milliseconds kWithin = 1s;

std::string unique_name() {
  SecureRandom random;
  const WorkerPlace here = process_place();
  return here.host + "-" + std::to_string(here.pid) + "-" + std::to_string(random.next() % 1'000'000);
}

std::string view_of(std::uint32_t partitions) {
  return boost::json::serialize(boost::json::object{{"partitions", partitions}, {"version", version()}});
}

/// 0: it does not say.
std::int64_t partitions_in(std::string_view view) {
  boost::system::error_code failed;
  const auto json = boost::json::parse(view, failed);
  const auto* object = failed ? nullptr : json.if_object();
  const auto* partitions = object == nullptr ? nullptr : object->if_contains("partitions");
  const auto* number = partitions == nullptr ? nullptr : partitions->if_int64();
  return number == nullptr ? 0 : *number;
}

/// The first that deals products out differently, as a line.
std::optional<std::string> stranger_among(const std::vector<ProcessRegistry::Entry>& gateways, std::string_view self,
                                          std::uint32_t partitions) {
  for (const ProcessRegistry::Entry& gateway : gateways) {
    const std::int64_t theirs = partitions_in(gateway.view);
    if (gateway.name == self || theirs == partitions) continue;
    return "SCALEMART_PARTITIONS is " + std::to_string(partitions) + " here and " + std::to_string(theirs) +
           " at the gateway " + gateway.name + ": it must be the same everywhere; stop all gateways to change it";
  }
  return std::nullopt;
}

}  // namespace

Result<GatewaysSeen> look_at_gateways(const SharedRedis& redis) {
  const auto gateways = RedisRegistry(redis.client(), redis.keys().gateways()).list(kWithin);
  if (!gateways) return gateways.error();
  return GatewaysSeen{gateways->size(), stranger_among(*gateways, {}, redis.partitions())};
}

Result<std::unique_ptr<RedisFleet>> RedisFleet::join(const SharedRedis& redis, Limiter& limiter, const Clock& clock) {
  std::unique_ptr<RedisFleet> fleet(new RedisFleet(redis, limiter, clock));
  // Looked before it says that it is there: whoever serves already is right.
  const auto others = fleet->registry_.list(kWithin);
  if (!others) return error("SCALEMART_REDIS: " + others.error().message);
  if (auto stranger = stranger_among(*others, fleet->name_, fleet->partitions_)) return error(*stranger);
  return fleet;
}

RedisFleet::RedisFleet(const SharedRedis& redis, Limiter& limiter, const Clock& clock)
    : partitions_(redis.partitions()),
      name_(unique_name()),
      view_(view_of(partitions_)),
      registry_(redis.client(), redis.keys().gateways()),
      limits_(redis.client(), {redis.keys()}),
      exchange_(std::make_unique<LimitExchange>(limiter, limits_, clock, LimitExchangeSettings{})) {}

RedisFleet::~RedisFleet() {
  stop();
}

void RedisFleet::start() {
  exchange_->start();
  thread_ = std::thread([this] { run(); });
}

void RedisFleet::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  pulse_.notify_all();
  if (thread_.joinable()) thread_.join();
  exchange_->stop();
}

std::vector<std::string> RedisFleet::faults() const {
  const std::lock_guard lock(mutex_);
  if (stranger_) return {*stranger_};
  return {};
}

Result<std::vector<ProcessRegistry::Entry>> RedisFleet::meet(std::chrono::milliseconds remembered) {
  if (auto beat = registry_.beat(name_, view_, remembered, kWithin); !beat) return beat.error();
  return registry_.list(kWithin);
}

void RedisFleet::run() {
  ::prctl(PR_SET_NAME, "fleet");
  std::unique_lock lock(mutex_);
  do {
    lock.unlock();
    const auto gateways = meet(kRemembered);
    lock.lock();
    // While Redis is away, who was there last still counts.
    if (!gateways) continue;
    exchange_->set_gateways(static_cast<std::uint32_t>(gateways->size()));
    stranger_ = stranger_among(*gateways, name_, partitions_);
  } while (!pulse_.wait_for(lock, kBeatEvery, [this] { return stopping_; }));
  lock.unlock();
  (void)meet(kGone);
}

}  // namespace scalemart
