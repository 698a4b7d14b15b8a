#include "backend/embedded/snapshot_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "backend/embedded/durable_file.hpp"
#include "backend/embedded/journal_chain.hpp"
#include "base/check.hpp"

namespace scalemart {
namespace {

namespace fs = std::filesystem;

constexpr char kMagic[17] = "scalemart snap 1";
constexpr std::string_view kPrefix = "snapshot-";
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

class Writer {
 public:
  Writer(const FileHandle& file, const fs::path& path, const JournalHead& at) : file_(file), path_(path), checks_(at) {
    const auto magic = std::as_bytes(std::span(kMagic, 16));
    out_.insert(out_.end(), magic.begin(), magic.end());
    put(out_, at.sequence);
    put(out_, at.hash);
  }
  Result<void> add(std::span<const std::byte> block) {
    SCALEMART_CHECK(block.size() <= SnapshotStore::kBlockMax);
    put(out_, static_cast<std::uint32_t>(block.size()));
    out_.insert(out_.end(), block.begin(), block.end());
    put(out_, checks_.next(block));
    if (auto done = write_all(file_, path_, out_); !done) return done;
    unsynced_ += out_.size();
    out_.clear();
    if (unsynced_ < kSyncEvery) return {};
    unsynced_ = 0;
    return sync_file(file_, path_);
  }
  Result<void> finish() {
    if (auto done = add({}); !done) return done;
    return sync_file(file_, path_);
  }

 private:
  const FileHandle& file_;
  const fs::path& path_;
  Checks checks_;
  std::vector<std::byte> out_;
  std::size_t unsynced_ = 0;
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

class FileReader final : public SnapshotStore::Reader {
 public:
  FileReader(FileHandle file, fs::path path, const JournalHead& at)
      : file_(std::move(file)), path_(std::move(path)), at_(at), checks_(at) {}

  [[nodiscard]] const JournalHead& at() const override { return at_; }

  [[nodiscard]] Result<std::span<const std::byte>> next() override {
    std::array<std::byte, 4> head{};
    if (auto done = read_exactly(file_, path_, head); !done) return done.error();
    const auto length = get<std::uint32_t>(head, 0);
    if (length > SnapshotStore::kBlockMax) return damaged();
    block_.resize(length + sizeof(ChainHash));
    if (auto done = read_exactly(file_, path_, block_); !done) return done.error();
    const std::span<const std::byte> content(block_.data(), length);
    if (checks_.next(content) != get<ChainHash>(block_, length)) return damaged();
    std::byte extra{};
    if (length == 0 && ::read(file_.get(), &extra, 1) != 0) return damaged();
    return content;
  }

 private:
  [[nodiscard]] Error damaged() const { return error(path_.string() + ": is damaged"); }

  FileHandle file_;
  const fs::path path_;
  const JournalHead at_;
  Checks checks_;
  std::vector<std::byte> block_;
};

}  // namespace

fs::path SnapshotFiles::file(Sequence sequence) const {
  return folder_ / (std::string(kPrefix) + std::to_string(sequence));
}

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

Result<void> SnapshotFiles::write(const JournalHead& at, const std::function<Result<void>(const Sink&)>& produce) {
  const fs::path path = file(at.sequence);
  const fs::path aside = path.string() + ".tmp";
  Result<void> written;
  {
    auto handle = open_file(aside, O_WRONLY | O_CREAT | O_TRUNC);
    if (!handle) return handle.error();
    Writer writer(*handle, aside, at);
    written = produce([&](std::span<const std::byte> block) { return writer.add(block); });
    if (written) written = writer.finish();
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

Result<std::unique_ptr<SnapshotStore::Reader>> SnapshotFiles::open(Sequence sequence) {
  const fs::path path = file(sequence);
  auto handle = open_file(path, O_RDONLY);
  if (!handle) return handle.error();
  std::array<std::byte, kHeader> header{};
  if (auto done = read_exactly(*handle, path, header); !done) return done.error();
  if (std::memcmp(header.data(), kMagic, 16) != 0) return error(path.string() + ": is not a snapshot of this format");
  const JournalHead at{get<std::uint64_t>(header, 16), get<ChainHash>(header, 24)};
  if (at.sequence != sequence) return error(path.string() + ": has another sequence than its name says");
  return std::unique_ptr<Reader>(std::make_unique<FileReader>(std::move(*handle), path, at));
}

}  // namespace scalemart
