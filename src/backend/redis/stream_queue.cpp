#include "backend/redis/stream_queue.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace scalemart {
namespace {

constexpr std::size_t kBegin = 0;  // Completion's alternatives
constexpr std::size_t kConfirm = 1;
constexpr std::size_t kFinishStep = 3;
static_assert(std::is_same_v<std::variant_alternative_t<kBegin, Completion>, Begin>);
static_assert(std::is_same_v<std::variant_alternative_t<kConfirm, Completion>, Confirm>);
static_assert(std::is_same_v<std::variant_alternative_t<kFinishStep, Completion>, FinishStep>);

/// Nothing is decided, or nobody knows: a completion may be repeated.
bool may_try_again(Outcome outcome) {
  return outcome == Outcome::overloaded || outcome == Outcome::read_only || outcome == Outcome::unavailable ||
         outcome == Outcome::unknown;
}

Step step_of(const Completion& completion) {
  const auto* finish = std::get_if<FinishStep>(&completion);
  return finish == nullptr ? Step::payment : finish->step;
}

}  // namespace

StreamQueue::StreamQueue(OrderStreams streams, StreamQueueParts parts, StreamQueueSettings settings)
    : streams_(std::move(streams)),
      parts_(std::move(parts)),
      settings_(std::move(settings)),
      pause_(settings_.poll_min) {
  SCALEMART_CHECK(!settings_.process.empty() && settings_.batch_max > 0);
  reclaim_at_.resize(streams_.partitions());
}

StreamQueue::~StreamQueue() {
  stop(std::chrono::milliseconds(0));
}

WorkerRef StreamQueue::join(std::string_view name) {
  const std::lock_guard lock(mutex_);
  Member& member = members_.emplace_back();
  member.consumer = settings_.process + "/" + std::string(name) + "/" + std::to_string(members_.size());
  return static_cast<WorkerRef>(members_.size() - 1);
}

void StreamQueue::give_back_all(WorkerRef worker) {
  std::vector<OrderId> mine;
  for (const auto& [id, lease] : leases_)
    if (lease.worker == worker) mine.push_back(id);
  for (const OrderId id : mine) {
    const auto at = leases_.find(id);
    if (at->second.pending) {
      at->second.left = true;  // decided() or refused() finds it a place
    } else {
      give_back(at);
    }
  }
}

void StreamQueue::leave(WorkerRef worker) {
  give_back_all(worker);
  const std::lock_guard lock(mutex_);
  Member& member = members_.at(worker);
  member.present = false;
  member.wanted = {};
  for (auto& lane : member.fetched) {
    for (Fetched& fetched : lane) put_backs_.push_back({member.consumer, std::move(fetched.stream), {}});
    lane.clear();
  }
  news_.notify_all();
}

std::size_t StreamQueue::lease(WorkerRef worker, Lane lane, std::size_t max, std::vector<Task>& out) {
  std::size_t given = 0;
  const std::lock_guard lock(mutex_);
  Member& member = members_.at(worker);
  if (!member.present) return 0;
  auto& fetched = member.fetched[static_cast<std::size_t>(lane)];
  for (; given < max && !fetched.empty(); ++given) {
    Fetched next = std::move(fetched.front());
    fetched.pop_front();
    out.push_back({next.stream.order, std::move(next.product)});
    Lease lease{std::move(next.stream), worker};
    const OrderId id = lease.stream.order.id;
    // Who had it here has lost it: his completions are refused from now on.
    if (const auto old = leases_.find(id); old != leases_.end() && old->second.worker != worker)
      members_[old->second.worker].drop(old->second.stream);
    leases_.insert_or_assign(id, std::move(lease));
  }
  std::size_t& wanted = member.wanted[static_cast<std::size_t>(lane)];
  const bool more = max - given > wanted;
  wanted = max - given;
  if (more) news_.notify_all();
  return given;
}

bool StreamQueue::heartbeat(WorkerRef worker) {
  bool lapsed = false;
  {
    const std::lock_guard lock(mutex_);
    Member& member = members_.at(worker);
    member.beat = true;
    lapsed = std::exchange(member.lapsed, false);
    news_.notify_all();
  }
  // The worker drops all it has: what is still its own, others may have.
  if (lapsed) give_back_all(worker);
  return !lapsed;
}

bool StreamQueue::complete(WorkerRef worker, Completion completion, CompletionSink& sink, std::uint64_t token) {
  const auto [order, fence] = std::visit([](const auto& c) { return std::pair(c.order, c.fence); }, completion);
  const auto at = leases_.find(order);
  if (at == leases_.end() || at->second.worker != worker || at->second.left || at->second.stream.order.fence != fence) {
    stale_.emplace_back(&sink, token);
    parts_.wake();
    return true;
  }
  const Pending pending{&sink, token, order, fence, completion.index(), step_of(completion)};
  Ticket ticket;
  ticket.command = std::visit([](auto&& c) { return Command(std::move(c)); }, std::move(completion));
  ticket.sink = this;
  ticket.token = next_token_++;
  const std::uint64_t number = ticket.token;
  pending_.emplace(number, pending);
  if (!parts_.ledger.submit(std::move(ticket))) {
    pending_.erase(number);
    return false;
  }
  // submit() may answer before it returns, but answers are only picked up in turn(): `at` is still good.
  at->second.pending = true;
  return true;
}

void StreamQueue::release(WorkerRef worker, OrderId order, std::uint32_t fence, std::uint16_t attempts, bool unresolved,
                          std::chrono::nanoseconds delay) {
  const auto at = leases_.find(order);
  if (at == leases_.end() || at->second.worker != worker || at->second.left || at->second.stream.order.fence != fence)
    return;
  SCALEMART_CHECK(!at->second.pending);  // A worker that waits for an answer is not at a step's boundary.
  at->second.stream.order.attempts = attempts;
  at->second.stream.order.unresolved = unresolved;
  put_back(at, std::chrono::ceil<std::chrono::milliseconds>(std::max(delay, std::chrono::nanoseconds(0))));
}

void StreamQueue::answers(std::span<const AnswerSink::Item> items) noexcept {
  {
    const std::lock_guard lock(answers_mutex_);
    answers_.insert(answers_.end(), items.begin(), items.end());
  }
  parts_.wake();
}

void StreamQueue::turn() {
  std::vector<AnswerSink::Item> answers;
  {
    const std::lock_guard lock(answers_mutex_);
    answers.swap(answers_);
  }
  for (const AnswerSink::Item& item : answers) answered(item);
  for (const auto& [sink, token] : std::exchange(stale_, {})) sink->completed(token, Outcome::stale_fence);
}

void StreamQueue::answered(const AnswerSink::Item& item) {
  const auto found = pending_.find(item.token);
  SCALEMART_CHECK(found != pending_.end());
  const Pending pending = found->second;
  pending_.erase(found);
  const Outcome outcome = item.answer.outcome;
  const auto at = leases_.find(pending.order);
  if (at != leases_.end() && at->second.stream.order.fence == pending.fence) {
    at->second.pending = false;
    outcome == Outcome::done ? decided(pending, at) : refused(pending, outcome, at);
  }
  pending.sink->completed(pending.token, may_try_again(outcome) ? Outcome::overloaded : outcome);
}

void StreamQueue::decided(const Pending& pending, Leases::iterator at) {
  OpenOrder& order = at->second.stream.order;
  if (pending.kind == kBegin || (pending.kind == kFinishStep && pending.step != Step::mail)) {
    order.begun = order.begun || pending.kind == kBegin;
    order.invoice_done = order.invoice_done || pending.step == Step::invoice;
    if (at->second.left) give_back(at);
    return;
  }
  if (pending.kind != kConfirm) return finish(at, std::nullopt);
  OpenOrder paper = order;
  paper.lane = Lane::paper;
  paper.confirmed = parts_.clock.wall();
  paper.attempts = 0;
  paper.unresolved = false;
  // Its holder has nothing more to do with it: the papers go on under the same fence.
  finish(at, paper);
}

void StreamQueue::refused(const Pending& pending, Outcome outcome, Leases::iterator at) {
  if (may_try_again(outcome) || outcome == Outcome::invalid_value) {
    if (at->second.left) give_back(at);
    return;
  }
  if (outcome != Outcome::stale_fence) return finish(at, std::nullopt);
  // A greater fence is in the record. At its beginning nothing was done: it is tried beyond that one. Later on
  // somebody else has the order, and with it the entry.
  if (pending.kind == kBegin) return give_back(at);
  forget(at);
}

/// The order of a holder that may still believe it has it: under another fence.
void StreamQueue::give_back(Leases::iterator at) {
  OpenOrder& order = at->second.stream.order;
  order.begun = false;
  if (order.lane == Lane::sale) order.unresolved = true;
  put_back(at, std::chrono::milliseconds(0));
}

void StreamQueue::put_back(Leases::iterator at, std::chrono::milliseconds delay) {
  const std::lock_guard lock(mutex_);
  Member& member = members_[at->second.worker];
  // An entry that was lost is not ours to put anywhere.
  if (member.drop(at->second.stream)) put_backs_.push_back({member.consumer, std::move(at->second.stream), delay});
  leases_.erase(at);
  news_.notify_all();
}

void StreamQueue::finish(Leases::iterator at, std::optional<OpenOrder> paper) {
  const StreamLease& stream = at->second.stream;
  const std::lock_guard lock(mutex_);
  members_[at->second.worker].drop(stream);
  finished_[{stream.partition, stream.order.lane}].push_back({stream.entry, stream.order.id, std::move(paper)});
  leases_.erase(at);
  news_.notify_all();
}

void StreamQueue::forget(Leases::iterator at) {
  const std::lock_guard lock(mutex_);
  members_[at->second.worker].drop(at->second.stream);
  leases_.erase(at);
}

}  // namespace scalemart
