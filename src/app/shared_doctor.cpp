#include "app/shared_doctor.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "app/redis_fleet.hpp"
#include "app/shared_stores.hpp"
#include "app/shop_mark.hpp"
#include "app/store_advice.hpp"
#include "backend/mongodb/server_probe.hpp"
#include "backend/postgresql/server_probe.hpp"
#include "backend/redis/server_check.hpp"
#include "telemetry/redact.hpp"

namespace scalemart {
namespace {

using Verdict = Finding::Verdict;
using Findings = std::vector<Finding>;

constexpr std::chrono::seconds kWithin{5};
constexpr int kPings = 50;
constexpr std::chrono::milliseconds kClockLeadOdd{1000};

double median(const DatabaseProbe::Times& sorted) {
  return sorted.empty() ? 0 : sorted[sorted.size() / 2];
}

Finding commits_of(const DatabaseProbe::Times& commits) {
  if (commits.empty()) return {Verdict::odd, "database_commit", "could not be tried by this user"};
  const auto detail =
      fmt::format("median {:.2f} ms, slowest of {} {:.2f} ms", median(commits), commits.size(), commits.back());
  if (median(commits) > 20)
    return {Verdict::bad, "database_commit",
            detail + "; every yes waits for this: a nearer standby or a faster disk is needed"};
  if (median(commits) > 5) return {Verdict::odd, "database_commit", detail + "; every yes waits for this"};
  return {Verdict::good, "database_commit", detail};
}

Finding judged(const std::string& check, const DatabaseProbe::Check& tried) {
  if (!tried.result) return {Verdict::bad, check, with_advice("SCALEMART_DATABASE", tried.result.error().message)};
  return {Verdict::good, check, tried.good};
}

Result<DatabaseProbe> probe_of(const Config& config, const Clock& clock) {
  if (is_mongodb(config.database)) {
    mongo::Client::Options options;
    options.url = config.database;
    return mongo::probe(options, clock);
  }
  pg::Connection::Options options;
  options.url = config.database;
  return pg::probe(options, clock);
}

/// Whether the tables are there.
bool examine_database(const Config& config, const Clock& clock, Findings& out) {
  const auto probe = probe_of(config, clock);
  if (!probe) {
    out.push_back({Verdict::bad, "database", with_advice("SCALEMART_DATABASE", probe.error().message)});
    return false;
  }
  out.push_back({Verdict::good, "database",
                 fmt::format("{} at {} answers in {:.2f} ms", probe->server, redact_url_credentials(config.database),
                             median(probe->answers))});
  out.push_back(judged("database_server", probe->settings));
  if (config.database_copies > 1)
    out.push_back(judged("database_copies", probe->copies));
  else
    out.push_back({Verdict::good, "database_copies",
                   probe->copies.result
                       ? probe->wanted_copies + " is there; SCALEMART_DATABASE_COPIES=2 would insist on it"
                       : "1: a yes is lost with the database's disk; 2 wants " + probe->wanted_copies});
  out.push_back(probe->tables ? judged("database_tables", *probe->tables)
                              : Finding{Verdict::good, "database_tables", "none yet: the first start makes them"});
  out.push_back(commits_of(probe->commits));
  return probe->tables.has_value();
}

std::string info_value(std::string_view info, std::string_view name) {
  const std::size_t at = info.find("\n" + std::string(name) + ":");
  if (at == std::string_view::npos) return {};
  const std::string_view rest = info.substr(at + name.size() + 2);
  return std::string(rest.substr(0, rest.find_first_of("\r\n")));
}

/// One master: how quickly it answers, what time it has, and what it keeps.
redis::Answered<void> examine_master(redis::Connection& server, const Clock& clock, SteadyTime deadline,
                                     Findings& out) {
  const std::string name = server.endpoint().text();
  std::vector<double> times;
  for (int i = 0; i < kPings; ++i) {
    const SteadyTime begin = clock.steady();
    if (auto pong = server.call(redis::Command{"PING"}, deadline); !pong) return pong.error();
    times.push_back(std::chrono::duration<double, std::milli>(clock.steady() - begin).count());
  }
  std::sort(times.begin(), times.end());
  const double median = times[times.size() / 2];
  out.push_back({median > 5 ? Verdict::odd : Verdict::good, "redis_latency",
                 fmt::format("{}: median {:.2f} ms, slowest of {} {:.2f} ms{}", name, median, kPings, times.back(),
                             median > 5 ? "; every buy waits for it twice: it should be near" : "")});
  const auto lead = redis::clock_lead(server, clock, deadline);
  if (!lead) return lead.error();
  const bool agrees = std::chrono::abs(*lead) <= kClockLeadOdd;
  out.push_back(
      {agrees ? Verdict::good : Verdict::odd, "redis_clock",
       fmt::format("{}: this machine's clock is {} ms {} its clock{}", name, std::chrono::abs(*lead).count(),
                   lead->count() < 0 ? "behind" : "ahead of",
                   agrees ? "" : "; sales open and holds end by it: run chrony or systemd-timesyncd on both")});
  auto info = server.call(redis::Command{"INFO"}, deadline);
  if (!info) return info.error();
  const std::string_view text = info->value().text();
  const bool keeps = info_value(text, "aof_enabled") == "1";
  out.push_back(
      {keeps ? Verdict::good : Verdict::odd, "redis_persistence",
       name + (keeps ? ": appendonly is on"
                     : ": appendonly is off; after a restart the functions and the order queue are made again "
                       "from the database, which takes a while: appendonly yes")});
  const std::string limit = info_value(text, "maxmemory_human");
  out.push_back({Verdict::good, "redis_memory",
                 fmt::format("{}: {} used of {}", name, info_value(text, "used_memory_human"),
                             limit.empty() || limit == "0B" ? "no limit" : limit)});
  return boost::system::in_place_value;
}

void examine_redis(const Config& config, const Clock& clock, Findings& out) {
  const auto redis = SharedRedis::open(config, clock);
  if (!redis) {
    out.push_back({Verdict::bad, "redis", redis.error().message});
    return;
  }
  redis::Client client = redis->client();
  const SteadyTime deadline = clock.steady() + kWithin;
  std::string versions;
  Findings masters;
  const auto looked = client.each_master(
      [&](redis::Connection& server) {
        versions += (versions.empty() ? "" : ", ") + server.facts().version;
        return examine_master(server, clock, deadline, masters);
      },
      deadline);
  out.push_back({Verdict::good, "redis",
                 fmt::format("Redis {} at {}: noeviction, functions {} {}, every right is there", versions,
                             redis->address().text(), redis::kLibrary, redis::library_digest())});
  out.insert(out.end(), masters.begin(), masters.end());
  if (!looked) out.push_back({Verdict::bad, "redis_latency", with_advice("SCALEMART_REDIS", looked.error().why)});
  const auto gateways = look_at_gateways(*redis);
  if (!gateways)
    out.push_back({Verdict::bad, "gateways", with_advice("SCALEMART_REDIS", gateways.error().message)});
  else if (gateways->stranger)
    out.push_back({Verdict::bad, "gateways", *gateways->stranger});
  else
    out.push_back({Verdict::good, "gateways",
                   fmt::format("{} of this shop serve now; {} partitions", gateways->count, config.partitions)});
}

/// Only where all else is well, and without making anything.
void examine_mark(const Config& config, bool has_tables, const Clock& clock, Findings& out) {
  const auto redis = SharedRedis::open(config, clock);
  if (!redis) return;
  auto good = check_unmarked(*redis);
  const bool is_marked = !good;
  if (is_marked && has_tables) {
    SecureRandom random;
    auto database = SharedDatabase::open(config, clock, random);
    if (!database) return;
    good = ShopMark(*database->accounts, *redis, clock).check();
    database->accounts->stop();
  }
  out.push_back(good ? Finding{Verdict::good, "shop",
                               is_marked ? "database and Redis belong to the same shop"
                                         : "this Redis is nobody's yet: the first gateway makes it this shop's"}
                     : Finding{Verdict::bad, "shop", good.error().message});
}

}  // namespace

void examine_shared(const Config& config, const Clock& clock, std::vector<Finding>& out) {
  const bool has_tables = examine_database(config, clock, out);
  examine_redis(config, clock, out);
  const bool is_well =
      std::none_of(out.begin(), out.end(), [](const Finding& finding) { return finding.verdict == Verdict::bad; });
  if (is_well) examine_mark(config, has_tables, clock, out);
  if (config.jwt_secret.empty()) out.push_back({Verdict::bad, "jwt_secret", std::string(kNoCommonSecret)});
}

}  // namespace scalemart
