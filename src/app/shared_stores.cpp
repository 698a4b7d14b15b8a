#include "app/shared_stores.hpp"

#include "app/store_advice.hpp"
#include "backend/mongodb/accounts.hpp"
#include "backend/mongodb/archive.hpp"
#include "backend/mongodb/record.hpp"
#include "backend/postgresql/accounts.hpp"
#include "backend/postgresql/archive.hpp"
#include "backend/postgresql/record.hpp"
#include "backend/redis/server_check.hpp"
#include "telemetry/log.hpp"

namespace scalemart {
namespace {

constexpr std::chrono::seconds kCheckWithin{5};
/// Connections of a record besides those of its lanes.
constexpr std::size_t kReaders = 8;
/// A commit may take so long longer than it was given.
constexpr std::chrono::milliseconds kPatience{2000};

Error of_setting(std::string_view setting, const Error& why) {
  return error(with_advice(setting, why.message));
}

std::unique_ptr<AccountLanes> lanes_over(std::unique_ptr<BlockingAccounts> accounts, const Clock& clock) {
  AccountLanes::Options options;
  options.on_note = [](const std::string& line) { log::warn("accounts", {{"note", line}}); };
  return std::make_unique<AccountLanes>(std::move(accounts), std::move(options), clock);
}

/// From what its parts are, each of which has connections of its own.
template <class Record, class Archive>
SharedDatabase database_of(std::unique_ptr<Record> record, std::unique_ptr<Archive> archive,
                           std::unique_ptr<BlockingAccounts> accounts, const Clock& clock) {
  SharedDatabase database;
  database.is_cut_off = [record = record.get()] { return record->is_cut_off(); };
  database.record = std::move(record);
  database.totals = archive.get();
  database.archive = std::move(archive);
  database.accounts = lanes_over(std::move(accounts), clock);
  return database;
}

Result<SharedDatabase> open_postgresql(const Config& config, const Clock& clock, Random& random) {
  pg::PostgresRecord::Options record_options;
  record_options.connection.url = config.database;
  // A lane holds one while it commits; readers and the sweeper have the rest.
  record_options.connections = config.partitions + kReaders;
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
  return database_of(std::move(*record), std::move(*archive), std::move(*accounts), clock);
}

Result<SharedDatabase> open_mongodb(const Config& config, const Clock& clock, Random& random) {
  mongo::MongoRecord::Options record_options;
  record_options.client.url = config.database;
  record_options.client.connections = config.partitions + kReaders;
  record_options.client.patience = kPatience;
  record_options.copies = config.database_copies;
  auto record = mongo::MongoRecord::open(std::move(record_options), clock);
  if (!record) return record.error();
  mongo::MongoArchive::Options archive_options;
  archive_options.client.url = config.database;
  auto archive = mongo::MongoArchive::open(archive_options);
  if (!archive) return archive.error();
  mongo::MongoAccounts::Options account_options;
  account_options.client.url = config.database;
  auto accounts = mongo::MongoAccounts::open(std::move(account_options), clock, random);
  if (!accounts) return accounts.error();
  return database_of(std::move(*record), std::move(*archive), std::move(*accounts), clock);
}

}  // namespace

bool is_mongodb(std::string_view database) {
  return database.starts_with("mongodb");
}

Result<SharedDatabase> SharedDatabase::open(const Config& config, const Clock& clock, Random& random) {
  auto database =
      is_mongodb(config.database) ? open_mongodb(config, clock, random) : open_postgresql(config, clock, random);
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
