#include "fulfilment/dispatcher.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace scalemart {
namespace {

constexpr std::size_t kBegin = 0;  // Completion's alternatives
constexpr std::size_t kConfirm = 1;
static_assert(std::is_same_v<std::variant_alternative_t<kBegin, Completion>, Begin>);
constexpr std::size_t kFinishStep = 3;
static_assert(std::is_same_v<std::variant_alternative_t<kFinishStep, Completion>, FinishStep>);
static_assert(std::is_same_v<std::variant_alternative_t<kConfirm, Completion>, Confirm>);

bool later_sequence(const OpenOrder& a, const OpenOrder& b) {
  return a.sequence > b.sequence;
}

}  // namespace

Dispatcher::Dispatcher(SaleLedger& ledger, FulfilmentLoop& loop, const Clock& clock, DispatcherSettings settings)
    : ledger_(ledger), loop_(loop), clock_(clock), settings_(settings) {}

void Dispatcher::observe(std::span<const Record> records) {
  if (feed_.put(records)) loop_.wake();
}

void Dispatcher::answers(std::span<const AnswerSink::Item> items) noexcept {
  if (feed_.put(items)) loop_.wake();
}

void Dispatcher::restore_product(ProductRef product, std::shared_ptr<const ProductSpec> spec) {
  if (index_of(product) >= products_.size()) products_.resize(index_of(product) + 1);
  products_[index_of(product)] = std::move(spec);
}

void Dispatcher::restore(OpenOrder order) {
  order.begun = false;
  order.attempts = 0;
  if (order.lane == Lane::paper && order.invoice_done) {
    make_ready(order);
  } else {
    take_in(order);
  }
}

void Dispatcher::take_in(OpenOrder order) {
  if (is_awaited(order)) return await_buyer(order);
  queue(order.lane).fresh.push_back(order);
}

void Dispatcher::restore(DeadLetter letter) {
  letter.order.begun = false;
  const OrderId id = letter.order.id;
  dead_.insert_or_assign(id, std::move(letter));
}

// --- leases

WorkerRef Dispatcher::join(std::string_view name) {
  Member member{std::string(name), clock_.steady() + settings_.lease_ttl, true, false};
  const auto place = std::find_if(members_.begin(), members_.end(), [](const Member& m) { return m.left; });
  const auto ref = static_cast<WorkerRef>(place - members_.begin());
  place == members_.end() ? members_.push_back(std::move(member)) : static_cast<void>(*place = std::move(member));
  return ref;
}

void Dispatcher::leave(WorkerRef worker) {
  Member& member = members_.at(worker);
  member.present = false;
  member.left = true;
  lapse(worker);
}

bool Dispatcher::heartbeat(WorkerRef worker) {
  Member& member = members_.at(worker);
  if (member.left) return false;
  const bool held = member.present;
  member.present = true;
  member.deadline = clock_.steady() + settings_.lease_ttl;
  return held;
}

bool Dispatcher::pop(Lane lane, OpenOrder& out) {
  Queue& q = queue(lane);
  for (;;) {
    if (!q.ready.empty()) {
      std::pop_heap(q.ready.begin(), q.ready.end(), later_sequence);
      out = q.ready.back();
      q.ready.pop_back();
    } else if (!q.fresh.empty()) {
      out = q.fresh.front();
      q.fresh.pop_front();
    } else {
      return false;
    }
    if (lane == Lane::paper && out.invoice_done) --mail_waiting_;
    if (lane == Lane::sale) awaited_.erase(out.id);
    if (gone_.empty() || lane == Lane::paper || gone_.erase(out.id) == 0) return true;
  }
}

std::size_t Dispatcher::lease(WorkerRef worker, Lane lane, std::size_t max, std::vector<Task>& out) {
  if (paused_ || !members_.at(worker).present) return 0;
  std::size_t given = 0;
  for (OpenOrder order; given < max && pop(lane, order); ++given) {
    // A fence is new unless its holder gave the order back by itself and so has nothing under way.
    if (!order.begun) ++order.fence;
    Lease lease{order, worker, order.step(), false};
    ++in_flight_[static_cast<std::size_t>(lease.stage)];
    out.push_back(
        {order, product(order.product), settings_.traces != nullptr ? settings_.traces->find(order.id) : std::nullopt});
    leases_.insert_or_assign(order.id, lease);
  }
  return given;
}

bool Dispatcher::complete(WorkerRef worker, Completion completion, CompletionSink& sink, std::uint64_t token) {
  const auto [order, fence] = std::visit([](const auto& c) { return std::pair(c.order, c.fence); }, completion);
  const auto at = leases_.find(order);
  // One at a time: the answer to a second one might end a lease that is somebody else's by then.
  if (at == leases_.end() || at->second.worker != worker || at->second.order.fence != fence || at->second.pending) {
    refused_.push_back({&sink, token});
    loop_.wake();
    return true;
  }
  const std::size_t kind = completion.index();
  Ticket ticket;
  ticket.command = std::visit([](auto&& c) { return Command(std::move(c)); }, std::move(completion));
  ticket.sink = this;
  ticket.token = park_pending({&sink, token, order, kind, {}, 0});
  const auto slot = static_cast<std::uint32_t>(ticket.token);
  if (!ledger_.submit(std::move(ticket))) {
    pending_[slot] = Pending{};
    pending_[slot].next_free = std::exchange(free_pending_, slot);
    return false;
  }
  // submit() may answer before it returns, but answers are only picked up in turn(): `at` is still good.
  at->second.pending = true;
  if (kind == kConfirm) set_stage(at->second, Step::confirm);
  return true;
}

void Dispatcher::release(WorkerRef worker, OrderId order, std::uint32_t fence, std::uint16_t attempts, bool unresolved,
                         std::chrono::nanoseconds delay) {
  const auto at = leases_.find(order);
  if (at == leases_.end() || at->second.worker != worker || at->second.order.fence != fence) return;
  if (at->second.pending) return;  // A worker that waits for an answer is not at a step's boundary.
  Lease lease = at->second;
  end_lease(at);
  lease.order.attempts = attempts;
  lease.order.unresolved = unresolved;
  if (is_awaited(lease.order)) return await_buyer(lease.order);
  if (delay.count() <= 0) {
    make_ready(lease.order);
  } else {
    make_delayed(lease.order, clock_.steady() + delay);
  }
}

void Dispatcher::lapse(WorkerRef worker) {
  std::vector<OrderId> lost;
  for (auto& [id, lease] : leases_)
    if (lease.worker == worker) lost.push_back(id);
  for (const OrderId id : lost) {
    const auto at = leases_.find(id);
    at->second.worker = kNobody;
    if (at->second.pending) continue;  // decided() or a record finds it a place
    const Lease lease = at->second;
    end_lease(at);
    give_back(lease);
  }
}

/// The order of a holder that may still believe it has it.
void Dispatcher::give_back(Lease lease) {
  if (lease.order.begun && lease.order.lane == Lane::sale) lease.order.unresolved = true;
  const bool awaited = is_awaited(lease.order);
  lease.order.begun = false;
  awaited ? await_buyer(lease.order) : make_ready(lease.order);
}

void Dispatcher::set_stage(Lease& lease, Step stage) {
  --in_flight_[static_cast<std::size_t>(lease.stage)];
  lease.stage = stage;
  ++in_flight_[static_cast<std::size_t>(stage)];
}

void Dispatcher::end_lease(Leases::iterator at) {
  --in_flight_[static_cast<std::size_t>(at->second.stage)];
  leases_.erase(at);
}

void Dispatcher::make_ready(OpenOrder order) {
  Queue& q = queue(order.lane);
  if (order.lane == Lane::paper && order.invoice_done) ++mail_waiting_;
  q.ready.push_back(order);
  std::push_heap(q.ready.begin(), q.ready.end(), later_sequence);
}

void Dispatcher::make_delayed(OpenOrder order, SteadyTime due) {
  Queue& q = queue(order.lane);
  if (order.lane == Lane::paper && order.invoice_done) ++mail_waiting_;
  q.delayed.push_back({due, order});
  std::push_heap(q.delayed.begin(), q.delayed.end(), [](const auto& a, const auto& b) { return a.due > b.due; });
  if (q.delayed.front().order.id == order.id) loop_.wake();  // the loop sleeps until a later time
}

void Dispatcher::promote_due(SteadyTime now) {
  for (Queue& q : queues_) {
    while (!q.delayed.empty() && q.delayed.front().due <= now) {
      std::pop_heap(q.delayed.begin(), q.delayed.end(), [](const auto& a, const auto& b) { return a.due > b.due; });
      q.ready.push_back(q.delayed.back().order);
      q.delayed.pop_back();
      std::push_heap(q.ready.begin(), q.ready.end(), later_sequence);
    }
  }
}

// --- what the ledger decided

SteadyTime Dispatcher::turn(SteadyTime now) {
  OrderFeed::Batch batch = feed_.take();
  batch.accepted.each([this](OpenOrder& order) { take_in(order); });
  batch.events.each([this](OrderFeed::Event& event) { apply(event); });
  batch.answers.each([this](AnswerSink::Item& item) { answered(item); });
  for (const Refused& refused : std::exchange(refused_, {}))
    refused.sink->completed(refused.token, Outcome::stale_fence);

  SteadyTime next = kNever;
  for (WorkerRef worker = 0; worker < members_.size(); ++worker) {
    Member& member = members_[worker];
    if (!member.present) continue;
    if (member.deadline <= now) {
      member.present = false;
      lapse(worker);
    } else {
      next = std::min(next, member.deadline);
    }
  }
  promote_due(now);
  next = std::min(next, end_waits(now));
  for (const Queue& q : queues_)
    if (!q.delayed.empty()) next = std::min(next, q.delayed.front().due);
  Queue& sale = queue(Lane::sale);
  while (!gone_.empty() && !sale.fresh.empty() && gone_.erase(sale.fresh.front().id) > 0) sale.fresh.pop_front();
  if (sale.fresh.empty() && sale.ready.empty()) gone_.clear();
  return next;
}

void Dispatcher::apply(OrderFeed::Event& event) {
  using Kind = OrderFeed::Event::Kind;
  if (event.kind == Kind::product) return restore_product(event.product, std::move(event.spec));
  if (const auto at = leases_.find(event.order); at != leases_.end()) return apply_to_lease(event, at);
  if (apply_to_awaited(event)) return;
  if (event.kind == Kind::gone) {
    gone_.insert(event.order);
    return;
  }
  apply_to_dead(event);
}

void Dispatcher::apply_to_lease(OrderFeed::Event& event, Leases::iterator at) {
  using Kind = OrderFeed::Event::Kind;
  Lease lease = at->second;
  switch (event.kind) {
    case Kind::confirmed:
      finished(Step::payment);
      finished(Step::confirm);
      end_lease(at);
      lease.order.lane = Lane::paper;
      lease.order.confirmed = event.at;
      lease.order.attempts = 0;
      lease.order.unresolved = false;
      // Its holder has nothing more to do with it: the papers go on under the same fence.
      queue(Lane::paper).fresh.push_back(lease.order);
      break;
    case Kind::step_finished:
      finished(event.step);
      if (event.step == Step::mail) {
        end_lease(at);
        break;
      }
      at->second.order.invoice_done = true;
      at->second.order.attempts = 0;
      at->second.pending = false;
      set_stage(at->second, Step::mail);
      if (at->second.worker == kNobody) {
        lease = at->second;
        end_lease(at);
        give_back(lease);
      }
      break;
    case Kind::parked:
      end_lease(at);
      dead_.insert_or_assign(event.order,
                             DeadLetter{lease.order, event.step, event.attempts, std::move(event.reason), event.at});
      break;
    case Kind::failed:
      declined_.add(clock_.steady());
      end_lease(at);
      break;
    case Kind::gone:
    case Kind::refunded:
      end_lease(at);
      break;
    case Kind::product:
    case Kind::unparked:
      break;
  }
}

void Dispatcher::apply_to_dead(OrderFeed::Event& event) {
  using Kind = OrderFeed::Event::Kind;
  const auto at = dead_.find(event.order);
  if (at == dead_.end()) return;
  OpenOrder order = at->second.order;
  order.attempts = 0;
  order.unresolved = order.lane == Lane::sale;
  switch (event.kind) {
    case Kind::unparked:
      make_ready(order);
      break;
    case Kind::step_finished:  // skipped by an administrator
      order.invoice_done = true;
      if (event.step == Step::invoice) make_ready(order);
      break;
    case Kind::failed:
    case Kind::refunded:
      break;
    default:
      return;
  }
  dead_.erase(at);
}

std::uint32_t Dispatcher::park_pending(Pending pending) {
  if (free_pending_ == UINT32_MAX) {
    pending_.push_back(std::move(pending));
    return static_cast<std::uint32_t>(pending_.size() - 1);
  }
  const std::uint32_t slot = free_pending_;
  free_pending_ = pending_[slot].next_free;
  pending_[slot] = std::move(pending);
  return slot;
}

void Dispatcher::answered(const AnswerSink::Item& item) {
  const auto slot = static_cast<std::uint32_t>(item.token);
  Pending pending = std::exchange(pending_.at(slot), Pending{});
  pending_[slot].next_free = std::exchange(free_pending_, slot);
  if (pending.done) {
    pending.done(item.answer.outcome);
    return;
  }
  decided(pending, item.answer.outcome);
  pending.sink->completed(pending.token, item.answer.outcome);
}

void Dispatcher::decided(const Pending& pending, Outcome outcome) {
  const auto at = leases_.find(pending.order);
  if (at == leases_.end()) return;
  Lease& lease = at->second;
  const bool is_begin = pending.kind == kBegin;
  if (outcome == Outcome::done) {
    if (!is_begin) {
      // Observers hear of records before answers are given: the record has moved the order by now, unless
      // there was none because the step was finished already.
      if (pending.kind != kFinishStep || !lease.pending) return;
      OrderFeed::Event event;
      event.kind = OrderFeed::Event::Kind::step_finished;
      event.step = lease.order.step();
      event.order = pending.order;
      return apply_to_lease(event, at);
    }
    lease.pending = false;
    lease.order.begun = true;
  } else {
    lease.pending = false;
    // Nothing happened, or the completion itself was wrong: the order is still its holder's.
    const bool try_again =
        outcome == Outcome::overloaded || outcome == Outcome::read_only || outcome == Outcome::invalid_value;
    if (try_again && lease.worker != kNobody) return;
    if (!try_again && !(is_begin && outcome == Outcome::stale_fence)) return end_lease(at);
    lease.worker = kNobody;  // a greater fence is in the ledger: ours must grow beyond it
  }
  if (lease.worker == kNobody) {
    const Lease lost = lease;
    end_lease(at);
    give_back(lost);
  }
}

}  // namespace scalemart
