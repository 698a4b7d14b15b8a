#pragma once
// All of an accounts.db that no process has open.

#include <filesystem>

#include "backend/embedded/sqlite.hpp"
#include "port/shop_copy.hpp"

namespace scalemart {

/// Purpose: reads users, logins, revocations, the audit trail and settings, as a ShopSource does, and changes nothing
/// on disk. Errors: the file cannot be read as one of accounts. Concurrency: one thread.
class AccountLook final : public ShopSource {
 public:
  [[nodiscard]] static Result<AccountLook> open(const std::filesystem::path& file);
  Result<void> read(ShopSink& sink) override;

 private:
  explicit AccountLook(sqlite::Connection db) : db_(std::move(db)) {}
  /// Whether the file has this column of families, which came later.
  [[nodiscard]] Result<bool> has_rotated();
  template <class Row, class Read>
  [[nodiscard]] Result<void> read_table(std::string_view sql, ShopSink& sink, Read read_row);

  sqlite::Connection db_;
};

}  // namespace scalemart
