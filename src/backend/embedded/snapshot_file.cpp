#include "backend/embedded/snapshot_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "backend/embedded/durable_file.hpp"
#include "backend/embedded/journal_chain.hpp"

namespace scalemart {
namespace {

namespace fs = std::filesystem;

constexpr char kMagic[17] = "scalemart snap 1";
constexpr std::string_view kPrefix = "snapshot-";
constexpr std::size_t kBlockMax = 1 << 20;
constexpr std::size_t kSyncEvery = 4 << 20;
constexpr std::size_t kKeep = 2;
constexpr std::size_t kHeader = 16 + 8 + sizeof(ChainHash);

template <class T>
void put(std::vector<std::byte>& out, const T& value) {
  const auto* bytes = reinterpret_cast<const std::byte*>(&value);
  out.insert(out.end(), bytes, bytes + sizeof value);
}

template <class T>
T get(std::span<const std::byte> in, std::size_t at) {
  T value{};
  std::memcpy(&value, in.data() + at, sizeof value);
  return value;
}

/// The running check; see the format above.
class Checks {
 public:
  explicit Checks(const JournalHead& at) : last_(hasher_.next({}, at.sequence, 0, at.hash)) {}
  const ChainHash& next(std::span<const std::byte> block) {
    last_ = hasher_.next(last_, number_++, block.size(), block);
    return last_;
  }

 private:
  ChainHasher hasher_;
  ChainHash last_;
  std::uint64_t number_ = 0;
};

/// Cuts the content into checked blocks. After the first error it writes no more.
class Writer {
 public:
  Writer(const FileHandle& file, const fs::path& path, const JournalHead& at) : file_(file), path_(path), checks_(at) {
    const auto magic = std::as_bytes(std::span(kMagic, 16));
    out_.insert(out_.end(), magic.begin(), magic.end());
    put(out_, at.sequence);
    put(out_, at.hash);
    block_.reserve(kBlockMax);
  }
  void add(std::span<const std::byte> bytes) {
    while (!bytes.empty() && state_) {
      const std::size_t n = std::min(bytes.size(), kBlockMax - block_.size());
      block_.insert(block_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
      bytes = bytes.subspan(n);
      if (block_.size() == kBlockMax) end_block();
    }
  }
  Result<void> finish() {
    if (!block_.empty()) end_block();
    end_block();
    if (state_) state_ = sync_file(file_, path_);
    return state_;
  }

 private:
  void end_block() {
    put(out_, static_cast<std::uint32_t>(block_.size()));
    out_.insert(out_.end(), block_.begin(), block_.end());
    put(out_, checks_.next(block_));
    if (state_) state_ = write_all(file_, path_, out_);
    unsynced_ += out_.size();
    out_.clear();
    block_.clear();
    if (state_ && unsynced_ >= kSyncEvery) {
      unsynced_ = 0;
      state_ = sync_file(file_, path_);
    }
  }

  const FileHandle& file_;
  const fs::path& path_;
  Checks checks_;
  std::vector<std::byte> out_;
  std::vector<std::byte> block_;
  std::size_t unsynced_ = 0;
  Result<void> state_;
};

Result<void> read_exactly(const FileHandle& file, const fs::path& path, std::span<std::byte> out) {
  while (!out.empty()) {
    const ssize_t n = ::read(file.get(), out.data(), out.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error(path, "read");
    if (n == 0) return error(path.string() + ": ends too early");
    out = out.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

/// Appends the next block to `content`; false: it was the end.
Result<bool> read_block(const FileHandle& file, const fs::path& path, Checks& checks, std::vector<std::byte>& content) {
  std::array<std::byte, 4> head{};
  if (auto done = read_exactly(file, path, head); !done) return done.error();
  const auto length = get<std::uint32_t>(head, 0);
  if (length > kBlockMax) return error(path.string() + ": is damaged");
  const std::size_t at = content.size();
  content.resize(at + length);
  const std::span<std::byte> block(content.data() + at, length);
  if (auto done = read_exactly(file, path, block); !done) return done.error();
  ChainHash check{};
  if (auto done = read_exactly(file, path, check); !done) return done.error();
  if (checks.next(block) != check) return error(path.string() + ": is damaged at byte " + std::to_string(at));
  return length != 0;
}

}  // namespace

fs::path SnapshotFiles::file(Sequence sequence) const { return folder_ / (std::string(kPrefix) + std::to_string(sequence)); }

std::vector<Sequence> SnapshotFiles::list() const {
  std::vector<Sequence> found;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder_, failed)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kPrefix)) continue;
    Sequence sequence = 0;
    const char* end = name.data() + name.size();
    const auto parsed = std::from_chars(name.data() + kPrefix.size(), end, sequence);
    if (parsed.ec == std::errc() && parsed.ptr == end) found.push_back(sequence);
  }
  std::sort(found.begin(), found.end(), std::greater<>());
  return found;
}

Result<void> SnapshotFiles::write(const JournalHead& at, const std::function<void(const Sink&)>& produce) {
  const fs::path path = file(at.sequence);
  const fs::path aside = path.string() + ".tmp";
  Result<void> written;
  {
    auto handle = open_file(aside, O_WRONLY | O_CREAT | O_TRUNC);
    if (!handle) return handle.error();
    Writer writer(*handle, aside, at);
    produce([&](std::span<const std::byte> bytes) { writer.add(bytes); });
    written = writer.finish();
  }
  if (written) written = replace_file(aside, path);
  if (written)
    remove_all_but_newest();
  else
    ::unlink(aside.c_str());
  return written;
}

void SnapshotFiles::remove_all_but_newest() const {
  const std::vector<Sequence> all = list();
  for (std::size_t i = kKeep; i < all.size(); ++i) ::unlink(file(all[i]).c_str());
  // What a crash left half written.
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder_, failed)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(kPrefix) && name.ends_with(".tmp")) ::unlink(entry.path().c_str());
  }
}

Result<SnapshotStore::Loaded> SnapshotFiles::load(Sequence sequence) {
  const fs::path path = file(sequence);
  auto handle = open_file(path, O_RDONLY);
  if (!handle) return handle.error();
  std::array<std::byte, kHeader> header{};
  if (auto done = read_exactly(*handle, path, header); !done) return done.error();
  if (std::memcmp(header.data(), kMagic, 16) != 0) return error(path.string() + ": is not a snapshot of this format");
  Loaded loaded;
  loaded.at = {get<std::uint64_t>(header, 16), get<ChainHash>(header, 24)};
  if (loaded.at.sequence != sequence) return error(path.string() + ": has another sequence than its name says");
  struct stat info {};
  if (::fstat(handle->get(), &info) == 0) loaded.content.reserve(static_cast<std::size_t>(info.st_size));
  Checks checks(loaded.at);
  for (;;) {
    auto more = read_block(*handle, path, checks, loaded.content);
    if (!more) return more.error();
    if (!*more) break;
  }
  std::byte extra{};
  if (::read(handle->get(), &extra, 1) != 0) return error(path.string() + ": goes on after its end");
  return loaded;
}

}  // namespace scalemart
