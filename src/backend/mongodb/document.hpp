#pragma once
// BSON, as much of it as we use: documents that are built and documents that are read.
// Source: https://bsonspec.org, libbson's manual.

#include <bson/bson.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"

namespace scalemart::mongo {

/// A document is not what it should be: a member is missing or of another type. Stays inside the backend.
class Malformed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A document that is being built, member by member in their order. Texts must be plain UTF-8.
class Document {
 public:
  Document() : raw_(bson_new()) {}
  ~Document() { bson_destroy(raw_); }  // nullptr is fine
  Document(Document&& other) noexcept : raw_(std::exchange(other.raw_, nullptr)) {}
  Document& operator=(Document&& other) noexcept {
    std::swap(raw_, other.raw_);
    return *this;
  }

  Document& add(std::string_view key, std::int64_t value);
  Document& add(std::string_view key, std::int32_t value);
  Document& add(std::string_view key, bool value);
  Document& add(std::string_view key, double value);
  Document& add(std::string_view key, std::string_view text);
  Document& add(std::string_view key, const char* text) { return add(key, std::string_view(text)); }
  Document& add(std::string_view key, std::span<const std::byte> bytes);
  Document& add(std::string_view key, const Document& value);
  Document& add(std::string_view key, const std::vector<Document>& values);
  Document& add(std::string_view key, const std::vector<std::string>& texts);
  /// A date, as the server's own.
  Document& add_date(std::string_view key, std::int64_t ms);
  /// The members of another one.
  Document& add_all(const Document& other) { return add_all(other.raw()); }
  Document& add_all(const bson_t* other);
  /// When there is one.
  template <class T>
  Document& add(std::string_view key, const std::optional<T>& value) {
    return value ? add(key, *value) : *this;
  }

  [[nodiscard]] const bson_t* raw() const { return raw_; }
  [[nodiscard]] bool empty() const { return bson_empty(raw_); }

 private:
  bson_t* raw_;
};

/// A document that is read; it owns its bytes. What is asked for must be there, unless the name says otherwise.
/// Errors: Malformed.
class Reading {
 public:
  Reading() = default;
  explicit Reading(const bson_t* raw) : Reading(bson_get_data(raw), raw->len) {}
  Reading(const std::uint8_t* bytes, std::size_t size) : bytes_(bytes, bytes + size) {}

  [[nodiscard]] bool has(const char* key) const;
  /// int32, int64 or double.
  [[nodiscard]] std::int64_t integer(const char* key) const;
  [[nodiscard]] std::optional<std::int64_t> optional_integer(const char* key) const;
  /// A date of the server's, in milliseconds since 1970.
  [[nodiscard]] std::optional<std::int64_t> optional_date(const char* key) const;
  [[nodiscard]] bool flag(const char* key) const;
  [[nodiscard]] std::string text(const char* key) const;
  [[nodiscard]] std::string optional_text(const char* key) const;
  [[nodiscard]] std::span<const std::byte> bytes(const char* key) const;
  template <std::size_t N>
  [[nodiscard]] std::array<std::byte, N> fixed_bytes(const char* key) const {
    const auto found = bytes(key);
    if (found.size() != N) throw Malformed(std::string(key) + " has another length");
    std::array<std::byte, N> out;
    std::copy(found.begin(), found.end(), out.begin());
    return out;
  }
  [[nodiscard]] Reading document(const char* key) const;
  /// The same document, to be written again.
  [[nodiscard]] Document copy() const;
  /// Of documents; a missing one is empty.
  [[nodiscard]] std::vector<Reading> documents(const char* key) const;
  /// Members of an array; a missing one has none.
  [[nodiscard]] std::size_t count(const char* key) const;

 private:
  [[nodiscard]] bool find(const char* key, bson_iter_t& at) const;
  [[nodiscard]] bson_iter_t get(const char* key) const;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace scalemart::mongo
