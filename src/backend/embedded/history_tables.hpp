#pragma once
// The tables behind the history store.

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "backend/embedded/sqlite.hpp"
#include "port/sale_history.hpp"

namespace scalemart {

/// Purpose: rows by tier and time, levels by name (changes only), and the last finished steps.
///   step(tier, at, covered, one column for each number)     subject(id, kind, name)
///   level(tier, subject, at, a, b, c)                        finished(id, at, order_id, step, result, ...)
/// A column that the file does not have yet is added; one that nobody knows any more is left alone. Bounds: rows by
/// the tiers' ages, levels by kLevelsMax a tier shared by the names, finished steps by kFinishedMax for each result,
/// and the file as a whole by kPagesMax. Concurrency: one thread at a time. Errors: after one, broken() says whether
/// the file must be made anew.
class HistoryTables {
 public:
  static constexpr std::int64_t kLevelsMax = 200'000;
  static constexpr std::int64_t kLevelsEachMin = 200;
  static constexpr std::int64_t kFinishedMax = 10'000;
  static constexpr std::int64_t kPageBytes = 4096;
  static constexpr std::int64_t kPagesMax = 24'576;  ///< 96 MiB.

  static Result<std::unique_ptr<HistoryTables>> open(const std::filesystem::path& file,
                                                     std::span<const HistoryColumn> columns);

  /// In one transaction; nothing of it remains after an error.
  Result<void> put(const HistoryBatch& batch);
  [[nodiscard]] bool broken() const noexcept { return broken_; }

  Result<HistoryPage> read(const HistoryQuery& query);
  Result<StepPage> steps(const StepSearch& search);
  Result<std::optional<HistoryRow>> row(std::size_t tier, std::int64_t at);

 private:
  using Subject = std::pair<HistoryLevel::Kind, std::string>;

  HistoryTables(sqlite::Connection db, std::size_t columns) : db_(std::move(db)), columns_(columns) {}
  Result<void> set_up(std::span<const HistoryColumn> columns);
  Result<void> add_columns(std::span<const HistoryColumn> columns);
  Result<void> prepare(std::span<const HistoryColumn> columns);
  Result<void> load_subjects();
  Error fail(std::string_view doing);

  Result<void> put_all(const HistoryBatch& batch);
  Result<void> put_row(const HistoryRow& row);
  Result<std::int64_t> subject_of(const Subject& subject);
  /// A little of it at a time, so that no question waits.
  Result<void> forget_some(std::int64_t now);

  [[nodiscard]] std::int64_t value_at(const sqlite::Statement& statement, int column) const;
  Result<void> read_rows(const HistoryQuery& query, HistoryPage& page);
  Result<std::vector<std::string>> busiest(const HistoryQuery& query);
  Result<void> read_levels(const HistoryQuery& query, const Subject& subject, HistoryPage& page);

  sqlite::Connection db_;
  const std::size_t columns_;
  sqlite::Statement put_step_, steps_between_;
  sqlite::Statement put_level_, level_before_, levels_between_, level_changes_;
  sqlite::Statement put_subject_, put_finished_;
  sqlite::Statement forget_steps_, level_horizon_, level_excess_, forget_levels_, forget_finished_;
  std::map<Subject, std::int64_t> subjects_;
  std::size_t forget_next_ = 0;      ///< Which of the subjects in which of the tiers is looked at next.
  std::int64_t finished_since_ = 0;  ///< Put since old ones were last forgotten.
  bool broken_ = false;
};

}  // namespace scalemart
