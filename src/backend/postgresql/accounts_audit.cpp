// The audit trail: entries are written with what they tell of, and linked to the chain a moment later.
#include "backend/postgresql/account_rows.hpp"
#include "backend/postgresql/accounts.hpp"
#include "port/audit_chain.hpp"

namespace scalemart::pg {
namespace {

constexpr std::int32_t kLinkMax = 5'000;  ///< In one transaction.
constexpr std::int64_t kCheckPage = 2'000;

constexpr Statement kNote{"note_audit", "SELECT 0 FROM note_audit_v1($1, $2)"};
constexpr Statement kLink{"link_audit",
                          "SELECT CASE WHEN EXISTS (SELECT FROM audit_waiting) THEN link_audit_v1($1) ELSE 0 END"};
constexpr Statement kPage{"audit_page",
                          "SELECT sequence, at, who, what, target, origin, before, after, hash FROM audit"
                          " WHERE sequence < $1 ORDER BY sequence DESC LIMIT $2"};
constexpr Statement kHead{"audit_head", "SELECT sequence FROM audit_head"};
constexpr Statement kTrail{"audit_trail",
                           "SELECT sequence, at, who, what, target, origin, before, after, hash FROM audit"
                           " WHERE sequence > $1 AND sequence <= $2 ORDER BY sequence LIMIT $3"};

AuditRow read_row(const Rows& rows, int row) {
  const auto text = [&](int column) { return std::string(rows.text(row, column)); };
  AuditRow out;
  out.sequence = static_cast<std::uint64_t>(rows.integer(row, 0));
  out.entry = {text(2), text(3), text(4), WallTime{rows.integer(row, 1)}, text(5), text(6), text(7)};
  out.hash = read_digest(rows.text(row, 8));
  return out;
}

}  // namespace

StoreOutcome PostgresAccounts::append_audit(const AuditEntry& entry, SteadyTime until) {
  Parameters p;
  add_audit(p, entry);
  return change(kNote, p, Lost::give_up, until);
}

Result<void> PostgresAccounts::tidy(SteadyTime until) {
  Parameters most;
  most.add(kLinkMax);
  for (;;) {
    const auto linked = call(kLink, most, Lost::try_again, until);
    if (!linked) return to_error(linked.error());
    if (linked->integer(0, 0) < kLinkMax) return {};
  }
}

Result<std::vector<AuditRow>> PostgresAccounts::audit_page(std::uint64_t before, std::size_t limit, SteadyTime until) {
  if (auto linked = tidy(until); !linked) return linked.error();
  Parameters p;
  p.add(before == 0 ? INT64_MAX : static_cast<std::int64_t>(std::min<std::uint64_t>(before, INT64_MAX)));
  p.add(static_cast<std::int64_t>(std::min<std::size_t>(limit, INT32_MAX)));
  const auto rows = call(kPage, p, Lost::try_again, until);
  if (!rows) return to_error(rows.error());
  std::vector<AuditRow> page;
  for (int row = 0; row < rows->count(); ++row) page.push_back(read_row(*rows, row));
  return page;
}

Result<AuditCheck> PostgresAccounts::check_audit(SteadyTime until) {
  if (auto linked = tidy(until); !linked) return linked.error();
  const auto head_row = call(kHead, {}, Lost::try_again, until);
  if (!head_row) return to_error(head_row.error());
  const std::int64_t head = head_row->empty() ? 0 : head_row->integer(0, 0);
  AuditWalk walk;
  for (std::int64_t after = 0;;) {
    Parameters p;
    p.add(after).add(head).add(kCheckPage);
    const auto rows = call(kTrail, p, Lost::try_again, until);
    if (!rows) return to_error(rows.error());
    for (int row = 0; row < rows->count(); ++row)
      if (!walk.take(read_row(*rows, row))) return walk.check();
    if (rows->count() < kCheckPage) return walk.finish(static_cast<std::uint64_t>(head));
    after = rows->integer(rows->count() - 1, 0);
  }
}

}  // namespace scalemart::pg
