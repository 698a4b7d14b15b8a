// The questions to the history's tables.
#include <algorithm>
#include <optional>

#include "backend/embedded/history_tables.hpp"

namespace scalemart {
namespace {

using Stepped = sqlite::Statement::Step;

}  // namespace

std::int64_t HistoryTables::value_at(const sqlite::Statement& statement, int column) const {
  return statement.is_null(column) ? kUnknown : statement.integer(column);
}

Result<HistoryPage> HistoryTables::read(const HistoryQuery& query) {
  HistoryPage page;
  if (auto done = read_rows(query, page); !done) return done.error();
  for (const auto& [subject, id] : subjects_)
    if (subject.first == HistoryLevel::Kind::revenue)
      if (auto done = read_levels(query, subject, page); !done) return done.error();
  std::vector<std::string> products = query.products;
  if (products.empty()) {
    auto found = busiest(query);
    if (!found) return found.error();
    products = std::move(*found);
  }
  for (const std::string& product : products)
    if (auto done = read_levels(query, {HistoryLevel::Kind::stock, product}, page); !done) return done.error();
  return page;
}

Result<void> HistoryTables::read_rows(const HistoryQuery& query, HistoryPage& page) {
  const std::int64_t step = kHistoryTiers[query.tier].step;
  const auto points = static_cast<std::size_t>((query.to - query.from) / step);
  page.covered.assign(points, 0);
  page.columns.assign(columns_, std::vector<std::int64_t>(points, kUnknown));
  steps_between_.bind(1, static_cast<std::int64_t>(query.tier)).bind(2, query.from).bind(3, query.to);
  auto found = steps_between_.step();
  for (; found == Stepped::row; found = steps_between_.step()) {
    const auto point = static_cast<std::size_t>((steps_between_.integer(0) - query.from) / step);
    page.covered[point] = steps_between_.integer(1);
    for (std::size_t i = 0; i < columns_; ++i)
      page.columns[i][point] = value_at(steps_between_, static_cast<int>(i) + 2);
  }
  steps_between_.reset();
  if (found == Stepped::failed) return fail("read steps");
  return {};
}

Result<std::vector<std::string>> HistoryTables::busiest(const HistoryQuery& query) {
  level_changes_.bind(1, static_cast<std::int64_t>(query.tier))
      .bind(2, query.from)
      .bind(3, query.to)
      .bind(4, static_cast<std::int64_t>(query.products_max));
  std::vector<std::string> names;
  auto found = level_changes_.step();
  for (; found == Stepped::row; found = level_changes_.step()) names.emplace_back(level_changes_.text(0));
  level_changes_.reset();
  if (found == Stepped::failed) return fail("count changes");
  return names;
}

Result<void> HistoryTables::read_levels(const HistoryQuery& query, const Subject& subject, HistoryPage& page) {
  const auto known = subjects_.find(subject);
  HistoryPage::Levels levels{subject.first, subject.second, {}};
  const std::size_t points = page.covered.size();
  for (auto& values : levels.values) values.assign(points, kUnknown);
  if (known == subjects_.end()) {
    page.levels.push_back(std::move(levels));
    return {};
  }
  const std::int64_t step = kHistoryTiers[query.tier].step;
  HistoryLevel::Values now{kUnknown, kUnknown, kUnknown};
  std::size_t point = 0;
  // A level holds until the next; where nobody watched, nothing is known.
  const auto hold_until = [&](std::size_t end) {
    for (; point < end; ++point)
      for (std::size_t i = 0; i < 3 && page.covered[point] > 0; ++i) levels.values[i][point] = now[i];
  };
  const auto take = [&](const sqlite::Statement& statement) {
    for (int i = 0; i < 3; ++i) now[static_cast<std::size_t>(i)] = value_at(statement, i + 1);
  };
  const auto tier = static_cast<std::int64_t>(query.tier);
  level_before_.bind(1, tier).bind(2, known->second).bind(3, query.from);
  if (level_before_.step() == Stepped::row) take(level_before_);
  level_before_.reset();
  levels_between_.bind(1, tier).bind(2, known->second).bind(3, query.from).bind(4, query.to);
  auto found = levels_between_.step();
  for (; found == Stepped::row; found = levels_between_.step()) {
    hold_until(static_cast<std::size_t>((levels_between_.integer(0) - query.from) / step));
    take(levels_between_);
  }
  levels_between_.reset();
  if (found == Stepped::failed) return fail("read levels");
  hold_until(points);
  page.levels.push_back(std::move(levels));
  return {};
}

Result<std::optional<HistoryRow>> HistoryTables::row(std::size_t tier, std::int64_t at) {
  steps_between_.bind(1, static_cast<std::int64_t>(tier)).bind(2, at).bind(3, at + 1);
  const auto found = steps_between_.step();
  std::optional<HistoryRow> row;
  if (found == Stepped::row) {
    row = HistoryRow{tier, at, steps_between_.integer(1), {}};
    for (std::size_t i = 0; i < columns_; ++i) row->values.push_back(value_at(steps_between_, static_cast<int>(i) + 2));
  }
  steps_between_.reset();
  if (found == Stepped::failed) return fail("read a step");
  return row;
}

Result<StepPage> HistoryTables::steps(const StepSearch& search) {
  // Without statistics SQLite cannot know which index is best: an order's steps are few.
  std::string sql = "SELECT id, at, order_id, step, result, attempts, took_us, detail FROM finished WHERE id < ?1";
  if (search.order) sql += " AND order_id = ?3";
  if (search.step) sql += " AND +step = ?4";
  if (search.result) sql += search.order ? " AND +result = ?5" : " AND result = ?5";
  auto rows = db_.prepare(sql + " ORDER BY id DESC LIMIT ?2");
  if (!rows) return rows.error();
  const std::string order = search.order ? to_string(*search.order) : std::string();
  rows->bind(1, search.before == 0 ? INT64_MAX : static_cast<std::int64_t>(search.before))
      .bind(2, static_cast<std::int64_t>(search.limit + 1));
  if (search.order) rows->bind(3, std::as_bytes(std::span(order)));
  if (search.step) rows->bind(4, static_cast<std::int64_t>(*search.step));
  if (search.result) rows->bind(5, static_cast<std::int64_t>(*search.result));
  StepPage page;
  auto found = rows->step();
  for (std::uint64_t last = 0; found == Stepped::row; found = rows->step()) {
    if (page.steps.size() == search.limit) {
      page.next = last;
      break;
    }
    last = static_cast<std::uint64_t>(rows->integer(0));
    const auto id = rows->blob(2);
    FinishedStep step;
    step.at = WallTime{rows->integer(1)};
    step.order = parse_ulid<OrderId>({reinterpret_cast<const char*>(id.data()), id.size()}).value_or(OrderId{});
    step.step = static_cast<Step>(rows->integer(3));
    step.result = static_cast<FinishedStep::Result>(rows->integer(4));
    step.attempts = static_cast<std::uint16_t>(rows->integer(5));
    step.took = std::chrono::microseconds(rows->integer(6));
    step.detail = std::string(rows->text(7));
    page.steps.push_back(std::move(step));
  }
  if (found == Stepped::failed) return fail("read finished steps");
  return page;
}

}  // namespace scalemart
