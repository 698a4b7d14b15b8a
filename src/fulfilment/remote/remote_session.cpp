#include "fulfilment/remote/remote_session.hpp"

#include <algorithm>
#include <utility>

namespace scalemart {
namespace {

constexpr std::size_t kRecent = 100;
constexpr std::uint64_t kWantMax = 200'000;  ///< Beyond any worker's concurrency and papers.

}  // namespace

RemoteSession::RemoteSession(OrderQueue& queue, const Clock& clock, std::shared_ptr<FrameLink> link)
    : queue_(queue), clock_(clock), link_(std::move(link)) {}

void RemoteSession::welcome(const frame::Hello& hello, std::string id, std::chrono::milliseconds lease_ttl) {
  worker_ = queue_.join(id);
  view_.id = std::move(id);
  view_.place = {hello.host, hello.pid, false};
  view_.heard = clock_.wall();
  link_->send(frame::encode(frame::Welcome{view_.id, lease_ttl}));
}

std::optional<std::string> RemoteSession::take(frame::Message& message) {
  return std::visit([this](auto& m) { return on(m); }, message);
}

RemoteSession::Fault RemoteSession::on(frame::Want& want) {
  for (std::size_t lane = 0; lane < want.up_to.size(); ++lane)
    if (want.up_to[lane] > given_[lane] && want.up_to[lane] - given_[lane] > kWantMax)
      return "it wants more orders than a worker can have";
  want_ = want;
  return std::nullopt;
}

RemoteSession::Fault RemoteSession::on(frame::Completions& completions) {
  for (frame::Completions::Item& item : completions.items) {
    ++with_ledger_;
    if (queue_.complete(*worker_, std::move(item.completion), *this, item.request)) continue;
    completed(item.request, Outcome::overloaded);  // no room: its own to try again
  }
  return std::nullopt;
}

RemoteSession::Fault RemoteSession::on(frame::Releases& releases) {
  for (const frame::Releases::Item& r : releases.items)
    queue_.release(*worker_, r.order, r.fence, r.attempts, r.unresolved, r.delay);
  return std::nullopt;
}

RemoteSession::Fault RemoteSession::on(frame::Heartbeat&) {
  view_.heard = clock_.wall();
  if (!queue_.heartbeat(*worker_)) link_->send(frame::encode(frame::Lapsed{}));
  return std::nullopt;
}

RemoteSession::Fault RemoteSession::on(frame::Leave&) {
  end();
  return std::nullopt;
}

void RemoteSession::take(frame::Report& report) {
  const std::string id = std::move(view_.id);
  const WorkerPlace place = std::move(view_.place);
  const WallTime heard = view_.heard;
  view_ = std::move(report.view);
  view_.id = id;
  view_.place = place;
  view_.heard = heard;
  if (steer_ && report.steered >= steer_->number) steer_.reset();
  if (steer_) show_steered();
  for (FinishedStep& step : report.steps)
    if (is_news(step)) recent_.push_front(std::move(step));
  recent_.resize(std::min(recent_.size(), kRecent));
}

void RemoteSession::completed(std::uint64_t token, Outcome outcome) {
  --with_ledger_;
  if (ended_) return;
  answers_.items.push_back({token, outcome});
  if (answers_.items.size() == kFrameItems) link_->send(frame::encode(std::exchange(answers_, {})));
}

void RemoteSession::introduce(const Task& task) {
  const std::size_t index = index_of(task.order.product);
  if (introduced_.size() <= index) introduced_.resize(index + 1);
  if (introduced_[index] == task.product) return;
  introduced_[index] = task.product;
  link_->send(frame::encode(frame::Product{task.order.product, task.product}));
}

std::size_t RemoteSession::give(Lane lane, std::size_t most) {
  if (!worker_ || ended_) return 0;
  const auto index = static_cast<std::size_t>(lane);
  if (want_.up_to[index] <= given_[index]) return 0;
  leased_.clear();
  const auto room = std::min<std::size_t>(most, want_.up_to[index] - given_[index]);
  const std::size_t count = queue_.lease(*worker_, lane, room, leased_);
  for (const Task& task : leased_) {
    introduce(task);
    orders_.items.push_back({task.order, task.caller});
    if (orders_.items.size() == kFrameItems) link_->send(frame::encode(std::exchange(orders_, {})));
  }
  given_[index] += count;
  return count;
}

void RemoteSession::flush() {
  if (ended_) return;
  if (!answers_.items.empty()) link_->send(frame::encode(std::exchange(answers_, {})));
  if (!orders_.items.empty()) link_->send(frame::encode(std::exchange(orders_, {})));
}

void RemoteSession::steer(const Concurrency& concurrency) {
  steer_ = frame::Steer{++steers_, concurrency};
  show_steered();
  link_->send(frame::encode(*steer_));
}

/// What it will say itself when it has obeyed.
void RemoteSession::show_steered() {
  const Concurrency& told = steer_->concurrency;
  view_.bounds = told;
  view_.concurrency = std::clamp(view_.concurrency, told.min, told.max);
}

void RemoteSession::end() {
  if (std::exchange(ended_, true)) return;
  if (worker_) queue_.leave(*worker_);
}

}  // namespace scalemart
