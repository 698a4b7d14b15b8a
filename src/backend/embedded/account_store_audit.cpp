// The audit trail of the embedded account store: append-only, each row bound to all before it.
#include <map>

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

AuditPage AccountTables::audit_page(const AuditSearch& search) {
  const std::uint64_t end = search.before == 0 ? audit_head_.sequence + 1 : search.before;
  const std::uint64_t first = end > kAuditLookMax ? end - kAuditLookMax : 1;
  auto& rows = statement(
      "SELECT sequence, who, what, target, at, origin, before, after, hash FROM audit"
      " WHERE sequence >= ?1 AND sequence < ?2 AND at >= ?4 AND at < ?5 AND (?6 = '' OR who = ?6)"
      " AND substr(what, 1, length(?7)) = ?7 AND (?8 = '' OR target = ?8) AND (?9 = '' OR origin = ?9)"
      " ORDER BY sequence DESC LIMIT ?3");
  rows.bind(1, static_cast<std::int64_t>(first))
      .bind(2, static_cast<std::int64_t>(end))
      .bind(3, static_cast<std::int64_t>(search.limit + 1))
      .bind(4, search.since.value_or(WallTime{INT64_MIN}).ms)
      .bind(5, search.until.value_or(WallTime{INT64_MAX}).ms)
      .bind(6, std::string_view(search.who))
      .bind(7, std::string_view(search.what))
      .bind(8, std::string_view(search.target))
      .bind(9, std::string_view(search.from));
  AuditPage page;
  while (next(rows)) page.rows.push_back(read_audit_row(rows));
  rows.reset();
  if (page.rows.size() > search.limit) {
    page.rows.resize(search.limit);
    page.next = page.rows.back().sequence;
  } else if (first > 1) {
    page.next = first;
  }
  name_accounts(page.rows);
  return page;
}

void AccountTables::name_accounts(std::vector<AuditRow>& rows) {
  std::map<std::string_view, std::string> known;  // a page is the work of a few people
  for (AuditRow& row : rows) {
    auto found = known.find(row.entry.who);
    if (found == known.end()) {
      const auto id = parse_ulid<UserId>(row.entry.who);
      const auto account = id ? find(*id) : std::nullopt;
      found = known.emplace(row.entry.who, account ? account->email : std::string()).first;
    }
    row.who_email = found->second;
  }
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
