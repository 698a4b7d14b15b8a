// A shop that several processes share.
#include "app/backup_folder.hpp"
#include "app/no_notices.hpp"
#include "app/redis_fleet.hpp"
#include "app/shared_desk.hpp"
#include "app/shared_engine.hpp"
#include "app/shared_stores.hpp"
#include "app/shop.hpp"
#include "app/shop_mark.hpp"

namespace scalemart {
namespace {

/// What the closures of a Shop stand on; it goes with the last of them.
struct SharedParts {
  SecureRandom random;
  SharedDatabase database;
  std::optional<SharedRedis> redis;
};

Refusal cannot_run(const Error& why) {
  return {Refusal::Kind::cannot_run, "", why.message};
}

std::optional<Refusal> check(const Config& config) {
  if (!config.jwt_secret.empty()) return std::nullopt;
  return Refusal{Refusal::Kind::cannot_run, "", std::string(kNoCommonSecret)};
}

}  // namespace

Done<Shop> open_shared_shop(const Config& config, const Clock& clock, Metrics& metrics) {
  if (auto refused = check(config)) return *refused;
  auto folder = DataFolder::open(config.data);
  if (!folder) return cannot_run(folder.error());
  auto parts = std::make_shared<SharedParts>();
  auto redis = SharedRedis::open(config, clock);
  if (!redis) return cannot_run(redis.error());
  parts->redis.emplace(std::move(*redis));
  auto database = SharedDatabase::open(config, clock, parts->random);
  if (!database) return cannot_run(database.error());
  parts->database = std::move(*database);
  if (auto good = ShopMark(*parts->database.accounts, *parts->redis, clock).check(); !good)
    return cannot_run(good.error());
  auto opened = SharedEngine::open(std::move(*folder), parts->database, *parts->redis, config, clock, metrics);
  if (!opened) return cannot_run(opened.error());
  SharedEngine& engine = **opened;
  AccountLanes& lanes = *parts->database.accounts;
  OpenAccounts accounts{std::move(parts->database.accounts),
                        [&lanes](AccountListener listener) { return lanes.watch(std::move(listener)); },
                        [&lanes] { return lanes.watch_age(); }};
  auto identity = Identity::open(std::move(accounts), engine.folder(), config, clock);
  if (!identity) return cannot_run(identity.error());

  Shop shop;
  shop.common = parts;
  shop.engine = std::move(*opened);
  shop.identity = std::move(*identity);
  shop.open_desk = [parts, &config, &clock, &metrics, &engine, &lanes](StepHook on_step) {
    return open_shared_desk({config, engine, *parts->redis, lanes, clock, metrics, std::move(on_step)});
  };
  shop.open_notices = [](OrderDesk*) -> Result<std::unique_ptr<NoticeDesk>> { return std::make_unique<NoNotices>(); };
  shop.join_fleet = [parts, &clock, &lanes](Limiter& limiter) -> Result<std::unique_ptr<Fleet>> {
    SecureRandom random;
    if (auto made = ShopMark(lanes, *parts->redis, clock).make(random); !made) return made.error();
    auto fleet = RedisFleet::join(*parts->redis, limiter, clock);
    if (!fleet) return fleet.error();
    return std::unique_ptr<Fleet>(std::move(*fleet));
  };
  shop.verify = [&engine] { return engine.verify(); };
  shop.backup = [](const std::filesystem::path&) -> Done<BackupReport> {
    return Refusal{Refusal::Kind::refused, "shared_shop", std::string(kSharedBackup)};
  };
  return shop;
}

}  // namespace scalemart
