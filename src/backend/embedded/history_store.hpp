#pragma once
// history.db: the numbers of the sale over time, written behind everything else.

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "backend/embedded/history_tables.hpp"
#include "port/sale_history.hpp"

namespace scalemart {

/// Purpose: port/sale_history.hpp over a small SQLite database of its own, whose loss is harmless. Operation: put()
/// leaves a batch in a list; a thread of idle priority writes it, or a question does before it reads. A file that is
/// damaged or of another format is made anew; while the disk is nearly full batches are dropped. Concurrency: put()
/// takes no lock, so nobody waits for the idle thread; questions share one connection with it, from any thread that
/// may block.
class HistoryStore final : public SaleHistory {
 public:
  struct Options {
    std::filesystem::path file;
    std::vector<HistoryColumn> columns;
    std::size_t waiting_max = 600;                         ///< Batches; about one comes in a second.
    std::function<bool()> has_room;                        ///< False: the disk is nearly full. Empty: always.
    std::function<void(const std::string& line)> on_note;  ///< Made anew, or a failure; each once in a row.
    bool idle = true;                                      ///< Tests that wait for it say no.
  };
  static Result<std::unique_ptr<HistoryStore>> open(Options options);
  ~HistoryStore() override;

  void start();
  /// Writes what waits. Idempotent.
  void stop();

  [[nodiscard]] const std::vector<HistoryColumn>& columns() const noexcept override { return options_.columns; }
  bool put(HistoryBatch batch) noexcept override;
  [[nodiscard]] Result<HistoryPage> read(const HistoryQuery& query) override;
  [[nodiscard]] Result<StepPage> steps(const StepSearch& search) override;
  [[nodiscard]] Result<std::optional<HistoryRow>> row(std::size_t tier, std::int64_t at) override;

 private:
  struct Node {
    HistoryBatch batch;
    Node* next = nullptr;
  };

  HistoryStore(Options options, std::unique_ptr<HistoryTables> tables);
  void run();
  template <class Question>
  auto ask(Question question);
  /// With mutex_ held.
  void write_waiting();
  void write(const HistoryBatch& batch);
  void make_anew(const std::string& why);
  void note(const std::string& line);

  const Options options_;
  std::atomic<Node*> waiting_{nullptr};  ///< Newest first.
  std::atomic<std::size_t> waiting_count_{0};
  std::atomic<std::uint32_t> wakes_{0};
  std::atomic<bool> stopping_{false};

  std::mutex mutex_;                       ///< Guards what follows.
  std::unique_ptr<HistoryTables> tables_;  ///< nullptr: could not be made anew; tried again with the next batch.
  std::string last_note_;

  std::thread writer_;
};

}  // namespace scalemart
