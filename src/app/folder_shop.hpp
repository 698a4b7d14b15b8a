#pragma once
// The shop of a data folder, proven, to be copied.

#include <boost/unordered/unordered_flat_map.hpp>
#include <filesystem>
#include <memory>
#include <vector>

#include "app/operations.hpp"
#include "app/verification.hpp"
#include "backend/embedded/data_folder.hpp"
#include "port/shop_copy.hpp"

namespace scalemart {

/// Purpose: ShopSource over a folder that nobody serves from, which it keeps locked and unchanged.
/// Operation: the journal is folded from its first record on, and every record checked; what the ledger does not keep
/// of them is noted by the way. Texts that no database can hold get a '?' in place of each such byte, and the audit
/// trail a new chain from there on. Memory: what the ledger needs, and about 80 bytes an order more. Concurrency: one
/// thread.
class FolderShop final : public ShopSource {
 public:
  /// refused: the records contradict themselves. cannot_run: the folder is in use, or cannot be read.
  [[nodiscard]] static Done<std::unique_ptr<FolderShop>> open(const std::filesystem::path& folder);

  Result<void> read(ShopSink& sink) override;
  [[nodiscard]] const VerifyReport& proof() const { return proof_; }
  /// Texts that read() has given changed.
  [[nodiscard]] std::uint64_t changed_texts() const { return changed_texts_; }
  /// Durable: nobody sells from the folder any more. An error when somebody opened it meanwhile.
  [[nodiscard]] Result<void> mark_moved_to(std::string database, WallTime at);

 private:
  struct Payment {
    std::uint64_t at = 0;  ///< In references_.
    std::uint32_t size = 0;
  };
  struct ProductTrail {
    Sequence sequence = 0;
    WallTime last_at;
  };
  FolderShop(std::filesystem::path path, FolderLook look);
  void note(const Record& record, const Ledger& ledger);
  [[nodiscard]] Result<void> read_sale(ShopSink& sink);
  [[nodiscard]] CopiedOrder order_of(const OrderRow& row, Row place);
  [[nodiscard]] std::string clean(const std::string& text);

  const std::filesystem::path path_;
  FolderLook look_;
  Verification verification_;
  VerifyReport proof_;
  Snapshot ledger_;
  // What is in the records alone.
  std::vector<ProductEvent> events_;
  std::vector<ProductTrail> trails_;  ///< By product.
  std::vector<std::uint32_t> holds_;  ///< In milliseconds, by acceptance.
  std::string references_;            ///< Of payments, one after the other.
  boost::unordered_flat_map<OrderId, Payment, std::hash<OrderId>> payments_;
  std::uint64_t changed_texts_ = 0;
};

}  // namespace scalemart
