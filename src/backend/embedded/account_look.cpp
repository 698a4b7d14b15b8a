#include "backend/embedded/account_look.hpp"

#include "backend/embedded/account_store_blobs.hpp"

namespace scalemart {
namespace {

constexpr std::size_t kPortion = 1000;

std::optional<WallTime> time_of(const sqlite::Statement& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return WallTime{row.integer(column)};
}

CopiedUser read_user(const sqlite::Statement& row) {
  CopiedUser user;
  user.account.id = read_id<UserId>(row.blob(0));
  user.account.email = row.text(1);
  user.account.name = row.text(2);
  user.account.role = row.integer(3) == 0 ? Role::buyer : Role::admin;
  user.account.password_hash = row.text(4);
  user.account.disabled = row.integer(5) != 0;
  user.account.epoch = static_cast<std::uint32_t>(row.integer(6));
  user.epoch_at = time_of(row, 7);
  user.account.created = WallTime{row.integer(8)};
  return user;
}

CopiedLogin read_login(const sqlite::Statement& row) {
  return {{read_id<FamilyId>(row.blob(0)), read_id<UserId>(row.blob(1)), digest_from(row.blob(2)),
           digest_from(row.blob(3)), WallTime{row.integer(4)}, WallTime{row.integer(5)}},
          time_of(row, 6),
          time_of(row, 7)};
}

AuditRow read_audit(const sqlite::Statement& row) {
  AuditRow out;
  out.sequence = static_cast<std::uint64_t>(row.integer(0));
  out.entry = {std::string(row.text(1)), std::string(row.text(2)), std::string(row.text(3)), WallTime{row.integer(4)},
               std::string(row.text(5)), std::string(row.text(6)), std::string(row.text(7))};
  out.hash = digest_from(row.blob(8));
  return out;
}

}  // namespace

Result<AccountLook> AccountLook::open(const std::filesystem::path& file) {
  auto db = sqlite::Connection::open_to_look(file);
  if (!db) return db.error();
  return AccountLook(std::move(*db));
}

Result<bool> AccountLook::has_rotated() {
  auto found = db_.ask("SELECT count(*) FROM pragma_table_info('families') WHERE name = 'rotated'");
  if (!found) return found.error();
  return *found != "0";
}

template <class Row, class Read>
Result<void> AccountLook::read_table(std::string_view sql, ShopSink& sink, Read read_row) {
  auto rows = db_.prepare(sql);
  if (!rows) return rows.error();
  std::vector<Row> portion;
  for (auto step = rows->step();; step = rows->step()) {
    if (step == sqlite::Statement::Step::failed) return db_.failure("read accounts");
    const bool ended = step == sqlite::Statement::Step::done;
    if (!ended) portion.push_back(read_row(*rows));
    if (portion.size() < kPortion && !ended) continue;
    if (auto taken = sink.take(std::span<const Row>(portion)); !taken) return taken;
    if (ended) return {};
    portion.clear();
  }
}

Result<void> AccountLook::read(ShopSink& sink) {
  const auto rotated = has_rotated();
  if (!rotated) return rotated.error();
  if (auto done = read_table<CopiedUser>(
          "SELECT id, email, name, role, password, disabled, epoch, epoch_at, created FROM users ORDER BY id", sink,
          read_user);
      !done)
    return done;
  const std::string logins = std::string("SELECT id, user, secret, token, created, expires, revoked, ") +
                             (*rotated ? "rotated" : "NULL") + " FROM families ORDER BY id";
  if (auto done = read_table<CopiedLogin>(logins, sink, read_login); !done) return done;
  if (auto done = read_table<CopiedRevocation>(
          "SELECT family, at FROM revoked ORDER BY family", sink,
          [](const sqlite::Statement& row) {
            return CopiedRevocation{read_id<FamilyId>(row.blob(0)), WallTime{row.integer(1)}};
          });
      !done)
    return done;
  if (auto done = read_table<AuditRow>(
          "SELECT sequence, who, what, target, at, origin, before, after, hash FROM audit ORDER BY sequence", sink,
          read_audit);
      !done)
    return done;
  return read_table<Setting>("SELECT key, json FROM settings ORDER BY key", sink, [](const sqlite::Statement& row) {
    return Setting{std::string(row.text(0)), std::string(row.text(1))};
  });
}

}  // namespace scalemart
