#pragma once
// The simulated bank's books: a file that several processes share, so that their bank is one.

#include <boost/unordered/unordered_flat_map.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "backend/embedded/durable_file.hpp"
#include "base/result.hpp"
#include "domain/ids.hpp"

namespace scalemart {

/// Purpose: what was charged and what was cancelled, one line each ("charged 01K..."), appended and never changed.
/// A charge stands there once, whichever process made it and however often it was asked for.
/// Concurrency: one caller in a process; between processes the file is locked for each Page. Memory: 24 bytes a line.
/// Limits: not synced, so a power cut may forget the last lines.
class BankBook {
 public:
  enum class Entry : std::uint8_t { none, charged, cancelled };

  /// Made when it is not there. The error names the file.
  [[nodiscard]] static Result<std::unique_ptr<BankBook>> open(const std::filesystem::path& path);

  /// The book, read up to its end and locked against other processes for as long as the page lives.
  class Page {
   public:
    explicit Page(BankBook& book);
    ~Page();
    Page(const Page&) = delete;
    Page& operator=(const Page&) = delete;
    [[nodiscard]] Entry find(OrderId order) const;
    /// False: the disk did not take it, nothing was written.
    [[nodiscard]] bool write(OrderId order, Entry entry);

   private:
    BankBook& book_;
  };

 private:
  explicit BankBook(FileHandle file) : file_(std::move(file)) {}
  void read_on();
  void note(std::string_view line);

  FileHandle file_;
  std::uint64_t read_ = 0;  ///< Bytes, up to the end of a line.
  boost::unordered_flat_map<OrderId, Entry, std::hash<OrderId>> entries_;
};

}  // namespace scalemart
