#include "backend/redis/wire.hpp"

#include <bit>
#include <limits>

namespace scalemart::redis {
namespace {

constexpr std::uint8_t kPaused = 1;
constexpr std::uint8_t kRemoved = 2;

bool read_verdict(char letter, Verdict& out) {
  const auto refuse = [&out](Outcome outcome) {
    out.kind = Verdict::Kind::refuse;
    out.outcome = outcome;
    return true;
  };
  switch (letter) {
    case 't':
      out.kind = Verdict::Kind::taken;
      return true;
    case 'a':
      out.kind = Verdict::Kind::ask;
      return true;
    case 'n':
      return refuse(Outcome::product_not_found);
    case 'p':
      return refuse(Outcome::sale_paused);
    case 's':
      return refuse(Outcome::sale_not_started);
    case 'e':
      return refuse(Outcome::sale_ended);
    case 'o':
      return refuse(Outcome::out_of_stock);
    case 'l':
      return refuse(Outcome::purchase_limit);
    default:
      return false;
  }
}

}  // namespace

KeyPlace place_of(UserId buyer, KeyDigest key) {
  if (key.empty()) return {};
  // key is a SHA-256 prefix, so its halves are good hashes; the buyer keeps people apart.
  const std::uint64_t h = key.hi ^ (buyer.lo * 0x9e3779b97f4a7c15ULL) ^ std::rotl(buyer.hi, 32);
  const std::uint64_t where = (h ^ (h >> 31)) * 0xbf58476d1ce4e5b9ULL;
  const std::uint64_t bits = (key.lo ^ where) * 0x94d049bb133111ebULL;
  const auto bit = [bits](int at) { return std::uint32_t{1} << ((bits >> at) & 31u); };
  return {static_cast<std::uint32_t>(where >> 32), bit(59) | bit(54) | bit(49)};
}

void pack_buy(std::string& out, const Reserve& buy) {
  const KeyPlace key = place_of(buy.buyer, buy.key);
  Packer(out).u32(index_of(buy.product)).u32(buy.quantity).u32(key.hash).u32(key.mask).id(buy.buyer.hi, buy.buyer.lo);
}

void pack_key(std::string& out, UserId buyer, KeyDigest key) {
  const KeyPlace place = place_of(buyer, key);
  if (place.mask != 0) Packer(out).u32(place.hash).u32(place.mask);
}

void pack_product(std::string& out, const ProductRecord& product) {
  constexpr double kEver = std::numeric_limits<double>::infinity();
  const SaleTerms& terms = product.spec->terms;
  const auto ms = [](const std::optional<WallTime>& at, double otherwise) {
    return at ? static_cast<double>(at->ms) : otherwise;
  };
  Packer(out)
      .u32(index_of(product.product))
      .number(product.stock.available)
      .number(product.stock.held)
      .number(product.sequence)
      .number(ms(terms.starts_at, -kEver))
      .number(ms(terms.ends_at, kEver))
      .number(std::uint64_t{terms.per_user_limit})
      .u8(static_cast<std::uint8_t>((product.paused ? kPaused : 0) | (product.removed ? kRemoved : 0)));
}

void pack_stock(std::string& out, const StockRecord& stock) {
  Packer(out)
      .u32(index_of(stock.product))
      .number(stock.stock.available)
      .number(stock.stock.held)
      .number(stock.sequence);
}

void pack_take(std::string& out, ProductRef product, std::uint32_t units, std::int64_t ms) {
  Packer(out).u32(index_of(product)).u32(units).number(ms);
}

void pack_allowance(std::string& out, ProductRef product, std::uint32_t quantity, Sequence sequence, UserId buyer) {
  Packer(out).u32(index_of(product)).u32(quantity).number(sequence).id(buyer.hi, buyer.lo);
}

bool unpack_verdicts(std::string_view in, std::size_t count, std::vector<Verdict>& out) {
  Unpacker reader(in);
  out.assign(count, {});
  for (Verdict& verdict : out) {
    if (!read_verdict(static_cast<char>(reader.u8()), verdict)) return false;
    verdict.final = reader.u8() != 0;
    verdict.sequence = static_cast<Sequence>(reader.number());
  }
  return reader.at_end();
}

}  // namespace scalemart::redis
