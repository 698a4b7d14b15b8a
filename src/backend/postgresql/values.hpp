#pragma once
// Parameters and rows in PostgreSQL's binary format. Source: the manual, "Message Formats", and the send and
// receive functions of each type. All integers are big-endian.

#include <libpq-fe.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.hpp"
#include "domain/ids.hpp"

namespace scalemart::pg {

/// Numbers of the built-in types; they never change. Source: pg_type.dat.
enum class Type : Oid {
  boolean = 16,
  bytea = 17,
  int8 = 20,
  int2 = 21,
  int4 = 23,
  text = 25,
  uuid = 2950,
};
[[nodiscard]] Oid array_of(Type element);

/// The parameters of one call, in order ($1 first). Ids are uuids whose bytes are the ULID's, so that they sort
/// alike.
class Parameters {
 public:
  Parameters& add(std::int64_t value);
  Parameters& add(std::int32_t value);
  Parameters& add(bool value);
  /// Must be valid UTF-8 without NUL (is_storable()).
  Parameters& add(std::string_view text);
  Parameters& add(const char* text) { return add(std::string_view(text)); }
  Parameters& add(std::span<const std::byte> bytes);
  template <class Tag>
  Parameters& add(Ulid<Tag> id) {
    return add_uuid(id.hi, id.lo);
  }
  Parameters& add(KeyDigest key) { return add_uuid(key.hi, key.lo); }
  Parameters& add_null(Type type);
  template <class T>
  Parameters& add(const std::optional<T>& value, Type type) {
    return value ? add(*value) : add_null(type);
  }

  Parameters& add(const std::vector<std::int64_t>& values);
  Parameters& add(const std::vector<std::int32_t>& values);
  Parameters& add(const std::vector<std::string>& values);
  /// Empty ids become NULL.
  template <class Id>
  requires requires(Id id) { id.hi + id.lo; }
  Parameters& add(const std::vector<Id>& ids) {
    begin_array(Type::uuid, ids.size());
    for (const Id& id : ids) id.empty() ? put32(-1) : (put32(16), put64(id.hi), put64(id.lo));
    return end();
  }

  [[nodiscard]] int size() const { return static_cast<int>(types_.size()); }
  [[nodiscard]] const Oid* types() const { return types_.data(); }

 private:
  friend class Connection;
  Parameters& add_uuid(std::uint64_t hi, std::uint64_t lo);
  void begin(Oid type);
  void begin_array(Type element, std::size_t size);
  Parameters& end();
  void put32(std::int32_t value);
  void put64(std::uint64_t value);

  struct Place {
    std::size_t offset;
    int length;  ///< -1: NULL.
  };
  std::string bytes_;
  std::vector<Oid> types_;
  std::vector<Place> places_;
};

/// The rows of one answer. Columns count from 0. Types are what the statement says: a mismatch ends the process,
/// because schema and program were checked against each other at the start.
class Rows {
 public:
  explicit Rows(PGresult* result) : result_(result) {}

  [[nodiscard]] int count() const { return PQntuples(result_.get()); }
  [[nodiscard]] bool empty() const { return count() == 0; }
  [[nodiscard]] bool is_null(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
  /// int2, int4 or int8.
  [[nodiscard]] std::int64_t integer(int row, int column) const;
  [[nodiscard]] bool flag(int row, int column) const { return bytes(row, column).at(0) != 0; }
  /// Text or bytea; valid as long as the rows.
  [[nodiscard]] std::string_view text(int row, int column) const { return bytes(row, column); }
  template <class Id>
  [[nodiscard]] Id id(int row, int column) const {
    if (is_null(row, column)) return {};
    const std::string_view raw = bytes(row, column);
    SCALEMART_CHECK(raw.size() == 16);
    return {read64(raw.data()), read64(raw.data() + 8)};
  }
  [[nodiscard]] std::optional<std::int64_t> optional_integer(int row, int column) const {
    if (is_null(row, column)) return std::nullopt;
    return integer(row, column);
  }
  /// One-dimensional, without NULLs. A NULL array is empty.
  [[nodiscard]] std::vector<std::int64_t> integers(int row, int column) const;

 private:
  struct Clear {
    void operator()(PGresult* result) const noexcept { PQclear(result); }
  };
  [[nodiscard]] std::string_view bytes(int row, int column) const {
    return {PQgetvalue(result_.get(), row, column), static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
  }
  [[nodiscard]] static std::uint64_t read64(const char* at);

  std::unique_ptr<PGresult, Clear> result_;
};

/// What a text column can hold: valid UTF-8 without NUL.
[[nodiscard]] bool is_storable(std::string_view text);
/// The text with every byte that cannot be stored replaced by '?'.
[[nodiscard]] std::string storable(std::string_view text);

}  // namespace scalemart::pg
