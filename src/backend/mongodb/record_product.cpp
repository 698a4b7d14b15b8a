#include "backend/mongodb/record_product.hpp"

#include <algorithm>

namespace scalemart::mongo {
namespace {

std::optional<std::int64_t> milliseconds(const std::optional<WallTime>& time) {
  if (!time) return std::nullopt;
  return time->ms;
}

std::optional<WallTime> time_in(const Reading& document, const char* key) {
  const auto ms = document.optional_integer(key);
  if (!ms) return std::nullopt;
  return WallTime{*ms};
}

std::vector<Document> copies(const Reading& document, const char* key) {
  std::vector<Document> all;
  for (const Reading& each : document.documents(key)) all.push_back(each.copy());
  return all;
}

void add_claim(Document& to, const Claim& claim) {
  if (claim.empty()) return;
  Document body;
  if (!claim.accepted.empty()) body.add("accepted", claim.accepted);
  if (!claim.changed.empty()) body.add("changed", claim.changed);
  if (!claim.records.empty()) body.add("records", claim.records);
  to.add("claim", body).add("claimed", claim.version);
}

/// What changes in the course of a sale.
void add_state(Document& to, const RecordedProduct& p) {
  to.add("paused", p.paused).add("removed", p.removed);
  to.add("total", p.stock.total).add("available", p.stock.available).add("held", p.stock.held);
  to.add("sold", p.stock.sold).add("sequence", static_cast<std::int64_t>(p.sequence)).add("last_at", p.last_at.ms);
  to.add("accepted", static_cast<std::int64_t>(p.accepted)).add("earned", to_text(p.earned));
  to.add("given_back", to_text(p.given_back)).add("last_no", p.last_number).add("version", p.version);
}

void add_terms(Document& to, const ProductSpec& spec) {
  to.add("name", spec.details.name).add("description", spec.details.description);
  to.add("image_url", spec.details.image_url).add("list_price", spec.details.list_price);
  to.add("price", spec.terms.price).add("starts_at", milliseconds(spec.terms.starts_at));
  to.add("ends_at", milliseconds(spec.terms.ends_at)).add("per_user_limit", std::int64_t{spec.terms.per_user_limit});
}

}  // namespace

std::string to_text(Money sum) {
  std::string text;
  const bool negative = sum < 0;
  do {
    const int digit = static_cast<int>(sum % 10);
    text += static_cast<char>('0' + (negative ? -digit : digit));
    sum /= 10;
  } while (sum != 0);
  if (negative) text += '-';
  std::reverse(text.begin(), text.end());
  return text;
}

Money parse_money(const std::string& text) {
  Money sum = 0;
  const bool negative = text.starts_with('-');
  if (text.size() <= (negative ? 1U : 0U) || text.size() > 38) throw Malformed("no sum of money");
  for (const char c : text.substr(negative ? 1 : 0)) {
    if (c < '0' || c > '9') throw Malformed("no sum of money");
    sum = sum * 10 + (c - '0');
  }
  return negative ? -sum : sum;
}

Document RecordedProduct::document(const Claim& claim) const {
  Document out;
  out.add("_id", static_cast<std::int32_t>(index_of(ref))).add("slug", spec->id).add("currency", spec->currency.text());
  add_terms(out, *spec);
  add_state(out, *this);
  add_claim(out, claim);
  return out;
}

Document RecordedProduct::update(const Claim& claim) const {
  Document members, out, gone;
  add_state(members, *this);
  add_terms(members, *spec);
  add_claim(members, claim);
  out.add("$set", members);
  if (!spec->details.list_price) gone.add("list_price", "");
  if (!spec->terms.starts_at) gone.add("starts_at", "");
  if (!spec->terms.ends_at) gone.add("ends_at", "");
  if (!gone.empty()) out.add("$unset", gone);
  return out;
}

RecordedProduct RecordedProduct::read(const Reading& document) {
  RecordedProduct product;
  product.ref = ProductRef{static_cast<std::uint32_t>(document.integer("_id"))};
  auto spec = std::make_shared<ProductSpec>();
  spec->id = document.text("slug");
  const std::string currency = document.text("currency");
  std::copy_n(currency.begin(), std::min<std::size_t>(currency.size(), 3), spec->currency.code.begin());
  spec->details = {document.text("name"), document.text("description"), document.text("image_url"),
                   document.optional_integer("list_price")};
  spec->terms = {document.integer("price"), time_in(document, "starts_at"), time_in(document, "ends_at"),
                 static_cast<std::uint32_t>(document.integer("per_user_limit"))};
  product.spec = std::move(spec);
  product.stock = {document.integer("total"), document.integer("available"), document.integer("held"),
                   document.integer("sold")};
  product.paused = document.flag("paused");
  product.removed = document.flag("removed");
  product.sequence = static_cast<Sequence>(document.integer("sequence"));
  product.last_at = {document.integer("last_at")};
  product.accepted = static_cast<std::uint64_t>(document.integer("accepted"));
  product.earned = parse_money(document.text("earned"));
  product.given_back = parse_money(document.text("given_back"));
  product.last_number = document.integer("last_no");
  product.version = document.integer("version");
  product.claimed = document.has("claimed");
  return product;
}

std::optional<Claim> claim_in(const Reading& document) {
  if (!document.has("claimed")) return std::nullopt;
  const Reading body = document.document("claim");
  return Claim{document.integer("claimed"), copies(body, "accepted"), copies(body, "changed"), copies(body, "records")};
}

}  // namespace scalemart::mongo
