#include "backend/postgresql/server_probe.hpp"

#include <array>

#include "backend/postgresql/accounts.hpp"
#include "backend/postgresql/archive.hpp"
#include "backend/postgresql/record.hpp"
#include "backend/postgresql/server_check.hpp"

namespace scalemart::pg {
namespace {

constexpr std::chrono::milliseconds kPatience{5000};

constexpr Statement kVersion{"probe_version",
                             "SELECT current_setting('server_version'), to_regclass('orders') IS NOT NULL"};
constexpr Statement kNothing{"probe_nothing", "SELECT 1"};
/// A transaction that has to be durable, and changes nothing.
constexpr Statement kCommit{"probe_commit", "SELECT 1 FROM pg_logical_emit_message(true, 'scalemart', '')"};

}  // namespace

Result<DatabaseProbe> probe(const Connection::Options& options, const Clock& clock) {
  auto connection = Connection::open(options, clock);
  if (!connection) return to_error(connection.error());
  const auto version = connection->run(kVersion, {}, kPatience);
  if (!version) return to_error(version.error());
  DatabaseProbe probe;
  probe.server = "PostgreSQL " + std::string(version->text(0, 0));
  probe.settings = {check_server(*connection, {}),
                    "fsync, full_page_writes and synchronous_commit are on, the encoding is UTF8"};
  probe.copies = {check_server(*connection, {true}), "a synchronous standby has every yes as well"};
  probe.wanted_copies = "a synchronous standby";
  const std::array<Part, 3> parts{sale_part(), archive_part(), accounts_part()};
  if (version->flag(0, 1))
    probe.tables = {check_schema(*connection, parts), "all there, with their indexes, of this program's version"};
  const auto works = [&](const Statement& statement) {
    return [&] { return connection->run(statement, {}, kPatience).has_value(); };
  };
  probe.answers = DatabaseProbe::time(works(kNothing), clock);
  probe.commits = DatabaseProbe::time(works(kCommit), clock);
  return probe;
}

}  // namespace scalemart::pg
