#include "backend/postgresql/server_check.hpp"

namespace scalemart::pg {
namespace {

constexpr int kOldestVersion = 140000;
constexpr std::chrono::milliseconds kPatience{10'000};

constexpr Statement kSettings{
    "server_settings",
    "SELECT current_setting('server_encoding'), current_setting('fsync'), current_setting('full_page_writes'),"
    // What a session starts with: our own have made it stricter for themselves.
    " (SELECT reset_val FROM pg_settings WHERE name = 'synchronous_commit'),"
    " current_setting('synchronous_standby_names'), pg_is_in_recovery(), current_setting('transaction_read_only'),"
    " current_setting('server_version')"};
constexpr Statement kStandbys{
    "server_standbys",
    "SELECT count(*) FILTER (WHERE sync_state IN ('sync', 'quorum') AND state = 'streaming'), count(*),"
    " count(*) FILTER (WHERE sync_state IS NULL) FROM pg_stat_replication"};

Error refusal(const std::string& what) {
  return error("PostgreSQL: " + what);
}

Result<void> check_standby(Connection& connection, std::string_view names) {
  if (names.empty())
    return refusal(
        "a synchronous standby is asked for, but synchronous_standby_names is empty: name it there, or do"
        " not ask for one");
  const auto rows = connection.run(kStandbys, {}, kPatience);
  if (!rows) return to_error(rows.error());
  if (rows->integer(0, 0) > 0) return {};
  if (rows->integer(0, 2) > 0)
    return refusal("cannot see whether the standby is synchronous: GRANT pg_monitor to this user");
  if (rows->integer(0, 1) > 0)
    return refusal("no standby is synchronous: those connected are not in synchronous_standby_names (" +
                   std::string(names) + ")");
  return refusal("a synchronous standby is asked for, but none is connected (" + std::string(names) + ")");
}

}  // namespace

Result<void> check_server(Connection& connection, const ServerDemands& demands) {
  const auto rows = connection.run(kSettings, {}, kPatience);
  if (!rows) return to_error(rows.error());
  const auto setting = [&](int column) { return rows->text(0, column); };
  if (connection.server_version() < kOldestVersion)
    return refusal("version " + std::string(setting(7)) + " is too old: 14 or later is needed");
  if (setting(0) != "UTF8")
    return refusal("the database's encoding is " + std::string(setting(0)) + ": create it with ENCODING 'UTF8'");
  if (rows->flag(0, 5) || setting(6) == "on")
    return refusal("this server is a standby or read-only: name the primary, or all servers, in the address");
  if (setting(1) != "on") return refusal("fsync is off: a power cut would lose orders. Set fsync = on");
  if (setting(2) != "on")
    return refusal("full_page_writes is off: a power cut could tear pages. Set full_page_writes = on");
  if (setting(3) == "off")
    return refusal("synchronous_commit is off: a yes would not be durable. Set synchronous_commit = on");
  if (demands.synchronous_standby) return check_standby(connection, setting(4));
  return {};
}

}  // namespace scalemart::pg
