#include "fulfilment/remote/remote_queue.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "telemetry/log.hpp"

namespace scalemart {
namespace {

constexpr WorkerRef kSelf = 0;

}  // namespace

RemoteQueue::RemoteQueue(FulfilmentLoop& loop, const Clock& clock, frame::Hello hello)
    : loop_(loop), clock_(clock), hello_(std::move(hello)) {}

// --- the link's side

void RemoteQueue::connected(std::shared_ptr<FrameLink> link) {
  {
    const std::lock_guard lock(mutex_);
    events_.emplace_back(Opened{std::move(link)});
  }
  loop_.wake();
}

void RemoteQueue::received(frame::Message message) {
  {
    const std::lock_guard lock(mutex_);
    events_.emplace_back(std::move(message));
  }
  loop_.wake();
}

void RemoteQueue::disconnected() {
  {
    const std::lock_guard lock(mutex_);
    events_.emplace_back(Closed{});
  }
  loop_.wake();
}

std::optional<std::string> RemoteQueue::fault() const {
  const std::lock_guard lock(mutex_);
  return fault_;
}

// --- the worker's

WorkerRef RemoteQueue::join(std::string_view name) {
  SCALEMART_CHECK(!joined_);
  joined_ = true;
  hello_.name = name;
  say_hello();
  return kSelf;
}

void RemoteQueue::leave(WorkerRef) {
  if (std::exchange(joined_, false) && welcome_) {
    send_batches();
    link_->send(frame::encode(frame::Leave{}));
  }
  forget_leases();
}

std::size_t RemoteQueue::lease(WorkerRef, Lane lane, std::size_t max, std::vector<Task>& out) {
  if (is_cut_off()) return 0;
  Inbox& inbox = inboxes_[static_cast<std::size_t>(lane)];
  const std::size_t count = std::min(max, inbox.tasks.size());
  std::move(inbox.tasks.begin(), inbox.tasks.begin() + static_cast<std::ptrdiff_t>(count), std::back_inserter(out));
  inbox.tasks.erase(inbox.tasks.begin(), inbox.tasks.begin() + static_cast<std::ptrdiff_t>(count));
  inbox.kept_since = clock_.steady();
  inbox.wanted = max - count;
  return count;
}

bool RemoteQueue::heartbeat(WorkerRef) {
  if (std::exchange(lapsed_, false)) return false;
  heartbeat_ = true;
  return true;
}

bool RemoteQueue::complete(WorkerRef, Completion completion, CompletionSink& sink, std::uint64_t token) {
  if (is_cut_off()) {
    refused_.push_back({&sink, token});
    loop_.wake();
    return true;
  }
  if (waiting_.size() >= kCompletionsMax) return false;
  waiting_.emplace(next_request_, Waiting{&sink, token});
  completions_.items.push_back({next_request_++, std::move(completion)});
  return true;
}

void RemoteQueue::release(WorkerRef, OrderId order, std::uint32_t fence, std::uint16_t attempts, bool unresolved,
                          std::chrono::nanoseconds delay) {
  if (!is_cut_off()) releases_.items.push_back({order, fence, attempts, unresolved, delay});
}

bool RemoteQueue::report(const WorkerView& view, std::span<const FinishedStep> steps) {
  if (!welcome_) return false;
  frame::Report report{steered_, view, {steps.begin(), steps.end()}};
  link_->send(frame::encode(std::move(report)));
  return true;
}

std::optional<Concurrency> RemoteQueue::told() {
  if (!steer_) return std::nullopt;
  steered_ = steer_->number;
  return std::exchange(steer_, std::nullopt)->concurrency;
}

// --- the round

SteadyTime RemoteQueue::turn(SteadyTime) {
  std::vector<Event> events;
  {
    const std::lock_guard lock(mutex_);
    events.swap(events_);
  }
  for (Event& event : events) hear(event);
  for (const Waiting& refused : std::exchange(refused_, {}))
    refused.sink->completed(refused.token, Outcome::stale_fence);
  return kNever;
}

SteadyTime RemoteQueue::send(SteadyTime now) {
  if (is_cut_off()) return kNever;
  if (std::exchange(heartbeat_, false)) link_->send(frame::encode(frame::Heartbeat{}));
  give_back_unwanted(now);
  send_batches();
  frame::Want want;
  for (std::size_t lane = 0; lane < inboxes_.size(); ++lane)
    want.up_to[lane] = inboxes_[lane].received + std::exchange(inboxes_[lane].wanted, 0);
  if (want != said_) link_->send(frame::encode(said_ = want));
  return kNever;
}

void RemoteQueue::send_batches() {
  const auto send_all = [this](auto& batch) {
    using Batch = std::remove_reference_t<decltype(batch)>;
    auto& items = batch.items;
    for (std::size_t begin = 0; begin < items.size(); begin += kFrameItems) {
      const std::size_t end = std::min(begin + kFrameItems, items.size());
      Batch part;
      part.items.assign(std::make_move_iterator(items.begin() + static_cast<std::ptrdiff_t>(begin)),
                        std::make_move_iterator(items.begin() + static_cast<std::ptrdiff_t>(end)));
      link_->send(frame::encode(std::move(part)));
    }
    items.clear();
  };
  send_all(completions_);
  send_all(releases_);
}

/// A worker that is full, paused by a breaker or draining does not come for what it asked for before.
void RemoteQueue::give_back_unwanted(SteadyTime now) {
  for (Inbox& inbox : inboxes_) {
    if (inbox.tasks.empty() || now - inbox.kept_since < kKeep) continue;
    for (const Task& task : inbox.tasks)
      releases_.items.push_back({task.order.id, task.order.fence, task.order.attempts, task.order.unresolved, {}});
    inbox.tasks.clear();
  }
}

void RemoteQueue::say_hello() {
  if (link_ && joined_) link_->send(frame::encode(hello_));
}

void RemoteQueue::hear(Event& event) {
  if (auto* opened = std::get_if<Opened>(&event)) {
    link_ = std::move(opened->link);
    say_hello();
  } else if (std::holds_alternative<Closed>(event)) {
    lapsed_ = lapsed_ || welcome_;
    welcome_ = false;
    link_.reset();
    forget_leases();
    for (Inbox& inbox : inboxes_) inbox = Inbox{};
    said_ = {};
    products_.clear();
    steer_.reset();
    steered_ = 0;
  } else if (link_) {
    std::visit([this](auto& m) { on(m); }, std::get<frame::Message>(event));
  }
}

/// What is under way is somebody else's.
void RemoteQueue::forget_leases() {
  for (const auto& [request, waiting] : waiting_) refused_.push_back(waiting);
  waiting_.clear();
  completions_.items.clear();
  releases_.items.clear();
  for (Inbox& inbox : inboxes_) inbox.tasks.clear();
  if (!refused_.empty()) loop_.wake();
}

void RemoteQueue::on(frame::Welcome& m) {
  welcome_ = true;
  log::info("joined", {{"worker", m.id}, {"lease_ttl_ms", m.lease_ttl.count()}});
}

void RemoteQueue::on(frame::Refused& m) {
  {
    const std::lock_guard lock(mutex_);
    fault_ = "the server refuses this worker: " + m.reason;
  }
  link_->close();
}

void RemoteQueue::on(frame::Product& m) {
  constexpr std::size_t kProductsMax = 1'000'000;
  const std::size_t index = index_of(m.ref);
  if (index >= kProductsMax) return break_off("a product beyond all bounds");
  if (products_.size() <= index) products_.resize(index + 1);
  products_[index] = std::move(m.spec);
}

void RemoteQueue::on(frame::Orders& m) {
  for (const auto& [order, caller] : m.items) {
    const std::size_t index = index_of(order.product);
    if (index >= products_.size() || !products_[index]) return break_off("an order of an unknown product");
    Inbox& inbox = inboxes_[static_cast<std::size_t>(order.lane)];
    if (inbox.tasks.empty()) inbox.kept_since = clock_.steady();
    inbox.tasks.push_back({order, products_[index], caller});
    ++inbox.received;
  }
}

void RemoteQueue::on(frame::Answers& m) {
  for (const frame::Answers::Item& answer : m.items) {
    const auto at = waiting_.find(answer.request);
    if (at == waiting_.end()) continue;  // of before the leases lapsed
    const Waiting waiting = at->second;
    waiting_.erase(at);
    waiting.sink->completed(waiting.token, answer.outcome);
  }
}

void RemoteQueue::on(frame::Lapsed&) {
  log::warn("leases_lapsed", {{"reason", "this worker was silent for longer than the server waits"}});
  lapsed_ = true;
  forget_leases();
}

void RemoteQueue::on(frame::Steer& m) {
  steer_ = m;
}

void RemoteQueue::break_off(const std::string& why) {
  log::error("server_not_understood", {{"reason", why}});
  if (link_) link_->close();
}

}  // namespace scalemart
