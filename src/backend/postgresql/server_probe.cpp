#include "backend/postgresql/server_probe.hpp"

#include <algorithm>
#include <array>

#include "backend/postgresql/accounts.hpp"
#include "backend/postgresql/archive.hpp"
#include "backend/postgresql/record.hpp"

namespace scalemart::pg {
namespace {

constexpr std::chrono::milliseconds kPatience{5000};
constexpr int kTries = 30;

constexpr Statement kVersion{"probe_version",
                             "SELECT current_setting('server_version'), to_regclass('orders') IS NOT NULL"};
constexpr Statement kNothing{"probe_nothing", "SELECT 1"};
/// A transaction that has to be durable, and changes nothing.
constexpr Statement kCommit{"probe_commit", "SELECT 1 FROM pg_logical_emit_message(true, 'scalemart', '')"};

/// Sorted, in milliseconds; empty: it was refused.
std::vector<double> time(Connection& connection, const Statement& statement, const Clock& clock) {
  std::vector<double> times;
  for (int i = 0; i < kTries; ++i) {
    const SteadyTime begin = clock.steady();
    if (!connection.run(statement, {}, kPatience)) return {};
    times.push_back(std::chrono::duration<double, std::milli>(clock.steady() - begin).count());
  }
  std::sort(times.begin(), times.end());
  return times;
}

}  // namespace

Result<Probe> probe(const Connection::Options& options, const Clock& clock) {
  auto connection = Connection::open(options, clock);
  if (!connection) return to_error(connection.error());
  const auto version = connection->run(kVersion, {}, kPatience);
  if (!version) return to_error(version.error());
  Probe probe;
  probe.version = version->text(0, 0);
  probe.has_tables = version->flag(0, 1);
  probe.server = check_server(*connection, {});
  probe.standby = check_server(*connection, {true});
  const std::array<Part, 3> parts{sale_part(), archive_part(), accounts_part()};
  if (probe.has_tables) probe.tables = check_schema(*connection, parts);
  if (const auto times = time(*connection, kNothing, clock); !times.empty())
    probe.round_trip_ms = times[times.size() / 2];
  if (const auto times = time(*connection, kCommit, clock); !times.empty())
    probe.commits = Probe::Commits{times[times.size() / 2], times.back(), kTries};
  return probe;
}

}  // namespace scalemart::pg
