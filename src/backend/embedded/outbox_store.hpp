#pragma once
// outbox.db: how far every receiver of events is, and what it did not take.

#include <filesystem>
#include <memory>
#include <mutex>

#include "backend/embedded/sqlite.hpp"
#include "port/outbox_store.hpp"

namespace scalemart {

/// Purpose: port/outbox_store.hpp over a small SQLite database, written with synchronous=NORMAL: a power cut may take
/// the last transactions, so that something is delivered once more, and costs the sale no sync. Concurrency: a mutex.
class EmbeddedOutboxStore final : public OutboxStore {
 public:
  [[nodiscard]] static Result<std::unique_ptr<EmbeddedOutboxStore>> open(const std::filesystem::path& file);

  [[nodiscard]] Result<std::optional<OutletPlace>> place(const std::string& outlet) override;
  [[nodiscard]] Result<std::vector<Letter>> waiting(const std::string& outlet) override;
  [[nodiscard]] Result<void> save(const std::string& outlet, const OutletChange& change) override;
  [[nodiscard]] Result<std::vector<Letter>> dead(const std::string& outlet, std::size_t limit) override;
  [[nodiscard]] Result<std::uint64_t> dead_count(const std::string& outlet) override;
  [[nodiscard]] Result<std::vector<Letter>> revive(const std::string& outlet, const std::string& key,
                                                   std::size_t limit) override;
  [[nodiscard]] Result<void> forget(const std::string& outlet) override;

 private:
  explicit EmbeddedOutboxStore(sqlite::Connection db) : db_(std::move(db)) {}
  [[nodiscard]] Result<void> set_up();
  // With mutex_ held.
  [[nodiscard]] bool write(const std::string& outlet, const OutletChange& change);
  [[nodiscard]] bool put(const std::string& outlet, const Letter& letter, bool dead);
  [[nodiscard]] bool remove(const std::string& outlet, const std::string& key);
  [[nodiscard]] Result<std::vector<Letter>> read(sqlite::Statement& statement);
  [[nodiscard]] Result<void> commit(bool written);

  std::mutex mutex_;
  sqlite::Connection db_;
  sqlite::Statement place_, put_place_, waiting_, dead_, dead_by_key_, count_, put_, remove_, trim_;
};

}  // namespace scalemart
