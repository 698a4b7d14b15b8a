#pragma once
// Batches as the functions of scalemart.lua take and give them: little-endian, without padding.

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/ids.hpp"
#include "port/stock_filter.hpp"

namespace scalemart::redis {

class Packer {
 public:
  explicit Packer(std::string& out) : out_(out) {}
  Packer& u8(std::uint8_t value) { return raw(&value, sizeof(value)); }
  Packer& u16(std::uint16_t value) { return raw(&value, sizeof(value)); }
  Packer& u32(std::uint32_t value) { return raw(&value, sizeof(value)); }
  Packer& u64(std::uint64_t value) { return raw(&value, sizeof(value)); }
  /// A number that Lua computes with: exact up to 2^53.
  Packer& number(double value) { return raw(&value, sizeof(value)); }
  Packer& number(std::int64_t value) { return number(static_cast<double>(value)); }
  Packer& number(std::uint64_t value) { return number(static_cast<double>(value)); }
  /// The 16 bytes of an id or a digest.
  Packer& id(std::uint64_t hi, std::uint64_t lo) { return u64(hi).u64(lo); }

 private:
  Packer& raw(const void* bytes, std::size_t size) {
    out_.append(static_cast<const char*>(bytes), size);
    return *this;
  }
  std::string& out_;
};

/// Reads what Packer wrote. After too few bytes all values are zero and good() is false.
class Unpacker {
 public:
  explicit Unpacker(std::string_view in) : in_(in) {}
  std::uint8_t u8() { return take<std::uint8_t>(); }
  std::uint16_t u16() { return take<std::uint16_t>(); }
  std::uint32_t u32() { return take<std::uint32_t>(); }
  std::uint64_t u64() { return take<std::uint64_t>(); }
  double number() { return take<double>(); }
  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] bool at_end() const { return good_ && in_.empty(); }

 private:
  template <class T>
  T take() {
    T value{};
    good_ = good_ && in_.size() >= sizeof(T);
    if (!good_) return value;
    std::memcpy(&value, in_.data(), sizeof(T));
    in_.remove_prefix(sizeof(T));
    return value;
  }
  std::string_view in_;
  bool good_ = true;
};
static_assert(std::endian::native == std::endian::little);

/// Where a used key is kept: which word, and which of its bits. mask 0: there is no key.
struct KeyPlace {
  std::uint32_t hash = 0;
  std::uint32_t mask = 0;
};
[[nodiscard]] KeyPlace place_of(UserId buyer, KeyDigest key);

void pack_buy(std::string& out, const Reserve& buy);
void pack_key(std::string& out, UserId buyer, KeyDigest key);
void pack_product(std::string& out, const ProductRecord& product);
void pack_stock(std::string& out, const StockRecord& stock);
/// Units of one product that one screening took, at `ms` of the server's clock.
void pack_take(std::string& out, ProductRef product, std::uint32_t units, std::int64_t ms);
/// ALLOWANCE: units of this buyer came back, were accepted, or were too many, as of `sequence`.
void pack_allowance(std::string& out, ProductRef product, std::uint32_t quantity, Sequence sequence, UserId buyer);

/// False: not `count` verdicts.
[[nodiscard]] bool unpack_verdicts(std::string_view in, std::size_t count, std::vector<Verdict>& out);

}  // namespace scalemart::redis
