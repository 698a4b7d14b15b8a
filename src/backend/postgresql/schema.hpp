#pragma once
// Tables with a version, for every part that keeps something in the database.

#include <span>
#include <string_view>

#include "backend/postgresql/connection.hpp"

namespace scalemart::pg {

/// A part of the schema: the sale, accounts, … Each is made and brought up to date on its own.
struct Part {
  std::string_view name;
  std::span<const std::string_view> steps;  ///< Scripts; step i leads from version i to i + 1. Only ever append.
  /// Without these it does not start: their loss would be slow, or would let a key count twice. Of the schema
  /// that the connection looks in.
  std::span<const std::string_view> indexes;
};

/// Makes what is missing and brings what is old up to date; each part in one transaction, under a lock that keeps
/// other processes out. Needs the right to create. An error says what to do.
[[nodiscard]] Result<void> prepare_schema(Connection& connection, const Connection::Options& options,
                                          std::span<const Part> parts);

/// Changes nothing: is everything there, at the program's version, with its indexes?
[[nodiscard]] Result<void> check_schema(Connection& connection, std::span<const Part> parts);

}  // namespace scalemart::pg
