// Rows on their way in: one statement a portion, its columns as arrays. -1 stands for no time, for arrays of numbers
// hold no NULL.
#include "backend/postgresql/shop_target.hpp"
#include "base/hex.hpp"

namespace scalemart::pg {
namespace {

using Numbers = std::vector<std::int64_t>;
using Smalls = std::vector<std::int32_t>;
using Texts = std::vector<std::string>;

constexpr std::int64_t kNone = -1;

constexpr Statement kProducts{
    "copy_products",
    "INSERT INTO products (ref, slug, currency, name, description, image_url, list_price)"
    " SELECT ref, slug, currency, name, description, image_url, nullif(list_price, -1)"
    " FROM unnest($1::int4[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int8[])"
    " AS p(ref, slug, currency, name, description, image_url, list_price)"};
constexpr Statement kStock{
    "copy_stock",
    "INSERT INTO stock (ref, price, starts_at, ends_at, per_user_limit, paused, removed, total, available, held, sold,"
    " sequence, last_at)"
    " SELECT ref, price, nullif(starts_at, -1), nullif(ends_at, -1), per_user_limit, marks & 1 <> 0, marks & 2 <> 0,"
    " total, available, held, sold, sequence, last_at"
    " FROM unnest($1::int4[], $2::int8[], $3::int8[], $4::int8[], $5::int8[], $6::int4[], $7::int8[], $8::int8[],"
    " $9::int8[], $10::int8[], $11::int8[], $12::int8[])"
    " AS s(ref, price, starts_at, ends_at, per_user_limit, marks, total, available, held, sold, sequence, last_at)"};
constexpr Statement kEvents{
    "copy_events",
    "INSERT INTO product_records (product, sequence, at, kind, delta, reason)"
    " SELECT * FROM unnest($1::int4[], $2::int8[], $3::int8[], $4::text[], $5::int8[], $6::text[])"};
constexpr Statement kOrders{
    "copy_orders",
    "INSERT INTO orders (number, id, buyer, key, product, quantity, price, status, reason, sequence, created_at, due,"
    " begun_at, ended_at, refunded_at, fence, invoice, mail, payment_reference, parked_step, parked_attempts, "
    "parked_at,"
    " parked_reason)"
    " SELECT $1 + n, id, buyer, key, product, quantity, price, status, reason, sequence, created, nullif(due, -1),"
    " nullif(begun, -1), nullif(ended, -1), nullif(refunded, -1), fence, invoice, mail, nullif(reference, ''),"
    " nullif(step, -1), CASE WHEN step >= 0 THEN attempts END, CASE WHEN step >= 0 THEN parked_at END,"
    " CASE WHEN step >= 0 THEN why END"
    " FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::int4[], $6::int4[], $7::int8[], $8::int4[], $9::int4[],"
    " $10::int8[], $11::int8[], $12::int8[], $13::int8[], $14::int8[], $15::int8[], $16::int8[], $17::int4[],"
    " $18::int4[], $19::text[], $20::int4[], $21::int8[], $22::int8[], $23::text[]) WITH ORDINALITY"
    " AS o(id, buyer, key, product, quantity, price, status, reason, sequence, created, due, begun, ended, refunded,"
    " fence, invoice, mail, reference, step, attempts, parked_at, why, n)"};
constexpr Statement kUsers{
    "copy_users",
    "INSERT INTO users (id, email, name, role, password, disabled, epoch, epoch_at, changed, created)"
    " SELECT id, email, name, role, password, disabled <> 0, epoch, nullif(epoch_at, -1),"
    " CASE WHEN role <> 0 OR epoch_at >= 0 THEN this_change() END, created"
    " FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int4[], $5::text[], $6::int4[], $7::int8[], $8::int8[],"
    " $9::int8[]) AS u(id, email, name, role, password, disabled, epoch, epoch_at, created)"};
constexpr Statement kLogins{
    "copy_logins",
    "INSERT INTO families (id, owner, secret, token, created, expires, revoked, rotated)"
    " SELECT id, owner, decode(secret, 'hex'), decode(token, 'hex'), created, expires, nullif(revoked, -1),"
    " nullif(rotated, -1)"
    " FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::int8[], $6::int8[], $7::int8[], $8::int8[])"
    " AS f(id, owner, secret, token, created, expires, revoked, rotated)"};
constexpr Statement kRevocations{
    "copy_revocations",
    "INSERT INTO revoked (family, at, changed)"
    " SELECT family, at, this_change() FROM unnest($1::uuid[], $2::int8[]) AS r(family, at)"};
constexpr Statement kAudit{
    "copy_audit",
    "INSERT INTO audit (sequence, at, who, what, target, origin, before, after, hash)"
    " SELECT sequence, at, who, what, target, origin, before, after, decode(hash, 'hex')"
    " FROM unnest($1::int8[], $2::int8[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],"
    " $9::text[]) AS a(sequence, at, who, what, target, origin, before, after, hash)"};
constexpr Statement kAuditHead{"copy_audit_head", "UPDATE audit_head SET sequence = $1, hash = $2"};
constexpr Statement kSettings{"copy_settings",
                              "INSERT INTO settings (key, json, changed)"
                              " SELECT key, json, this_change() FROM unnest($1::text[], $2::text[]) AS s(key, json)"};

std::int64_t ms(const std::optional<WallTime>& time) {
  return time ? time->ms : kNone;
}

/// One column: what `of` says about each row.
template <class Row, class Of>
auto column(std::span<const Row> rows, Of of) {
  std::vector<std::decay_t<decltype(of(rows.front()))>> values;
  values.reserve(rows.size());
  for (const Row& row : rows) values.push_back(of(row));
  return values;
}

std::int32_t small(auto value) {
  return static_cast<std::int32_t>(value);
}

}  // namespace

Result<void> PostgresTarget::take(std::span<const CopiedProduct> rows) {
  if (rows.empty()) return {};
  using P = CopiedProduct;
  const auto refs = column(rows, [](const P& p) { return small(p.product); });
  Parameters named, stocked;
  named.add(refs);
  named.add(column(rows, [](const P& p) { return p.spec->id; }));
  named.add(
      column(rows, [](const P& p) { return std::string(p.spec->currency.code.data(), p.spec->currency.code.size()); }));
  named.add(column(rows, [](const P& p) { return p.spec->details.name; }));
  named.add(column(rows, [](const P& p) { return p.spec->details.description; }));
  named.add(column(rows, [](const P& p) { return p.spec->details.image_url; }));
  named.add(column(rows, [](const P& p) { return std::int64_t{p.spec->details.list_price.value_or(kNone)}; }));
  stocked.add(refs);
  stocked.add(column(rows, [](const P& p) { return std::int64_t{p.spec->terms.price}; }));
  stocked.add(column(rows, [](const P& p) { return ms(p.spec->terms.starts_at); }));
  stocked.add(column(rows, [](const P& p) { return ms(p.spec->terms.ends_at); }));
  stocked.add(column(rows, [](const P& p) { return std::int64_t{p.spec->terms.per_user_limit}; }));
  stocked.add(column(rows, [](const P& p) { return (p.paused ? 1 : 0) | (p.removed ? 2 : 0); }));
  stocked.add(column(rows, [](const P& p) { return p.stock.total; }));
  stocked.add(column(rows, [](const P& p) { return p.stock.available; }));
  stocked.add(column(rows, [](const P& p) { return p.stock.held; }));
  stocked.add(column(rows, [](const P& p) { return p.stock.sold; }));
  stocked.add(column(rows, [](const P& p) { return static_cast<std::int64_t>(p.sequence); }));
  stocked.add(column(rows, [](const P& p) { return p.last_at.ms; }));
  if (auto done = run(kProducts, named); !done) return done;
  return run(kStock, stocked);
}

Result<void> PostgresTarget::take(std::span<const ProductEvent> rows) {
  if (rows.empty()) return {};
  using E = ProductEvent;
  Parameters p;
  p.add(column(rows, [](const E& e) { return small(e.product); }));
  p.add(column(rows, [](const E& e) { return static_cast<std::int64_t>(e.sequence); }));
  p.add(column(rows, [](const E& e) { return e.at.ms; }));
  p.add(column(rows, [](const E& e) { return std::string(to_text(e.kind)); }));
  p.add(column(rows, [](const E& e) { return e.delta; }));
  p.add(column(rows, [](const E& e) { return e.reason; }));
  return run(kEvents, p);
}

Result<void> PostgresTarget::take(std::span<const CopiedOrder> rows) {
  if (rows.empty()) return {};
  using O = CopiedOrder;
  Parameters p;
  p.add(orders_);
  p.add(column(rows, [](const O& o) { return o.id; }));
  p.add(column(rows, [](const O& o) { return o.buyer; }));
  p.add(column(rows, [](const O& o) { return o.key; }));
  p.add(column(rows, [](const O& o) { return small(o.product); }));
  p.add(column(rows, [](const O& o) { return small(o.quantity); }));
  p.add(column(rows, [](const O& o) { return std::int64_t{o.unit_price}; }));
  p.add(column(rows, [](const O& o) { return small(o.status); }));
  p.add(column(rows, [](const O& o) { return small(o.reason); }));
  p.add(column(rows, [](const O& o) { return static_cast<std::int64_t>(o.sequence); }));
  p.add(column(rows, [](const O& o) { return o.created.ms; }));
  for (const auto member : {&O::due, &O::begun, &O::ended, &O::refunded})
    p.add(column(rows, [member](const O& o) { return ms(o.*member); }));
  p.add(column(rows, [](const O& o) { return std::int64_t{o.fence}; }));
  p.add(column(rows, [](const O& o) { return small(o.invoice); }));
  p.add(column(rows, [](const O& o) { return small(o.mail); }));
  p.add(column(rows, [](const O& o) { return o.payment_reference; }));
  p.add(column(rows, [](const O& o) { return o.parked ? small(o.parked->step) : -1; }));
  p.add(column(rows, [](const O& o) { return o.parked ? std::int64_t{o.parked->attempts} : kNone; }));
  p.add(column(rows, [](const O& o) { return o.parked ? o.parked->since.ms : kNone; }));
  p.add(column(rows, [](const O& o) { return o.parked ? o.parked->reason : std::string(); }));
  if (auto done = run(kOrders, p); !done) return done;
  orders_ += static_cast<std::int64_t>(rows.size());
  return {};
}

Result<void> PostgresTarget::take(std::span<const CopiedUser> rows) {
  if (rows.empty()) return {};
  using U = CopiedUser;
  Parameters p;
  p.add(column(rows, [](const U& u) { return u.account.id; }));
  p.add(column(rows, [](const U& u) { return u.account.email; }));
  p.add(column(rows, [](const U& u) { return u.account.name; }));
  p.add(column(rows, [](const U& u) { return small(u.account.role); }));
  p.add(column(rows, [](const U& u) { return u.account.password_hash; }));
  p.add(column(rows, [](const U& u) { return small(u.account.disabled); }));
  p.add(column(rows, [](const U& u) { return std::int64_t{u.account.epoch}; }));
  p.add(column(rows, [](const U& u) { return ms(u.epoch_at); }));
  p.add(column(rows, [](const U& u) { return u.account.created.ms; }));
  return run(kUsers, p);
}

Result<void> PostgresTarget::take(std::span<const CopiedLogin> rows) {
  if (rows.empty()) return {};
  using L = CopiedLogin;
  Parameters p;
  p.add(column(rows, [](const L& l) { return l.family.id; }));
  p.add(column(rows, [](const L& l) { return l.family.user; }));
  p.add(column(rows, [](const L& l) { return to_hex(l.family.secret); }));
  p.add(column(rows, [](const L& l) { return to_hex(l.family.token); }));
  p.add(column(rows, [](const L& l) { return l.family.created.ms; }));
  p.add(column(rows, [](const L& l) { return l.family.expires.ms; }));
  p.add(column(rows, [](const L& l) { return ms(l.revoked); }));
  p.add(column(rows, [](const L& l) { return ms(l.rotated); }));
  return run(kLogins, p);
}

Result<void> PostgresTarget::take(std::span<const CopiedRevocation> rows) {
  if (rows.empty()) return {};
  Parameters p;
  p.add(column(rows, [](const CopiedRevocation& r) { return r.family; }));
  p.add(column(rows, [](const CopiedRevocation& r) { return r.at.ms; }));
  return run(kRevocations, p);
}

Result<void> PostgresTarget::take(std::span<const AuditRow> rows) {
  if (rows.empty()) return {};
  using A = AuditRow;
  Parameters p, head;
  p.add(column(rows, [](const A& a) { return static_cast<std::int64_t>(a.sequence); }));
  p.add(column(rows, [](const A& a) { return a.entry.when.ms; }));
  for (const auto member : {&AuditEntry::who, &AuditEntry::what, &AuditEntry::target, &AuditEntry::from,
                            &AuditEntry::before, &AuditEntry::after})
    p.add(column(rows, [member](const A& a) { return a.entry.*member; }));
  p.add(column(rows, [](const A& a) { return to_hex(a.hash); }));
  if (auto done = run(kAudit, p); !done) return done;
  head.add(static_cast<std::int64_t>(rows.back().sequence)).add(std::span<const std::byte>(rows.back().hash));
  return run(kAuditHead, head);
}

Result<void> PostgresTarget::take(std::span<const Setting> rows) {
  if (rows.empty()) return {};
  Parameters p;
  p.add(column(rows, [](const Setting& s) { return s.key; })).add(column(rows, [](const Setting& s) {
    return s.json;
  }));
  return run(kSettings, p);
}

}  // namespace scalemart::pg
