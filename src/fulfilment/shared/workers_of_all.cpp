#include "fulfilment/shared/workers_of_all.hpp"

#include <algorithm>

namespace scalemart {
namespace {

constexpr std::size_t kRecent = 100;
constexpr std::size_t kCountedMax = 10'000;  ///< Processes that came and went are forgotten in the end.

/// A worker that began anew under its old name counts from nothing.
std::uint64_t grown(std::uint64_t now, std::uint64_t before) {
  return now >= before ? now - before : now;
}

}  // namespace

void WorkersOfAll::hear(const std::vector<ProcessRegistry::Entry>& listed,
                        const std::map<std::string, WorkerCard>& own) {
  cards_.clear();
  for (const auto& [name, view] : listed)
    if (auto card = parse_worker_card(view)) cards_.emplace(name, std::move(*card));
  hear_own(own);
  heard_ = true;
}

void WorkersOfAll::hear_own(const std::map<std::string, WorkerCard>& own) {
  for (const auto& [name, card] : own) cards_.insert_or_assign(name, card);
  count();
  name_them();
}

void WorkersOfAll::count() {
  for (const auto& [name, card] : cards_) {
    const auto [before, is_new] = counted_.try_emplace(name);
    Counted& old = before->second;
    const bool is_news = heard_ || !is_new;
    for (std::size_t i = 0; i < finished_.size(); ++i) {
      if (is_news) finished_[i] += grown(card.finished[i].total, old.finished[i]);
      old.finished[i] = card.finished[i].total;
    }
    if (is_news) declined_ += grown(card.declined.total, old.declined);
    old.declined = card.declined.total;
  }
  if (counted_.size() > kCountedMax)
    std::erase_if(counted_, [this](const auto& entry) { return !cards_.contains(entry.first); });
}

/// Two of one name are told apart by who came first.
void WorkersOfAll::name_them() {
  std::vector<std::map<std::string, WorkerCard>::const_iterator> order;
  for (auto at = cards_.begin(); at != cards_.end(); ++at) order.push_back(at);
  std::stable_sort(order.begin(), order.end(), [](auto a, auto b) { return a->second.since < b->second.since; });
  shown_.clear();
  for (const auto at : order) {
    const std::string& wanted = at->second.view.id;
    std::string shown = wanted;
    for (int n = 2; !shown_.emplace(shown, at->first).second; ++n) shown = wanted + "-" + std::to_string(n);
  }
}

const std::string* WorkersOfAll::find(const std::string& shown) const {
  const auto at = shown_.find(shown);
  return at == shown_.end() ? nullptr : &at->second;
}

std::string WorkersOfAll::shown_as(std::string_view consumer) const {
  const std::string_view process = consumer.substr(0, consumer.find('/') + 1);
  std::string_view name = consumer.substr(process.size());
  name = name.substr(0, name.find('/'));
  for (const auto& [shown, registered] : shown_)
    if (registered.starts_with(process) && cards_.at(registered).view.id == name) return shown;
  return std::string(name);
}

FulfilmentView WorkersOfAll::view() const {
  FulfilmentView view;
  for (int i = 0; i < kStepCount; ++i) {
    const auto index = static_cast<std::size_t>(i);
    view.queue.stages[index].step = static_cast<Step>(i);
    view.queue.stages[index].finished = finished_[index];
  }
  view.queue.declined = declined_;
  for (const auto& [shown, name] : shown_) {
    const WorkerCard& card = cards_.at(name);
    WorkerView& worker = view.workers.emplace_back(card.view);
    worker.id = shown;
    for (std::size_t i = 0; i < finished_.size(); ++i) view.queue.stages[i].rate_per_s += card.finished[i].per_second;
    view.queue.declined_per_s += card.declined.per_second;
    view.recent.insert(view.recent.end(), card.recent.begin(), card.recent.end());
  }
  std::stable_sort(view.recent.begin(), view.recent.end(),
                   [](const FinishedStep& a, const FinishedStep& b) { return a.at > b.at; });
  view.recent.resize(std::min(view.recent.size(), kRecent));
  return view;
}

void put_depths(QueueView& view, const QueueDepths& depths) {
  const auto put = [&](Lane lane, Step step) {
    const auto from = static_cast<std::size_t>(lane);
    StageView& stage = view.stages[static_cast<std::size_t>(step)];
    stage.waiting = depths.waiting[from] + depths.delayed[from];
    stage.delayed = depths.delayed[from];
    stage.in_flight = depths.leased[from];
    if (depths.waiting[from] > 0) stage.oldest = depths.oldest[from];
  };
  put(Lane::sale, Step::payment);
  put(Lane::paper, Step::invoice);
  view.paused = depths.paused;
}

}  // namespace scalemart
