#include "backend/postgresql/schema.hpp"

#include <algorithm>
#include <map>

#include "base/check.hpp"
#include "base/embedded_file.hpp"

namespace scalemart {

std::span<const EmbeddedFile> postgresql_files();

namespace pg {
namespace {

constexpr std::chrono::milliseconds kPatience{60'000};

/// Any number: it only has to be the same in every process.
constexpr std::int64_t kSchemaLock = 0x5343'414c'4501;

constexpr Statement kVersions{"schema_versions", "SELECT part, version FROM schema_parts"};
constexpr Statement kSetVersion{"schema_set_version",
                                "INSERT INTO schema_parts VALUES ($1, $2)"
                                " ON CONFLICT (part) DO UPDATE SET version = EXCLUDED.version"};
constexpr Statement kLock{"schema_lock", "SELECT pg_advisory_lock($1)"};
constexpr Statement kUnlock{"schema_unlock", "SELECT pg_advisory_unlock($1)"};
constexpr Statement kIndexes{
    "schema_indexes",
    "SELECT c.relname::text, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema()"};

using Versions = std::map<std::string, std::int64_t, std::less<>>;

Reply<Versions> read_versions(Connection& connection) {
  auto rows = connection.run(kVersions, {}, kPatience);
  if (!rows) {
    if (rows.error().is(kUndefinedTable)) return Versions{};
    return rows.error();
  }
  Versions versions;
  for (int i = 0; i < rows->count(); ++i) versions.emplace(rows->text(i, 0), rows->integer(i, 1));
  return versions;
}

Error too_new(const Part& part, std::int64_t version) {
  return error("PostgreSQL: the tables of '" + std::string(part.name) + "' have version " + std::to_string(version) +
               ", this program knows " + std::to_string(part.steps.size()) + ": start a newer program");
}

bool are_current(const Versions& versions, std::span<const Part> parts) {
  return std::all_of(parts.begin(), parts.end(), [&](const Part& part) {
    const auto found = versions.find(part.name);
    return found != versions.end() && found->second == static_cast<std::int64_t>(part.steps.size());
  });
}

/// An identifier in quotes.
std::string quoted(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

Result<void> upgrade(Connection& connection, const Part& part, std::int64_t from) {
  const auto steps = [&]() -> Reply<Rows> {
    auto done = connection.execute("BEGIN", kPatience);
    for (auto step = static_cast<std::size_t>(from); done && step < part.steps.size(); ++step)
      done = connection.execute(std::string(part.steps[step]), kPatience);
    if (!done) return done;
    Parameters version;
    version.add(part.name).add(static_cast<std::int64_t>(part.steps.size()));
    done = connection.run(kSetVersion, version, kPatience);
    if (!done) return done;
    return connection.execute("COMMIT", kPatience);
  };
  const auto done = steps();
  if (done) return {};
  static_cast<void>(connection.execute("ROLLBACK", kPatience));
  return error(to_error(done.error()).message + "; the tables of '" + std::string(part.name) +
               "' were left as they were");
}

}  // namespace

std::string_view script(std::string_view name) {
  for (const EmbeddedFile& file : postgresql_files())
    if (file.path.substr(file.path.rfind('/') + 1) == name) return file.content();
  SCALEMART_CHECK(!"a script of src/backend/postgresql/");
  return {};
}

Result<void> prepare_schema(Connection& connection, const Connection::Options& options, std::span<const Part> parts) {
  const auto now = read_versions(connection);
  if (!now) return to_error(now.error());
  // A user that may only sell, and make nothing, is the safer one: it is asked to make nothing that is there.
  if (are_current(*now, parts)) return {};
  Parameters lock;
  lock.add(kSchemaLock);
  if (auto locked = connection.run(kLock, lock, kPatience); !locked) return to_error(locked.error());
  const auto work = [&]() -> Result<void> {
    const auto made = connection.execute("CREATE SCHEMA IF NOT EXISTS " + quoted(options.schema) +
                                             "; CREATE TABLE IF NOT EXISTS schema_parts"
                                             " (part text PRIMARY KEY, version int8 NOT NULL)",
                                         kPatience);
    if (!made) return to_error(made.error());
    const auto versions = read_versions(connection);
    if (!versions) return to_error(versions.error());
    for (const Part& part : parts) {
      const auto found = versions->find(part.name);
      const std::int64_t version = found == versions->end() ? 0 : found->second;
      if (version > static_cast<std::int64_t>(part.steps.size())) return too_new(part, version);
      if (version == static_cast<std::int64_t>(part.steps.size())) continue;
      if (auto done = upgrade(connection, part, version); !done) return done;
    }
    return {};
  };
  const Result<void> done = work();
  static_cast<void>(connection.run(kUnlock, lock, kPatience));
  return done;
}

Result<void> check_schema(Connection& connection, std::span<const Part> parts) {
  const auto versions = read_versions(connection);
  if (!versions) return to_error(versions.error());
  const auto indexes = connection.run(kIndexes, {}, kPatience);
  if (!indexes) return to_error(indexes.error());
  for (const Part& part : parts) {
    const std::string name(part.name);
    const auto found = versions->find(part.name);
    if (found == versions->end())
      return error("PostgreSQL: this user sees no tables of '" + name +
                   "' in this database: is it the right one, and may the user use the schema?");
    if (found->second > static_cast<std::int64_t>(part.steps.size())) return too_new(part, found->second);
    if (found->second < static_cast<std::int64_t>(part.steps.size()))
      return error("PostgreSQL: the tables of '" + name + "' have version " + std::to_string(found->second) +
                   ", this program needs " + std::to_string(part.steps.size()) +
                   ": start it once as the owner of the tables");
    for (const std::string_view index : part.indexes) {
      int row = 0;
      while (row < indexes->count() && indexes->text(row, 0) != index) ++row;
      if (row == indexes->count())
        return error("PostgreSQL: the index " + std::string(index) + " is missing: restore it before the sale");
      if (!indexes->flag(row, 1))
        return error("PostgreSQL: the index " + std::string(index) + " is not valid: REINDEX it before the sale");
    }
  }
  return {};
}

}  // namespace pg
}  // namespace scalemart
