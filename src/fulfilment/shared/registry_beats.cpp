#include "fulfilment/shared/registry_beats.hpp"

#include <sys/prctl.h>

#include <algorithm>
#include <utility>

#include "fulfilment/worker.hpp"

namespace scalemart {
RegistryOffice::RegistryOffice(WorkerPlace place, const Clock& clock) : clock_(clock) {
  card_.view.place = std::move(place);
  card_.since = clock.wall();
}

bool RegistryOffice::report(const WorkerView& view, std::span<const FinishedStep> steps) {
  const SteadyTime now = clock_.steady();
  for (const FinishedStep& step : steps) {
    if (step.result == FinishedStep::Result::done) finished_[static_cast<std::size_t>(step.step)].add(now);
    if (step.result == FinishedStep::Result::declined) declined_.add(now);
  }
  const std::lock_guard lock(mutex_);
  const WorkerPlace place = std::exchange(card_.view, view).place;
  card_.view.place = place;
  card_.view.heard = clock_.wall();
  for (std::size_t i = 0; i < finished_.size(); ++i)
    card_.finished[i] = {finished_[i].total(), finished_[i].per_second(now)};
  card_.declined = {declined_.total(), declined_.per_second(now)};
  for (const FinishedStep& step : steps)
    if (is_news(step)) card_.recent.insert(card_.recent.begin(), step);
  card_.recent.resize(std::min(card_.recent.size(), kCardSteps));
  return true;
}

std::optional<Concurrency> RegistryOffice::told() {
  const std::lock_guard lock(mutex_);
  return std::exchange(told_, std::nullopt);
}

std::optional<WorkerCard> RegistryOffice::card() const {
  const std::lock_guard lock(mutex_);
  if (card_.view.id.empty()) return std::nullopt;
  return card_;
}

void RegistryOffice::wished(const std::string& text) {
  const std::lock_guard lock(mutex_);
  if (std::exchange(wish_, text) != text) told_ = parse_concurrency(text);
}

RegistryBeats::RegistryBeats(ProcessRegistry& registry, const Clock& clock, RegistryBeatsSettings settings)
    : registry_(registry), clock_(clock), settings_(std::move(settings)) {}

RegistryBeats::~RegistryBeats() {
  stop();
}

WorkerOffice& RegistryBeats::add(const std::string& worker) {
  Member& member = members_.emplace_back();
  member.name = settings_.process + "/" + worker;
  member.office = std::make_unique<RegistryOffice>(settings_.place, clock_);
  return *member.office;
}

void RegistryBeats::start() {
  thread_ = std::thread([this] { run(); });
}

void RegistryBeats::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  pulse_.notify_all();
  if (!thread_.joinable()) return;
  thread_.join();
  if (!is_away()) beat(std::chrono::milliseconds(0));
}

void RegistryBeats::step() {
  beat(settings_.remembered);
}

void RegistryBeats::beat(std::chrono::milliseconds remembered) {
  bool away = false;
  for (Member& member : members_) {
    const auto card = member.office->card();
    if (!card) continue;
    const auto wish = registry_.beat(member.name, to_json(*card), remembered, settings_.within);
    if (wish && *wish) member.office->wished(**wish);
    away = !wish;
    if (away) break;  // the others can wait as well
  }
  const std::lock_guard lock(mutex_);
  away_ = away;
}

std::map<std::string, WorkerCard> RegistryBeats::cards() const {
  std::map<std::string, WorkerCard> cards;
  for (const Member& member : members_)
    if (auto card = member.office->card()) cards.emplace(member.name, std::move(*card));
  return cards;
}

bool RegistryBeats::is_away() const {
  const std::lock_guard lock(mutex_);
  return away_;
}

void RegistryBeats::run() {
  ::prctl(PR_SET_NAME, "worker-beats");
  for (;;) {
    step();
    std::unique_lock lock(mutex_);
    if (pulse_.wait_for(lock, settings_.every, [this] { return stopping_; })) return;
  }
}

}  // namespace scalemart
