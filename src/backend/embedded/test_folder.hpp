#pragma once
// For tests: a folder that is gone afterwards, and records to fill a journal with.

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/check.hpp"
#include "domain/record.hpp"

namespace scalemart::test {

class TestFolder {
 public:
  TestFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "scalemart-test-XXXXXX").string();
    SCALEMART_CHECK(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Every descriptor this process has open on `file` becomes one that cannot be written (EBADF).
inline bool make_read_only(const std::filesystem::path& file) {
  bool found = false;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (std::filesystem::read_symlink(entry.path(), gone) != std::filesystem::canonical(file)) continue;
    const int fd = std::stoi(entry.path().filename().string());
    const int blind = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    found = blind >= 0 && ::dup2(blind, fd) == fd;
    ::close(blind);
  }
  return found;
}

/// An accepted order whose ids follow from its sequence.
inline Record reserved(Sequence sequence, std::uint64_t buyer = 0, std::uint32_t quantity = 1) {
  record::Reserved payload;
  payload.order = {(1'700'000'000'000ULL << 16) + sequence, sequence};
  payload.buyer = {7, buyer == 0 ? sequence : buyer};
  payload.quantity = quantity;
  payload.hold_ms = 600'000;
  payload.unit_price = 1999;
  payload.key = {sequence, ~sequence};
  return {sequence, {1'700'000'000'000 + static_cast<std::int64_t>(sequence)}, payload};
}

inline Record product_created(Sequence sequence, std::uint32_t ref, std::int64_t total) {
  auto spec = std::make_shared<ProductSpec>();
  spec->id = "product-" + std::to_string(ref);
  spec->details.name = "Product " + std::to_string(ref);
  spec->terms.price = 1999;
  return {sequence,
          {1'700'000'000'000 + static_cast<std::int64_t>(sequence)},
          record::ProductCreated{ProductRef{ref}, std::move(spec), total}};
}

inline std::vector<Record> reservations(Sequence first, std::size_t count) {
  std::vector<Record> records;
  for (std::size_t i = 0; i < count; ++i) records.push_back(reserved(first + i));
  return records;
}

}  // namespace scalemart::test
