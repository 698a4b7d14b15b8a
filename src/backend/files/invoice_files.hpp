#pragma once
// Invoices as PDF files under the data folder.

#include <filesystem>
#include <string>

#include "backend/files/sharded_folder.hpp"
#include "port/invoices.hpp"

namespace scalemart {

/// See port/invoices.hpp. A file that is missing or not whole is rendered again, to the same bytes.
class InvoiceFiles final : public Invoices {
 public:
  InvoiceFiles(const std::filesystem::path& data_folder, std::string shop);
  Result<void> issue(const InvoiceData& data) override;
  Result<std::string> fetch(const InvoiceData& data) override;

 private:
  const ShardedFolder folder_;
  const std::string shop_;
};

}  // namespace scalemart
