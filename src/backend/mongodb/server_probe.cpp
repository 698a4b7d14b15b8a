#include "backend/mongodb/server_probe.hpp"

#include "backend/mongodb/accounts.hpp"
#include "backend/mongodb/archive.hpp"
#include "backend/mongodb/record.hpp"
#include "base/random.hpp"

namespace scalemart::mongo {
namespace {

constexpr const char* kProbe = "probe";

/// Opened as the program opens them, but making nothing.
template <class Opened>
Result<void> is_whole(const Opened& opened) {
  if (!opened) return opened.error();
  return {};
}

Result<void> check_indexes(const Client::Options& client, const Clock& clock) {
  MongoRecord::Options record;
  record.client = client;
  record.create = false;
  if (auto whole = is_whole(MongoRecord::open(std::move(record), clock)); !whole) return whole;
  if (auto whole = is_whole(MongoArchive::open({client, false})); !whole) return whole;
  SecureRandom random;
  return is_whole(MongoAccounts::open({client, false}, clock, random));
}

DatabaseProbe probe_server(Client& client, const Client::Options& options, const Clock& clock) {
  Document build_info, ping;
  build_info.add("buildInfo", std::int32_t{1});
  ping.add("ping", std::int32_t{1});
  DatabaseProbe probe;
  const auto version = client.run(build_info);
  probe.server = "MongoDB " + (version ? version->optional_text("version") : std::string("of a version it hides"));
  probe.settings.good = "every write waits for a majority of the copies, and for their journals";
  probe.copies = {check_copies(client, 2), "a replica set of two or more copies"};
  probe.wanted_copies = "a replica set of two or more copies";
  Document any;
  if (const auto sold = client.find_one("products", std::move(any)); sold && *sold)
    probe.tables = {check_indexes(options, clock), "all indexes are there"};
  probe.answers = DatabaseProbe::time([&] { return client.run(ping).has_value(); }, clock);
  const auto write = [&] {
    Document which, change, value;
    which.add("_id", "doctor");
    change.add("$inc", value.add("tries", std::int32_t{1}));
    return client.update(kProbe, which, change, Client::Which::one_or_new).has_value();
  };
  probe.commits = DatabaseProbe::time(write, clock);
  static_cast<void>(client.remove(kProbe, Document(), true));  // nobody reads it; it may stay
  return probe;
}

}  // namespace

Result<void> check_copies(Client& client, std::uint32_t copies) {
  Document hello;
  hello.add("hello", std::int32_t{1});
  const auto said = client.run(hello);
  if (!said) return to_error(said.error());
  const bool is_router = said->optional_text("msg") == "isdbgrid";
  if (copies < 2 || is_router) return {};
  if (!said->has("setName"))
    return error("MongoDB: the server stands alone, so a majority is one copy, and " + std::to_string(copies) +
                 " are asked for: start it as a replica set, or set SCALEMART_DATABASE_COPIES=1");
  const std::size_t members = said->count("hosts");
  if (members < copies)
    return error("MongoDB: the replica set has " + std::to_string(members) + " members that hold data, and " +
                 std::to_string(copies) + " copies are asked for: add members, or set SCALEMART_DATABASE_COPIES");
  return {};
}

Result<DatabaseProbe> probe(const Client::Options& options, const Clock& clock) {
  auto client = Client::open(options);
  if (!client) return client.error();
  try {
    return probe_server(**client, options, clock);
  } catch (const Malformed& fault) {
    return error(std::string("MongoDB: the server's answer is not understood: ") + fault.what());
  }
}

}  // namespace scalemart::mongo
