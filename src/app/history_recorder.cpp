#include "app/history_recorder.hpp"

#include <algorithm>
#include <utility>

#include "telemetry/log_linear.hpp"

namespace scalemart {
namespace {

std::int64_t quantile_between(const HistogramCounts& then, const HistogramCounts& now, double q) {
  const HistogramCounts between = now.since(then);
  if (between.total() == 0) return kUnknown;
  return static_cast<std::int64_t>(log_linear::quantile(between.counts, q));
}

constexpr HistoryLevel::Values kNeverWritten{kUnknown, kUnknown, 0};
constexpr HistoryLevel::Values kGone{kUnknown, kUnknown, kUnknown};

}  // namespace

HistoryRecorder::HistoryRecorder(Parts parts, std::vector<HistorySource> sources)
    : parts_(std::move(parts)),
      sources_(std::move(sources)),
      columns_(columns_of(sources_)),
      histogram_of_(sources_.size()),
      counted_(sources_.size()) {
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    if (sources_[i].histogram == nullptr) continue;
    const auto found = std::find(histograms_.begin(), histograms_.end(), sources_[i].histogram);
    histogram_of_[i] = static_cast<std::size_t>(found - histograms_.begin());
    if (found == histograms_.end()) histograms_.push_back(sources_[i].histogram);
  }
  for (std::size_t tier = 1; tier < kHistoryTiers.size(); ++tier) coarse_.emplace_back(columns_, tier);
  // What was before is nobody's second.
  for (std::size_t i = 0; i < sources_.size(); ++i)
    if (sources_[i].read) counted_[i] = sources_[i].read();
  for (const Histogram* histogram : histograms_) seen_.push_back(histogram->read());
  second_ = parts_.now().ms / 1000;
}

void HistoryRecorder::pulse() {
  const std::int64_t second = parts_.now().ms / 1000;
  if (second == second_) return;
  second_ended(second - 1);
  second_ = second;
}

void HistoryRecorder::second_ended(std::int64_t second) {
  HistoryBatch batch;
  batch.now = second + 1;
  if (unwritten_ && coarse_.front().at() != step_of(1, second)) add_coarse(batch);
  begin_steps(second);
  HistoryRow row{0, second, 1, measure()};
  std::vector<std::int64_t> merging = row.values;
  for (std::size_t i = 0; i < sources_.size(); ++i)
    if (sources_[i].histogram != nullptr) merging[i] = kUnknown;  // taken over the whole step, when it is written
  for (HistoryRollup& step : coarse_) step.add(merging);
  unwritten_ = true;
  batch.rows.push_back(std::move(row));
  add_levels(batch, 0, second);
  if (second + 1 == step_of(1, second) + kHistoryTiers[1].step) add_coarse(batch);
  hand_over(std::move(batch));
}

/// Moves on what was seen.
std::vector<std::int64_t> HistoryRecorder::measure() {
  if (parts_.refresh) parts_.refresh();
  std::vector<HistogramCounts> now;
  for (const Histogram* histogram : histograms_) now.push_back(histogram->read());
  std::vector<std::int64_t> values(sources_.size(), kUnknown);
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    const HistorySource& source = sources_[i];
    if (source.histogram != nullptr) {
      const std::size_t h = histogram_of_[i];
      values[i] = quantile_between(seen_[h], now[h], source.quantile);
    } else if (source.column.merge == HistoryMerge::sum) {
      // A sum over several counters may look smaller for a moment than it was.
      const std::int64_t counted = std::max(counted_[i], source.read());
      values[i] = counted - std::exchange(counted_[i], counted);
    } else {
      values[i] = source.read();
    }
  }
  seen_ = std::move(now);
  return values;
}

void HistoryRecorder::begin_steps(std::int64_t second) {
  for (std::size_t tier = 1; tier < kHistoryTiers.size(); ++tier) {
    HistoryRollup& step = coarse_[tier - 1];
    const std::int64_t at = step_of(tier, second);
    if (step.at() == at) continue;
    std::optional<HistoryRow> earlier;
    if (!resumed_)
      if (auto found = parts_.history.row(tier, at)) earlier = std::move(*found);
    step.begin(at, std::move(earlier), seen_);
  }
  resumed_ = true;
}

void HistoryRecorder::add_coarse(HistoryBatch& batch) {
  for (std::size_t tier = 1; tier < kHistoryTiers.size(); ++tier) {
    const HistoryRollup& step = coarse_[tier - 1];
    HistoryRow row = step.row();
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      if (sources_[i].histogram == nullptr) continue;
      const std::size_t h = histogram_of_[i];
      row.values[i] = merged(columns_[i].merge, row.values[i],
                             quantile_between(step.began_with()[h], seen_[h], sources_[i].quantile));
    }
    batch.rows.push_back(std::move(row));
    add_levels(batch, tier, step.at());
  }
  unwritten_ = false;
}

void HistoryRecorder::add_levels(HistoryBatch& batch, std::size_t tier, std::int64_t at) {
  Written& written = written_[tier];
  const auto offers = parts_.catalogue.current();
  written.stock.resize(offers->all().size(), kNeverWritten);
  std::size_t left = kProductsMax;
  for (auto offer = offers->all().rbegin(); offer != offers->all().rend() && left > 0; ++offer, --left) {
    const Stock stock = offer->live->read().stock;
    const HistoryLevel::Values now =
        offer->removed ? kGone : HistoryLevel::Values{stock.available, stock.held, stock.sold};
    if (std::exchange(written.stock[index_of(offer->ref)], now) != now)
      batch.levels.push_back({tier, at, HistoryLevel::Kind::stock, offer->spec->id, now});
  }
  for (const auto& [currency, money] : parts_.counts.money()) {
    const HistoryLevel::Values now{money.confirmed, money.refunded, static_cast<std::int64_t>(money.units)};
    auto [before, is_new] = written.revenue.try_emplace(currency, now);
    if (!is_new && std::exchange(before->second, now) == now) continue;
    batch.levels.push_back({tier, at, HistoryLevel::Kind::revenue, currency, now});
  }
}

void HistoryRecorder::step_ended(const FinishedStep& step) {
  const bool done = step.result == FinishedStep::Result::done;
  if (!is_news(step)) return;
  const std::lock_guard lock(steps_mutex_);
  const std::size_t others = steps_.size() - done_steps_;
  if (done ? done_steps_ >= kDoneEachSecond : others >= kOthersEachSecond) return;
  done_steps_ += done;
  steps_.push_back(step);
}

std::vector<FinishedStep> HistoryRecorder::take_steps() {
  const std::lock_guard lock(steps_mutex_);
  done_steps_ = 0;
  return std::exchange(steps_, {});
}

void HistoryRecorder::hand_over(HistoryBatch batch) {
  batch.steps = take_steps();
  static_cast<void>(parts_.history.put(std::move(batch)));
}

void HistoryRecorder::stop() {
  HistoryBatch batch;
  batch.now = second_;
  if (unwritten_) add_coarse(batch);
  hand_over(std::move(batch));
}

}  // namespace scalemart
