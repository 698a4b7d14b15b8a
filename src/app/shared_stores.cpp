#include "app/shared_stores.hpp"

#include "app/store_advice.hpp"
#include "backend/mongodb/accounts.hpp"
#include "backend/mongodb/archive.hpp"
#include "backend/postgresql/accounts.hpp"
#include "backend/postgresql/archive.hpp"
#include "backend/postgresql/record.hpp"
#include "backend/redis/server_check.hpp"
#include "telemetry/log.hpp"

namespace scalemart {
namespace {

constexpr std::chrono::seconds kCheckWithin{5};

Error of_setting(std::string_view setting, const Error& why) {
  return error(with_advice(setting, why.message));
}

bool is_mongodb(std::string_view url) {
  return url.starts_with("mongodb");
}

std::unique_ptr<AccountLanes> lanes_over(std::unique_ptr<BlockingAccounts> accounts, const Clock& clock) {
  AccountLanes::Options options;
  options.on_note = [](const std::string& line) { log::warn("accounts", {{"note", line}}); };
  return std::make_unique<AccountLanes>(std::move(accounts), std::move(options), clock);
}

Result<SharedDatabase> open_postgresql(const Config& config, const Clock& clock, Random& random) {
  pg::PostgresRecord::Options record_options;
  record_options.connection.url = config.database;
  // A lane holds one while it commits; readers and the sweeper have the rest.
  record_options.connections = config.partitions + 8;
  record_options.demands.synchronous_standby = config.database_copies > 1;
  auto record = pg::PostgresRecord::open(std::move(record_options), clock);
  if (!record) return record.error();
  pg::PostgresArchive::Options archive_options;
  archive_options.connection.url = config.database;
  auto archive = pg::PostgresArchive::open(std::move(archive_options), clock);
  if (!archive) return archive.error();
  pg::PostgresAccounts::Options account_options;
  account_options.connection.url = config.database;
  auto accounts = pg::PostgresAccounts::open(std::move(account_options), clock, random);
  if (!accounts) return accounts.error();
  SharedDatabase database;
  database.is_cut_off = [record = record->get()] { return record->is_cut_off(); };
  database.record = std::move(*record);
  database.totals = archive->get();
  database.archive = std::move(*archive);
  database.accounts = lanes_over(std::move(*accounts), clock);
  return database;
}

}  // namespace

Result<SharedDatabase> SharedDatabase::open(const Config& config, const Clock& clock, Random& random) {
  if (is_mongodb(config.database)) return error("SCALEMART_DATABASE: mongodb:// is not in this build");
  auto database = open_postgresql(config, clock, random);
  if (!database) return of_setting("SCALEMART_DATABASE", database.error());
  return database;
}

Result<SharedRedis> SharedRedis::open(const Config& config, const Clock& clock) {
  const auto address = redis::Address::parse(config.redis);
  if (!address) return of_setting("SCALEMART_REDIS", address.error());
  auto client = redis::Client::make(*address, clock);
  if (!client) return of_setting("SCALEMART_REDIS", client.error());
  SharedRedis shared(*address, clock, config.partitions);
  redis::Functions functions(std::move(*client));
  if (const auto good = redis::check_servers(functions, shared.keys(), kCheckWithin); !good)
    return of_setting("SCALEMART_REDIS", good.error());
  return shared;
}

redis::Client SharedRedis::client() const {
  return std::move(redis::Client::make(address_, *clock_)).value();  // the same once worked
}

std::optional<std::string> fault_of_redis(std::string_view setting) {
  if (setting.empty()) return std::nullopt;
  const auto address = redis::Address::parse(setting);
  if (!address) return address.error().message;
  return std::nullopt;
}

}  // namespace scalemart
