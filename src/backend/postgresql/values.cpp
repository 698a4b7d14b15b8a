#include "backend/postgresql/values.hpp"

#include <limits>

namespace scalemart::pg {
namespace {

template <class Integer>
Integer read_big_endian(const char* at) {
  using Unsigned = std::make_unsigned_t<Integer>;
  Unsigned value = 0;
  for (std::size_t i = 0; i < sizeof value; ++i)
    value = static_cast<Unsigned>((std::uint64_t{value} << 8) | static_cast<unsigned char>(at[i]));
  return static_cast<Integer>(value);
}

std::int64_t read_integer(std::string_view raw) {
  switch (raw.size()) {
    case 2:
      return read_big_endian<std::int16_t>(raw.data());
    case 4:
      return read_big_endian<std::int32_t>(raw.data());
    default:
      SCALEMART_CHECK(raw.size() == 8);
      return read_big_endian<std::int64_t>(raw.data());
  }
}

/// Length of the UTF-8 sequence that begins here, or 0. Source: RFC 3629, section 4.
std::size_t sequence_length(std::string_view text) {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto tail = [&](std::size_t i) { return at(i) >= 0x80 && at(i) <= 0xbf; };
  const unsigned first = at(0);
  if (first < 0x80) return first == 0 ? 0 : 1;
  if (first >= 0xc2 && first <= 0xdf) return tail(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const bool overlong = first == 0xe0 && at(1) < 0xa0;
    const bool surrogate = first == 0xed && at(1) > 0x9f;
    return tail(1) && tail(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool overlong = first == 0xf0 && at(1) < 0x90;
    const bool too_great = first == 0xf4 && at(1) > 0x8f;
    return tail(1) && tail(2) && tail(3) && !overlong && !too_great ? 4 : 0;
  }
  return 0;
}

}  // namespace

Oid array_of(Type element) {
  switch (element) {
    case Type::boolean:
      return 1000;
    case Type::bytea:
      return 1001;
    case Type::int2:
      return 1005;
    case Type::int4:
      return 1007;
    case Type::text:
      return 1009;
    case Type::int8:
      return 1016;
    case Type::uuid:
      return 2951;
  }
  SCALEMART_CHECK(!"a type with an array");
  return 0;
}

void Parameters::put32(std::int32_t value) {
  const auto bits = static_cast<std::uint32_t>(value);
  for (int shift = 24; shift >= 0; shift -= 8) bytes_ += static_cast<char>(bits >> shift);
}

void Parameters::put64(std::uint64_t value) {
  char raw[8];
  for (int i = 7; i >= 0; --i, value >>= 8) raw[i] = static_cast<char>(value);
  bytes_.append(raw, sizeof raw);
}

void Parameters::begin(Oid type) {
  types_.push_back(type);
  places_.push_back({bytes_.size(), 0});
}

Parameters& Parameters::end() {
  const std::size_t length = bytes_.size() - places_.back().offset;
  SCALEMART_CHECK(length <= static_cast<std::size_t>(std::numeric_limits<int>::max()));
  places_.back().length = static_cast<int>(length);
  return *this;
}

void Parameters::begin_array(Type element, std::size_t size) {
  begin(array_of(element));
  put32(size == 0 ? 0 : 1);  // dimensions
  put32(1);                  // there may be NULLs
  put32(static_cast<std::int32_t>(element));
  if (size == 0) return;
  put32(static_cast<std::int32_t>(size));
  put32(1);  // the first index
}

Parameters& Parameters::add(std::int64_t value) {
  begin(static_cast<Oid>(Type::int8));
  put64(static_cast<std::uint64_t>(value));
  return end();
}

Parameters& Parameters::add(std::int32_t value) {
  begin(static_cast<Oid>(Type::int4));
  put32(value);
  return end();
}

Parameters& Parameters::add(bool value) {
  begin(static_cast<Oid>(Type::boolean));
  bytes_ += value ? '\1' : '\0';
  return end();
}

Parameters& Parameters::add(std::string_view text) {
  begin(static_cast<Oid>(Type::text));
  bytes_ += text;
  return end();
}

Parameters& Parameters::add(std::span<const std::byte> bytes) {
  begin(static_cast<Oid>(Type::bytea));
  bytes_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return end();
}

Parameters& Parameters::add_uuid(std::uint64_t hi, std::uint64_t lo) {
  begin(static_cast<Oid>(Type::uuid));
  put64(hi);
  put64(lo);
  return end();
}

Parameters& Parameters::add_null(Type type) {
  begin(static_cast<Oid>(type));
  places_.back().length = -1;
  return *this;
}

Parameters& Parameters::add(const std::vector<std::int64_t>& values) {
  begin_array(Type::int8, values.size());
  for (const std::int64_t value : values) {
    put32(8);
    put64(static_cast<std::uint64_t>(value));
  }
  return end();
}

Parameters& Parameters::add(const std::vector<std::int32_t>& values) {
  begin_array(Type::int4, values.size());
  for (const std::int32_t value : values) {
    put32(4);
    put32(value);
  }
  return end();
}

Parameters& Parameters::add(const std::vector<std::string>& values) {
  begin_array(Type::text, values.size());
  for (const std::string& value : values) {
    put32(static_cast<std::int32_t>(value.size()));
    bytes_ += value;
  }
  return end();
}

std::uint64_t Rows::read64(const char* at) {
  return read_big_endian<std::uint64_t>(at);
}

std::int64_t Rows::integer(int row, int column) const {
  return read_integer(bytes(row, column));
}

std::vector<std::int64_t> Rows::integers(int row, int column) const {
  std::vector<std::int64_t> values;
  if (is_null(row, column)) return values;
  std::string_view raw = bytes(row, column);
  SCALEMART_CHECK(raw.size() >= 12);
  if (read_big_endian<std::int32_t>(raw.data()) == 0) return values;
  SCALEMART_CHECK(raw.size() >= 20 && read_big_endian<std::int32_t>(raw.data()) == 1);
  const auto count = static_cast<std::size_t>(read_big_endian<std::int32_t>(raw.data() + 12));
  raw.remove_prefix(20);
  values.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    SCALEMART_CHECK(raw.size() >= 4);
    const auto length = static_cast<std::size_t>(read_big_endian<std::int32_t>(raw.data()));
    SCALEMART_CHECK(raw.size() - 4 >= length);
    values.push_back(read_integer(raw.substr(4, length)));
    raw.remove_prefix(4 + length);
  }
  return values;
}

bool is_storable(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string storable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0)
      out += '?';
    else
      out += text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

}  // namespace scalemart::pg
