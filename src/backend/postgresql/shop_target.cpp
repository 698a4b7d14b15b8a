// The frame of a copy: what is there, one transaction around everything, the end.
#include "backend/postgresql/shop_target.hpp"

#include <array>

#include "backend/postgresql/accounts.hpp"
#include "backend/postgresql/archive.hpp"
#include "backend/postgresql/record.hpp"

namespace scalemart::pg {
namespace {

constexpr Statement kTables{"migration_tables",
                            "SELECT to_regclass('products') IS NOT NULL AND to_regclass('orders') IS NOT NULL"
                            " AND to_regclass('users') IS NOT NULL, to_regclass('migration') IS NOT NULL"};
constexpr Statement kCopied{"migration_copied", "SELECT digest, head, place, at FROM migration"};
/// Enough to say what is there; reads no table twice.
constexpr Statement kContent{
    "migration_content",
    "SELECT (SELECT count(*) FROM products), (SELECT count(*) FROM (SELECT FROM orders LIMIT 1000000) o),"
    " (SELECT count(*) FROM (SELECT FROM users LIMIT 1000000) u),"
    " (SELECT count(*) FROM (SELECT FROM audit UNION ALL SELECT FROM audit_waiting LIMIT 1000000) a),"
    " (SELECT count(*) FROM settings)"};
constexpr Statement kFinish{"migration_finish",
                            "INSERT INTO migration (digest, head, place, at) VALUES ($1, $2, $3, $4)"};
/// What orders add up to: by the same sums that the recount compares with.
constexpr Statement kAddUp{"migration_add_up", R"(
UPDATE stock t SET accepted = c.orders, earned = c.earned, given_back = c.given_back
FROM (SELECT product, count(*) AS orders,
        coalesce(sum(quantity::numeric * price) FILTER (WHERE status = 2), 0) AS earned,
        coalesce(sum(quantity::numeric * price) FILTER (WHERE status = 6), 0) AS given_back
      FROM orders GROUP BY product) c
WHERE t.ref = c.product)"};
/// The next batch's number is greater than all of these.
constexpr Statement kNextNumber{"migration_next_number",
                                "SELECT setval('acceptance', ($1 / 65536 + 1) * 65536, false)"};

Part migration_part() {
  static const std::array<std::string_view, 1> kSteps{script("migration.sql")};
  static constexpr std::array<std::string_view, 1> kIndexes{"migration_one"};
  return {"migration", kSteps, kIndexes};
}

Connection::Options for_the_copy(Connection::Options options, std::chrono::minutes patience) {
  options.patience = patience;
  options.settings.emplace_back("lock_timeout", "10s");
  return options;
}

std::string words(std::int64_t count, std::string_view one, std::string_view many) {
  return count == 0 ? "" : std::to_string(count) + " " + std::string(count == 1 ? one : many) + ", ";
}

}  // namespace

Result<std::unique_ptr<PostgresTarget>> PostgresTarget::open(Options options, const Clock& clock) {
  auto connection = Connection::open(for_the_copy(options.connection, options.patience), clock);
  if (!connection) return to_error(connection.error());
  if (auto fine = check_server(*connection, options.demands); !fine) return fine.error();
  return std::unique_ptr<PostgresTarget>(new PostgresTarget(std::move(options), std::move(*connection)));
}

Result<void> PostgresTarget::run(const Statement& statement, const Parameters& parameters) {
  const auto done = connection_.run(statement, parameters, options_.patience);
  if (!done) return to_error(done.error());
  return {};
}

Result<void> PostgresTarget::execute(const std::string& script) {
  const auto done = connection_.execute(script, options_.patience);
  if (!done) return to_error(done.error());
  return {};
}

Result<ShopTarget::State> PostgresTarget::look() {
  State state;
  const auto tables = connection_.run(kTables, {}, options_.patience);
  if (!tables) return to_error(tables.error());
  state.has_tables = tables->flag(0, 0);
  if (!state.has_tables) return state;
  const auto content = connection_.run(kContent, {}, options_.patience);
  if (!content) return to_error(content.error());
  state.content = words(content->integer(0, 0), "product", "products") +
                  words(content->integer(0, 1), "order", "orders") + words(content->integer(0, 2), "user", "users") +
                  words(content->integer(0, 3), "audit entry", "audit entries") +
                  words(content->integer(0, 4), "setting", "settings");
  if (!state.content.empty()) state.content.resize(state.content.size() - 2);
  if (!tables->flag(0, 1)) return state;
  const auto copied = connection_.run(kCopied, {}, options_.patience);
  if (!copied) return to_error(copied.error());
  if (!copied->empty())
    state.copied = ShopOrigin{std::string(copied->text(0, 0)), static_cast<Sequence>(copied->integer(0, 1)),
                              std::string(copied->text(0, 2)), WallTime{copied->integer(0, 3)}};
  return state;
}

Result<void> PostgresTarget::begin() {
  const std::array<Part, 4> parts{sale_part(), archive_part(), accounts_part(), migration_part()};
  if (auto made = prepare_schema(connection_, options_.connection, parts); !made) return made;
  if (auto whole = check_schema(connection_, parts); !whole) return whole;
  if (auto begun = execute("BEGIN"); !begun) return begun;
  // Readers may go on: they see an empty shop until the end.
  const auto locked = connection_.execute(
      "LOCK TABLE migration, products, stock, orders, users, families, revoked, settings, audit_head, audit_waiting"
      " IN EXCLUSIVE MODE",
      options_.patience);
  if (!locked)
    return error(to_error(locked.error()).message +
                 "; somebody writes into this shop: stop its gateways, and any other migration");
  const auto state = look();
  if (!state) return state.error();
  if (!state->content.empty())
    return error("PostgreSQL: there is a shop already (" + state->content + "): name an empty database");
  return {};
}

Result<void> PostgresTarget::finish(const ShopOrigin& origin) {
  Parameters marker, last;
  marker.add(std::string_view(origin.digest)).add(static_cast<std::int64_t>(origin.head));
  marker.add(std::string_view(storable(origin.place))).add(origin.at.ms);
  last.add(orders_);
  if (auto done = run(kAddUp, {}); !done) return done;
  if (auto done = run(kNextNumber, last); !done) return done;
  if (auto done = run(kFinish, marker); !done) return done;
  if (auto done = execute("COMMIT"); !done) return done;
  // So that the first plans know how much is there; without it only the first minutes are slower.
  static_cast<void>(execute("ANALYZE products, stock, orders, users, families"));
  return {};
}

}  // namespace scalemart::pg
