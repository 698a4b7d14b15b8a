// The audit trail: entries are written with what they tell of, and linked to the chain a moment later.
#include <algorithm>
#include <map>

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
// No statement for each kind of search: a page looks at a bounded stretch of the trail.
constexpr Statement kPage{"audit_page",
                          "SELECT sequence, at, who, what, target, origin, before, after, hash FROM audit"
                          " WHERE sequence >= $1 AND sequence < $2 AND at >= $4 AND at < $5 AND ($6 = '' OR who = $6)"
                          " AND starts_with(what, $7) AND ($8 = '' OR target = $8) AND ($9 = '' OR origin = $9)"
                          " ORDER BY sequence DESC LIMIT $3"};
constexpr Statement kEmails{"account_emails", "SELECT id, email FROM users WHERE id = ANY ($1)"};
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

std::vector<UserId> accounts_in(const std::vector<AuditRow>& rows) {
  std::vector<UserId> ids;
  for (const AuditRow& row : rows)
    if (const auto id = parse_ulid<UserId>(row.entry.who); id && std::find(ids.begin(), ids.end(), *id) == ids.end())
      ids.push_back(*id);  // a page is the work of a few people
  return ids;
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

Result<std::int64_t> PostgresAccounts::audit_head(SteadyTime until) {
  if (auto linked = tidy(until); !linked) return linked.error();
  const auto head = call(kHead, {}, Lost::try_again, until);
  if (!head) return to_error(head.error());
  return head->empty() ? 0 : head->integer(0, 0);
}

Result<AuditPage> PostgresAccounts::audit_page(const AuditSearch& search, SteadyTime until) {
  const auto head = audit_head(until);
  if (!head) return head.error();
  const std::int64_t end = search.before == 0 || search.before > static_cast<std::uint64_t>(*head)
                               ? *head + 1
                               : static_cast<std::int64_t>(search.before);
  const std::int64_t first = std::max<std::int64_t>(1, end - static_cast<std::int64_t>(kAuditLookMax));
  const std::size_t limit = std::min<std::size_t>(search.limit, kAuditLookMax);
  Parameters p;
  p.add(first).add(end).add(static_cast<std::int64_t>(limit + 1));
  p.add(search.since.value_or(WallTime{INT64_MIN}).ms).add(search.until.value_or(WallTime{INT64_MAX}).ms);
  p.add(storable(search.who)).add(storable(search.what)).add(storable(search.target)).add(storable(search.from));
  const auto rows = call(kPage, p, Lost::try_again, until);
  if (!rows) return to_error(rows.error());
  AuditPage page;
  for (int row = 0; row < rows->count(); ++row) page.rows.push_back(read_row(*rows, row));
  if (page.rows.size() > limit) {
    page.rows.resize(limit);
    page.next = page.rows.back().sequence;
  } else if (first > 1) {
    page.next = static_cast<std::uint64_t>(first);
  }
  if (auto named = name_accounts(page.rows, until); !named) return named.error();
  return page;
}

Result<void> PostgresAccounts::name_accounts(std::vector<AuditRow>& rows, SteadyTime until) {
  Parameters p;
  p.add(accounts_in(rows));
  const auto found = call(kEmails, p, Lost::try_again, until);
  if (!found) return to_error(found.error());
  std::map<std::string, std::string> emails;
  for (int row = 0; row < found->count(); ++row)
    emails[to_string(found->id<UserId>(row, 0))] = std::string(found->text(row, 1));
  for (AuditRow& row : rows)
    if (const auto email = emails.find(row.entry.who); email != emails.end()) row.who_email = email->second;
  return {};
}

Result<AuditCheck> PostgresAccounts::check_audit(SteadyTime until) {
  const auto head = audit_head(until);
  if (!head) return head.error();
  AuditWalk walk;
  for (std::int64_t after = 0;;) {
    Parameters p;
    p.add(after).add(*head).add(kCheckPage);
    const auto rows = call(kTrail, p, Lost::try_again, until);
    if (!rows) return to_error(rows.error());
    for (int row = 0; row < rows->count(); ++row)
      if (!walk.take(read_row(*rows, row))) return walk.check();
    if (rows->count() < kCheckPage) return walk.finish(static_cast<std::uint64_t>(*head));
    after = rows->integer(rows->count() - 1, 0);
  }
}

}  // namespace scalemart::pg
