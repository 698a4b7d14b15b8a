#pragma once
// The journal on SQLite: one row per batch, in write-ahead mode, synced at every commit.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backend/embedded/disk_reserve.hpp"
#include "backend/embedded/durable_file.hpp"
#include "backend/embedded/journal_chain.hpp"
#include "backend/embedded/sqlite.hpp"
#include "base/clock.hpp"
#include "port/journal.hpp"

namespace scalemart {

/// A batch as it stands on disk. For backups: copied without a look inside.
struct RawBatch {
  Sequence first = 0;
  std::uint64_t count = 0;
  std::vector<std::byte> bytes;
  ChainHash hash{};
};

/// Purpose: see port/journal.hpp. Table: batch(first, count, bytes, hash), see journal_chain.hpp for hash.
/// A row per batch, not per record, makes an order cost about 0.2 us here instead of 2 to 4.
/// Operation: journal_mode=WAL, synchronous=FULL, locking_mode=EXCLUSIVE and exactly one connection, because
/// SQLite 3.7.0 to 3.51.2 can corrupt a WAL database that two connections write and checkpoint. Checkpoints
/// are ours alone: many small ones, in tidy(), when the answers of a batch are out.
/// A file that was removed or replaced while it is open has no room for buys: what is written goes to an unnamed
/// file and ends with this process. Nothing is thrown away, so that a backup can still be made of it.
/// Concurrency: one owner thread; has_room_for_buys() and is_in_place() from any.
/// Errors: a full disk is no_space. Any other failure of a write calls `fatal`, which does not return: after
/// a failed fsync the kernel drops the dirty pages and the next fsync lies.
class SqliteJournal final : public Journal {
 public:
  struct Options {
    std::filesystem::path file;
    DiskReserve* reserve = nullptr;                      ///< Outlives the journal. nullptr: there is always room.
    bool is_copy = false;                                ///< Nothing is synced: who makes a copy syncs it at its end.
    std::uint64_t checkpoint_bytes = 1ULL << 20;         ///< The WAL is written back once it is this long.
    std::function<void(const std::string& line)> fatal;  ///< Default: write the line to stderr and abort.
    std::function<void(std::chrono::nanoseconds took)> on_checkpoint;
  };
  [[nodiscard]] static Result<std::unique_ptr<SqliteJournal>> open(Options options, const Clock& clock);
  ~SqliteJournal() override;

  Appended append(std::span<const Record> records, bool for_release) override;
  void tidy() override;
  [[nodiscard]] JournalHead head() const override { return head_; }
  Result<void> replay(Sequence after, const ChainHash& known, const std::function<void(const Record&)>& visit) override;
  Result<Sequence> read(Sequence after, std::size_t max, const std::function<void(const Record&)>& visit) override;
  [[nodiscard]] bool has_room_for_buys() const noexcept override;
  /// The names of the file and its WAL still mean what is open. Costs two stats.
  [[nodiscard]] bool is_in_place() const noexcept;

  /// Whole batches after `after` (a batch's end), at least one if there is any, up to about `max_bytes`.
  [[nodiscard]] Result<std::vector<RawBatch>> read_raw(Sequence after, std::size_t max_bytes);
  /// Adds batches to a copy, in one transaction. An error, and nothing added, when one does not continue
  /// the chain.
  [[nodiscard]] Result<void> append_raw(std::span<const RawBatch> batches);

 private:
  SqliteJournal(Options options, const Clock& clock, sqlite::Connection db);
  [[nodiscard]] Result<void> prepare();
  [[nodiscard]] Result<void> set_up();
  [[nodiscard]] Result<void> make_tables(bool& full);
  [[nodiscard]] Result<void> load_head();
  [[nodiscard]] Result<void> require_batch_end(Sequence after, const ChainHash& known);
  [[nodiscard]] bool insert(Sequence first, std::uint64_t count, std::span<const std::byte> bytes,
                            const ChainHash& hash);
  [[noreturn]] void die(std::string_view doing);
  static int committed(void* self, sqlite3* db, const char* name, int frames);

  const Options options_;
  const Clock& clock_;
  sqlite::Connection db_;
  sqlite::Statement insert_;
  sqlite::Statement select_;
  sqlite::Statement select_from_;
  ChainHasher hasher_;
  JournalHead head_;
  std::vector<std::byte> buffer_;
  std::uint64_t wal_bytes_ = 0;
  const std::string wal_name_;
  std::optional<FileIdentity> file_, wal_;  ///< As they were opened; set before the journal is shared.
};

/// Purpose: reads a journal's batches from the first one on, without a look inside, and changes nothing on
/// disk (see sqlite::Connection::open_to_look). Concurrency: one thread, and no process that has the journal
/// open.
class JournalLook {
 public:
  [[nodiscard]] static Result<JournalLook> open(const std::filesystem::path& file);
  /// Nothing: that was the last. An error: see is_damage().
  [[nodiscard]] Result<std::optional<RawBatch>> next();
  /// What the last error means: the content is wrong, and not the machine or its permissions.
  [[nodiscard]] bool is_damage() const noexcept;

 private:
  explicit JournalLook(sqlite::Connection db) : db_(std::move(db)) {}
  sqlite::Connection db_;
  sqlite::Statement rows_;
  bool reading_ = false;
};

}  // namespace scalemart
