#include "port/shop_sums.hpp"

#include <openssl/evp.h>

#include <limits>

#include "base/check.hpp"
#include "base/hex.hpp"

namespace scalemart {
namespace {

enum Table { kProducts, kEvents, kOrders, kUsers, kLogins, kRevocations, kAudit, kSettings, kTables };
constexpr std::array<std::string_view, kTables> kNames{"products", "product events", "orders",      "users",
                                                       "logins",   "revocations",    "audit trail", "settings"};

MinorUnits add_saturating(MinorUnits a, MinorUnits b) {
  MinorUnits sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<MinorUnits>::max() : sum;
}

struct DigestFree {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using DigestContext = std::unique_ptr<EVP_MD_CTX, DigestFree>;

DigestContext begin_digest() {
  DigestContext context(EVP_MD_CTX_new());
  SCALEMART_CHECK(context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1);
  return context;
}

void feed(EVP_MD_CTX* context, std::string_view bytes) {
  SCALEMART_CHECK(EVP_DigestUpdate(context, bytes.data(), bytes.size()) == 1);
}

std::string end_digest(EVP_MD_CTX* context) {
  std::array<std::byte, 32> digest{};
  SCALEMART_CHECK(EVP_DigestFinal_ex(context, reinterpret_cast<unsigned char*>(digest.data()), nullptr) == 1);
  return to_hex(digest);
}

}  // namespace

/// Rows as bytes: every number in 64 bits, every text with its length, so that no two rows read the same.
class ShopSummary::RowHash {
 public:
  RowHash() : context_(begin_digest()) {}
  RowHash& number(std::uint64_t value) {
    for (int shift = 56; shift >= 0; shift -= 8) row_.push_back(static_cast<char>(value >> shift));
    return *this;
  }
  RowHash& number(std::int64_t value) { return number(static_cast<std::uint64_t>(value)); }
  RowHash& number(std::uint32_t value) { return number(std::uint64_t{value}); }
  RowHash& flag(bool value) { return number(std::uint64_t{value}); }
  template <class E>
  requires std::is_enum_v<E> RowHash& number(E value) { return number(static_cast<std::uint64_t>(value)); }
  RowHash& text(std::string_view value) {
    number(std::uint64_t{value.size()});
    row_ += value;
    return *this;
  }
  RowHash& bytes(std::span<const std::byte> value) {
    return text({reinterpret_cast<const char*>(value.data()), value.size()});
  }
  template <class Id>
  requires requires(Id id) { id.hi + id.lo; }
  RowHash& id(const Id& value) { return number(value.hi).number(value.lo); }
  RowHash& time(WallTime value) { return number(value.ms); }
  RowHash& time(const std::optional<WallTime>& value) {
    return flag(value.has_value()).time(value.value_or(WallTime{}));
  }
  void end() {
    feed(context_.get(), row_);
    row_.clear();
  }
  [[nodiscard]] std::string finish() { return end_digest(context_.get()); }

 private:
  DigestContext context_;
  std::string row_;
};

ShopSummary::ShopSummary() {
  for (const std::string_view name : kNames) {
    sums_.tables.push_back({std::string(name), 0, {}});
    hashes_.push_back(std::make_unique<RowHash>());
  }
}

ShopSummary::~ShopSummary() = default;

Result<void> ShopSummary::take(std::span<const CopiedProduct> products) {
  sums_.tables[kProducts].rows += products.size();
  for (const CopiedProduct& p : products) {
    const ProductSpec& spec = *p.spec;
    const std::string currency(spec.currency.code.data(), spec.currency.code.size());
    auto& row = hashes_[kProducts]->number(p.product).text(spec.id).text(currency);
    row.text(spec.details.name).text(spec.details.description).text(spec.details.image_url);
    row.flag(spec.details.list_price.has_value()).number(spec.details.list_price.value_or(0));
    row.number(spec.terms.price).time(spec.terms.starts_at).time(spec.terms.ends_at).number(spec.terms.per_user_limit);
    row.number(p.stock.total).number(p.stock.available).number(p.stock.held).number(p.stock.sold);
    row.flag(p.paused).flag(p.removed).number(p.sequence).time(p.last_at).end();
    if (index_of(p.product) != sums_.products.size()) return error("products are not in their order");
    sums_.products.push_back({spec.id, p.stock, 0, 0, 0});
    currencies_.push_back(currency);
  }
  return {};
}

Result<void> ShopSummary::take(std::span<const ProductEvent> events) {
  sums_.tables[kEvents].rows += events.size();
  for (const ProductEvent& e : events) {
    hashes_[kEvents]
        ->number(e.product)
        .number(e.sequence)
        .time(e.at)
        .number(e.kind)
        .number(e.delta)
        .text(e.reason)
        .end();
    if (index_of(e.product) >= sums_.products.size()) return error("an event is of no product");
    sums_.products[index_of(e.product)].total += e.delta;
  }
  return {};
}

Result<void> ShopSummary::take(std::span<const CopiedOrder> orders) {
  sums_.tables[kOrders].rows += orders.size();
  for (const CopiedOrder& o : orders) {
    auto& row = hashes_[kOrders]->id(o.id).id(o.buyer).id(o.key).number(o.product).number(o.quantity);
    row.number(o.unit_price).number(o.status).number(o.reason).number(o.sequence).time(o.created).time(o.due);
    row.time(o.begun).time(o.ended).time(o.refunded).number(o.fence).number(o.invoice).number(o.mail);
    row.text(o.payment_reference).flag(o.parked.has_value());
    if (o.parked) row.number(o.parked->step).number(o.parked->attempts).time(o.parked->since).text(o.parked->reason);
    row.end();
    if (index_of(o.product) >= sums_.products.size()) return error("order " + to_string(o.id) + " is of no product");
    ShopSums::Product& product = sums_.products[index_of(o.product)];
    if (is_open(o.status)) product.held += o.quantity;
    if (o.status == OrderStatus::confirmed) product.sold += o.quantity;
    ++sums_.orders.at(static_cast<std::size_t>(o.status));
    if (o.parked) ++sums_.dead_letters;
    if (!o.key.empty()) ++sums_.keys;
    const MinorUnits amount = o.unit_price * o.quantity;
    ShopSums::Money& money = sums_.money[currencies_[index_of(o.product)]];
    if (o.status == OrderStatus::confirmed) money.confirmed = add_saturating(money.confirmed, amount);
    if (o.status == OrderStatus::refunded) money.refunded = add_saturating(money.refunded, amount);
  }
  return {};
}

Result<void> ShopSummary::take(std::span<const CopiedUser> users) {
  sums_.tables[kUsers].rows += users.size();
  for (const CopiedUser& u : users) {
    const Account& a = u.account;
    auto& row = hashes_[kUsers]->id(a.id).text(a.email).text(a.name).number(a.role).text(a.password_hash);
    row.flag(a.disabled).number(a.epoch).time(u.epoch_at).time(a.created).end();
    if (a.role == Role::admin) ++sums_.admins;
  }
  return {};
}

Result<void> ShopSummary::take(std::span<const CopiedLogin> logins) {
  sums_.tables[kLogins].rows += logins.size();
  for (const CopiedLogin& l : logins) {
    const RefreshFamily& f = l.family;
    auto& row = hashes_[kLogins]->id(f.id).id(f.user).bytes(f.secret).bytes(f.token).time(f.created).time(f.expires);
    row.time(l.revoked).time(l.rotated).end();
  }
  return {};
}

Result<void> ShopSummary::take(std::span<const CopiedRevocation> revocations) {
  sums_.tables[kRevocations].rows += revocations.size();
  for (const CopiedRevocation& r : revocations) hashes_[kRevocations]->id(r.family).time(r.at).end();
  return {};
}

Result<void> ShopSummary::take(std::span<const AuditRow> rows) {
  sums_.tables[kAudit].rows += rows.size();
  for (const AuditRow& r : rows) {
    hashes_[kAudit]->number(r.sequence).bytes(r.hash).end();
    static_cast<void>(audit_.take(r));
  }
  return {};
}

Result<void> ShopSummary::take(std::span<const Setting> settings) {
  sums_.tables[kSettings].rows += settings.size();
  for (const Setting& s : settings) hashes_[kSettings]->text(s.key).text(s.json).end();
  return {};
}

ShopSums ShopSummary::finish() {
  for (std::size_t i = 0; i < hashes_.size(); ++i) sums_.tables[i].digest = hashes_[i]->finish();
  sums_.audit = audit_.check();
  return std::move(sums_);
}

std::string ShopSums::digest() const {
  const DigestContext context = begin_digest();
  for (const Table& table : tables) feed(context.get(), table.name + " " + table.digest + "\n");
  return end_digest(context.get());
}

std::vector<std::string> ShopSums::faults() const {
  std::vector<std::string> faults;
  for (const Product& product : products)
    if (!product.agrees()) faults.push_back("the stock of " + product.id + " is not what its orders and events say");
  if (audit.first_bad != 0) faults.push_back("the audit trail was changed at row " + std::to_string(audit.first_bad));
  return faults;
}

std::vector<std::string> differences(const ShopSums& from, const ShopSums& to) {
  std::vector<std::string> found;
  for (std::size_t i = 0; i < from.tables.size(); ++i) {
    const ShopSums::Table &a = from.tables[i], &b = to.tables[i];
    if (a.rows != b.rows)
      found.push_back(a.name + ": " + std::to_string(a.rows) + " rows became " + std::to_string(b.rows));
    else if (a.digest != b.digest)
      found.push_back(a.name + ": as many rows, but not the same ones");
  }
  return found;
}

}  // namespace scalemart
