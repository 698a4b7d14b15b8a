// The audit trail of the embedded account store: append-only, each row bound to all before it.
#include "backend/embedded/account_store_blobs.hpp"
#include "backend/embedded/account_store_tables.hpp"
#include "backend/embedded/audit_look.hpp"
#include "port/audit_chain.hpp"

namespace scalemart {
namespace {

AuditRow read_audit_row(const sqlite::Statement& row) {
  AuditRow out;
  out.sequence = static_cast<std::uint64_t>(row.integer(0));
  out.entry = {std::string(row.text(1)), std::string(row.text(2)), std::string(row.text(3)), WallTime{row.integer(4)},
               std::string(row.text(5)), std::string(row.text(6)), std::string(row.text(7))};
  out.hash = digest_from(row.blob(8));
  return out;
}

constexpr const char* kWholeTrail =
    "SELECT sequence, who, what, target, at, origin, before, after, hash FROM audit ORDER BY sequence";

/// Up to the first bad row. `next` steps.
template <class Next>
AuditWalk walk_chain(const sqlite::Statement& rows, Next next) {
  AuditWalk walk;
  while (next() && walk.take(read_audit_row(rows))) {
  }
  return walk;
}

}  // namespace

void AccountTables::append_audit(const AuditEntry& entry) {
  if (entry.what.empty()) return;
  const std::uint64_t sequence = audit_head_.sequence + 1;
  const Digest256 hash = audit_hash(audit_head_.hash, sequence, entry);
  run(statement("INSERT INTO audit(sequence, who, what, target, at, origin, before, after, hash)"
                " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")
          .bind(1, static_cast<std::int64_t>(sequence))
          .bind(2, std::string_view(entry.who))
          .bind(3, std::string_view(entry.what))
          .bind(4, std::string_view(entry.target))
          .bind(5, entry.when.ms)
          .bind(6, std::string_view(entry.from))
          .bind(7, std::string_view(entry.before))
          .bind(8, std::string_view(entry.after))
          .bind(9, std::span<const std::byte>(hash)));
  audit_head_ = {sequence, hash};
}

std::vector<AuditRow> AccountTables::audit_page(std::uint64_t before, std::size_t limit) {
  std::vector<AuditRow> page;
  auto& rows = statement(
      "SELECT sequence, who, what, target, at, origin, before, after, hash FROM audit"
      " WHERE sequence < ?1 ORDER BY sequence DESC LIMIT ?2");
  rows.bind(1, before == 0 ? INT64_MAX : static_cast<std::int64_t>(before)).bind(2, static_cast<std::int64_t>(limit));
  while (next(rows)) page.push_back(read_audit_row(rows));
  rows.reset();
  return page;
}

AuditCheck AccountTables::check_audit() {
  auto& rows = statement(kWholeTrail);
  const AuditWalk walk = walk_chain(rows, [&] { return next(rows); });
  rows.reset();
  return walk.finish(audit_head_.sequence);  // a tail cut off while we run leaves the head we remember
}

Result<AuditCheck> look_at_audit(const std::filesystem::path& accounts) {
  auto db = sqlite::Connection::open_to_look(accounts);
  if (!db) return db.error();
  auto rows = db->prepare(kWholeTrail);
  if (!rows) return rows.error();
  auto step = sqlite::Statement::Step::done;
  const AuditWalk walk = walk_chain(*rows, [&] { return (step = rows->step()) == sqlite::Statement::Step::row; });
  if (step == sqlite::Statement::Step::failed) return db->failure("read the audit trail");
  return walk.check();
}

}  // namespace scalemart
