#include "backend/mongodb/document.hpp"

#include <cmath>

#include "base/check.hpp"

namespace scalemart::mongo {
namespace {

int length_of(std::string_view text) {
  return static_cast<int>(text.size());
}

Malformed missing(const char* key) {
  return Malformed(std::string("the member ") + key + " is missing or of another type");
}

/// The keys of an array: "0", "1", ...
class Index {
 public:
  explicit Index(std::size_t number) {
    bson_uint32_to_string(static_cast<std::uint32_t>(number), &key_, room_, sizeof room_);
  }
  operator std::string_view() const { return key_; }

 private:
  const char* key_ = nullptr;
  char room_[16];
};

}  // namespace

// Appending fails only for a document of more than 2 GB.

Document& Document::add(std::string_view key, std::int64_t value) {
  SCALEMART_CHECK(bson_append_int64(raw_, key.data(), length_of(key), value));
  return *this;
}

Document& Document::add(std::string_view key, std::int32_t value) {
  SCALEMART_CHECK(bson_append_int32(raw_, key.data(), length_of(key), value));
  return *this;
}

Document& Document::add(std::string_view key, bool value) {
  SCALEMART_CHECK(bson_append_bool(raw_, key.data(), length_of(key), value));
  return *this;
}

Document& Document::add(std::string_view key, double value) {
  SCALEMART_CHECK(bson_append_double(raw_, key.data(), length_of(key), value));
  return *this;
}

Document& Document::add(std::string_view key, std::string_view text) {
  const char* const begin = text.empty() ? "" : text.data();
  SCALEMART_CHECK(bson_append_utf8(raw_, key.data(), length_of(key), begin, length_of(text)));
  return *this;
}

Document& Document::add(std::string_view key, std::span<const std::byte> bytes) {
  SCALEMART_CHECK(bson_append_binary(raw_, key.data(), length_of(key), BSON_SUBTYPE_BINARY,
                                     reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                     static_cast<std::uint32_t>(bytes.size())));
  return *this;
}

Document& Document::add(std::string_view key, const Document& value) {
  SCALEMART_CHECK(bson_append_document(raw_, key.data(), length_of(key), value.raw()));
  return *this;
}

Document& Document::add(std::string_view key, const std::vector<Document>& values) {
  Document array;
  for (std::size_t i = 0; i < values.size(); ++i) array.add(Index(i), values[i]);
  SCALEMART_CHECK(bson_append_array(raw_, key.data(), length_of(key), array.raw()));
  return *this;
}

Document& Document::add(std::string_view key, const std::vector<std::string>& texts) {
  Document array;
  for (std::size_t i = 0; i < texts.size(); ++i) array.add(Index(i), std::string_view(texts[i]));
  SCALEMART_CHECK(bson_append_array(raw_, key.data(), length_of(key), array.raw()));
  return *this;
}

Document& Document::add_date(std::string_view key, std::int64_t ms) {
  SCALEMART_CHECK(bson_append_date_time(raw_, key.data(), length_of(key), ms));
  return *this;
}

Document& Document::add_all(const bson_t* other) {
  SCALEMART_CHECK(bson_concat(raw_, other));
  return *this;
}

bool Reading::find(const char* key, bson_iter_t& at) const {
  return !bytes_.empty() && bson_iter_init_from_data(&at, bytes_.data(), bytes_.size()) && bson_iter_find(&at, key);
}

bson_iter_t Reading::get(const char* key) const {
  bson_iter_t at;
  if (!find(key, at)) throw missing(key);
  return at;
}

bool Reading::has(const char* key) const {
  bson_iter_t at;
  return find(key, at) && !BSON_ITER_HOLDS_NULL(&at);
}

std::int64_t Reading::integer(const char* key) const {
  const bson_iter_t at = get(key);
  if (!BSON_ITER_HOLDS_NUMBER(&at)) throw missing(key);
  // Sums that do not fit become doubles.
  constexpr double kMost = 9.2e18;
  if (BSON_ITER_HOLDS_DOUBLE(&at) && std::abs(bson_iter_double(&at)) > kMost)
    return bson_iter_double(&at) > 0 ? INT64_MAX : INT64_MIN;
  return bson_iter_as_int64(&at);
}

std::optional<std::int64_t> Reading::optional_integer(const char* key) const {
  return has(key) ? std::optional(integer(key)) : std::nullopt;
}

std::optional<std::int64_t> Reading::optional_date(const char* key) const {
  if (!has(key)) return std::nullopt;
  const bson_iter_t at = get(key);
  if (!BSON_ITER_HOLDS_DATE_TIME(&at)) throw missing(key);
  return bson_iter_date_time(&at);
}

bool Reading::flag(const char* key) const {
  const bson_iter_t at = get(key);
  if (!BSON_ITER_HOLDS_BOOL(&at)) throw missing(key);
  return bson_iter_bool(&at);
}

std::string Reading::text(const char* key) const {
  const bson_iter_t at = get(key);
  if (!BSON_ITER_HOLDS_UTF8(&at)) throw missing(key);
  std::uint32_t length = 0;
  const char* const begin = bson_iter_utf8(&at, &length);
  return {begin, length};
}

std::string Reading::optional_text(const char* key) const {
  return has(key) ? text(key) : std::string();
}

std::span<const std::byte> Reading::bytes(const char* key) const {
  const bson_iter_t at = get(key);
  if (!BSON_ITER_HOLDS_BINARY(&at)) throw missing(key);
  std::uint32_t length = 0;
  const std::uint8_t* begin = nullptr;
  bson_iter_binary(&at, nullptr, &length, &begin);
  return {reinterpret_cast<const std::byte*>(begin), length};
}

Reading Reading::document(const char* key) const {
  const bson_iter_t at = get(key);
  if (!BSON_ITER_HOLDS_DOCUMENT(&at)) throw missing(key);
  std::uint32_t length = 0;
  const std::uint8_t* begin = nullptr;
  bson_iter_document(&at, &length, &begin);
  return {begin, length};
}

Document Reading::copy() const {
  bson_t view;
  Document out;
  if (bytes_.empty()) return out;
  if (!bson_init_static(&view, bytes_.data(), bytes_.size())) throw Malformed("no document");
  out.add_all(&view);
  return out;
}

std::vector<Reading> Reading::documents(const char* key) const {
  std::vector<Reading> all;
  if (!has(key)) return all;
  const bson_iter_t array = get(key);
  bson_iter_t at;
  if (!BSON_ITER_HOLDS_ARRAY(&array) || !bson_iter_recurse(&array, &at)) throw missing(key);
  while (bson_iter_next(&at)) {
    if (!BSON_ITER_HOLDS_DOCUMENT(&at)) throw missing(key);
    std::uint32_t length = 0;
    const std::uint8_t* begin = nullptr;
    bson_iter_document(&at, &length, &begin);
    all.emplace_back(begin, length);
  }
  return all;
}

std::size_t Reading::count(const char* key) const {
  if (!has(key)) return 0;
  const bson_iter_t array = get(key);
  bson_iter_t at;
  if (!BSON_ITER_HOLDS_ARRAY(&array) || !bson_iter_recurse(&array, &at)) throw missing(key);
  std::size_t members = 0;
  while (bson_iter_next(&at)) ++members;
  return members;
}

}  // namespace scalemart::mongo
