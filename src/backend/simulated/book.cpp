#include "backend/simulated/book.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace scalemart {
namespace {

constexpr std::string_view kCharged = "charged ";
constexpr std::string_view kCancelled = "cancelled ";

}  // namespace

Result<std::unique_ptr<BankBook>> BankBook::open(const std::filesystem::path& path) {
  auto file = open_file(path, O_RDWR | O_CREAT | O_APPEND);
  if (!file) return file.error();
  return std::unique_ptr<BankBook>(new BankBook(std::move(*file)));
}

BankBook::Page::Page(BankBook& book) : book_(book) {
  while (::flock(book_.file_.get(), LOCK_EX) != 0 && errno == EINTR) {
  }
  book_.read_on();
}

BankBook::Page::~Page() {
  ::flock(book_.file_.get(), LOCK_UN);
}

BankBook::Entry BankBook::Page::find(OrderId order) const {
  const auto at = book_.entries_.find(order);
  return at == book_.entries_.end() ? Entry::none : at->second;
}

bool BankBook::Page::write(OrderId order, Entry entry) {
  const std::string line = std::string(entry == Entry::charged ? kCharged : kCancelled) + to_string(order) + "\n";
  if (::write(book_.file_.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) return false;
  book_.entries_[order] = entry;
  book_.read_ += line.size();
  return true;
}

void BankBook::read_on() {
  std::string text;
  std::array<char, 16384> buffer{};
  for (;;) {
    const auto at = static_cast<off_t>(read_ + text.size());
    const ssize_t count = ::pread(file_.get(), buffer.data(), buffer.size(), at);
    if (count <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  std::size_t begin = 0;
  for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
    note(std::string_view(text).substr(begin, end - begin));
    begin = end + 1;
  }
  read_ += begin;
}

void BankBook::note(std::string_view line) {
  const bool charged = line.starts_with(kCharged);
  if (!charged && !line.starts_with(kCancelled)) return;
  line.remove_prefix(charged ? kCharged.size() : kCancelled.size());
  if (const auto order = parse_ulid<OrderId>(line)) entries_[*order] = charged ? Entry::charged : Entry::cancelled;
}

}  // namespace scalemart
