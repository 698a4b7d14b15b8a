#pragma once
// query.db: every order, to be searched and summed up, filled behind the answers.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "backend/embedded/query_backlog.hpp"
#include "backend/embedded/query_tables.hpp"
#include "port/order_archive.hpp"

namespace scalemart {

/// Purpose: port/order_archive.hpp over a second SQLite database that can be rebuilt from the journal at any
/// time. Operation: offer() leaves committed records in a ring; a thread of idle priority writes them in
/// small transactions. When the ring was full, or after a start, what is missing is read from the journal
/// through `read_records`. A file that is damaged or of another format is made anew. One that is ahead of the journal
/// is an error: the journal has lost records that were answered. Concurrency: offer() on the sequencer's thread: a copy
/// per record, no lock, no allocation. Questions from any thread that may block: they share one connection with the
/// writer and go before its next transaction. The idle thread takes no lock that anything but a question waits for: a
/// second thread of normal priority, asleep otherwise, asks for journal records.
class QueryStore final : public OrderArchive {
 public:
  /// Appends records after `after` to the list, which has room for `max`, and then calls `done`, once, on any
  /// thread. Fewer or none are fine. False: not possible now, `done` will not be called.
  using ReadRecords =
      std::function<bool(Sequence after, std::size_t max, std::vector<Record>& records, std::function<void()> done)>;
  struct Options {
    std::filesystem::path file;
    std::size_t storm_backlog = 4096;  ///< So far behind, it waits until fewer than storm_records come in a poll.
    std::uint64_t storm_records = 250;

    std::size_t backlog_records = 1 << 17;  ///< A power of two; about 13 MB, once they were used.
    std::size_t transaction_records = 128;
    std::size_t catch_up_records = 4096;
    ReadRecords read_records;
    std::function<bool()> has_room;                        ///< False: the disk is nearly full, so wait. Empty: always.
    std::function<void(const std::string& line)> on_note;  ///< Rebuilding, or a failure that is tried again.
    std::chrono::milliseconds poll{25};
    bool idle = true;  ///< At idle priority; tests that wait for it say no, or a busy machine starves them. ///< How
                       ///< often it looks for new records.
    std::chrono::milliseconds retry{1000};  ///< After a failure, or while there is no room.
  };
  /// Opens or rebuilds. `journal_head`: the last record there is.
  static Result<std::unique_ptr<QueryStore>> open(Options options, Sequence journal_head);
  ~QueryStore() override;

  void start();
  /// Ends after the transaction at hand; the next start reads on from the journal. Idempotent. After the
  /// sequencer's.
  void stop();

  /// Not empty, in order, each batch after the one before.
  void offer(std::span<const Record> records) noexcept { backlog_.offer(records); }

  [[nodiscard]] Result<OrderPage> search(const OrderSearch& search) override;
  [[nodiscard]] Result<std::optional<ArchivedOrder>> find(OrderId id) override;
  [[nodiscard]] Sequence applied() const noexcept override { return applied_.load(std::memory_order_acquire); }
  [[nodiscard]] Result<std::vector<ProductSales>> sales();
  /// Newest first, in pages, so that no question waits for an export. Stops when `visit` returns false.
  [[nodiscard]] Result<void> for_each(OrderSearch filter, const std::function<bool(const ArchivedOrder&)>& visit);
  /// Blocks until `sequence` is included; false: it took longer than `most`.
  [[nodiscard]] bool wait_for(Sequence sequence, std::chrono::milliseconds most) const;

 private:
  enum class Worked : std::uint8_t { something, nothing, failed };

  QueryStore(Options options, std::unique_ptr<QueryTables> tables, Sequence journal_head);
  template <class Question>
  auto ask(Question question);
  void run();
  void run_requests();
  void wait_out_the_storm();
  Worked work();
  Worked catch_up(Sequence up_to);
  Worked write(std::span<const Record> records);
  void rebuild(const std::string& why);
  void rest(std::chrono::milliseconds time);
  void note(const std::string& line) const;

  const Options options_;
  const Sequence journal_head_;
  QueryBacklog backlog_;
  std::atomic<Sequence> applied_{0};

  std::mutex mutex_;                     ///< Guards tables_.
  std::unique_ptr<QueryTables> tables_;  ///< nullptr: could not be made anew; tried again.
  std::atomic<int> questions_{0};        ///< That wait for mutex_ or have it.

  // A request for journal records: 0 none, 1 asked, 2 under way, 3 done; -1 the requests' thread is to end.
  std::atomic<int> request_{0};
  Sequence request_after_ = 0;
  std::vector<Record> caught_up_;

  std::atomic<bool> stopping_{false};
  std::thread writer_;
  std::thread requests_;
};

}  // namespace scalemart
