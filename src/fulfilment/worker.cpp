#include "fulfilment/worker.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace scalemart {

Worker::Worker(OrderQueue& queue, FulfilmentLoop& loop, PaymentProvider& payments, PaperDesk& papers,
               const Clock& clock, Random& random, WorkerSettings settings, StepHook hook)
    : queue_(queue),
      loop_(loop),
      payments_(payments),
      papers_(papers),
      clock_(clock),
      random_(random),
      settings_(std::move(settings)),
      hook_(std::move(hook)),
      self_(queue.join(settings_.name)),
      breakers_{Breaker(settings_.breaker), Breaker(settings_.breaker), Breaker(settings_.breaker),
                Breaker(settings_.breaker)} {
  SCALEMART_CHECK(settings_.history > 0);
  set_concurrency(settings_.concurrency);
}

// --- the round

SteadyTime Worker::turn(SteadyTime now) {
  if (now >= heartbeat_at_) {
    if (!left_ && !queue_.heartbeat(self_)) drop_everything();
    heartbeat_at_ = now + settings_.heartbeat_every;
  }
  take_answers();
  if (now >= resubmit_at_) {
    resubmit_at_ = kNever;
    for (auto unsent = std::exchange(unsent_, {}); const std::uint64_t token : unsent)
      if (Slot* slot = find(token)) try_submit(*slot, token);
  }
  if (!paused_ && !draining_) take_tasks(now);
  SteadyTime next = std::min({heartbeat_at_, resubmit_at_, watch(now), scale(now)});
  for (const Breaker& b : breakers_)
    if (b.state() != BreakerState::closed && b.next_probe() > now) next = std::min(next, b.next_probe());
  return next;
}

void Worker::take_answers() {
  std::vector<PaymentAnswer> payments;
  std::vector<PaperAnswer> papers;
  {
    const std::lock_guard lock(mailbox_mutex_);
    payments.swap(payment_answers_);
    papers.swap(paper_answers_);
  }
  for (PaymentAnswer& answer : payments)
    if (Slot* slot = find(answer.token)) paid(*slot, std::move(answer.result));
  for (PaperAnswer& answer : papers)
    if (Slot* slot = find(answer.token)) papered(*slot, std::move(answer.result));
}

/// Both dependencies of a lane must let a call through.
std::size_t Worker::permits(Lane lane, SteadyTime now, std::size_t wanted) {
  if (lane == Lane::sale) return breaker(Step::payment).permit(now, wanted);
  const std::size_t invoices = breaker(Step::invoice).permit(now, wanted);
  const std::size_t mails = breaker(Step::mail).permit(now, invoices);
  if (mails == 0 && invoices > 0) breaker(Step::invoice).neither();
  return mails;
}

void Worker::return_permit(Lane lane) {
  if (lane == Lane::sale) return breaker(Step::payment).neither();
  breaker(Step::invoice).neither();
  breaker(Step::mail).neither();
}

/// True when there may be more to take at once.
bool Worker::take_lane(Lane lane, SteadyTime now) {
  const std::uint32_t used = lane == Lane::sale ? sale_used_ : paper_used_;
  const std::uint32_t limit = lane == Lane::sale ? scaling_.concurrency : settings_.papers_max;
  if (used >= limit) return false;
  const std::size_t room = std::min(limit - used, settings_.lease_batch);
  const std::size_t allowed = permits(lane, now, room);
  if (allowed == 0) return false;
  const bool probing = lane == Lane::sale ? !breaker(Step::payment).closed()
                                          : !breaker(Step::invoice).closed() || !breaker(Step::mail).closed();
  leased_.clear();
  const std::size_t count = queue_.lease(self_, lane, allowed, leased_);
  if (count == 0 && probing) return_permit(lane);
  for (Task& task : leased_) {
    note_taken(task.order);
    Slot& slot = take(std::move(task));
    slot.probing = probing;
    proceed(slot);
  }
  return count == settings_.lease_batch && used + count < limit;
}

void Worker::take_tasks(SteadyTime now) {
  const bool more = take_lane(Lane::sale, now);
  take_lane(Lane::paper, now);
  if (more) loop_.wake();
}

SteadyTime Worker::watch(SteadyTime now) {
  SteadyTime next = kNever;
  for (auto* watched : {&payment_watch_, &paper_watch_}) {
    while (!watched->empty()) {
      const Watch first = watched->front();
      Slot* slot = find(first.token);
      if (slot && first.deadline > now) {
        next = std::min(next, first.deadline);
        break;
      }
      watched->pop_front();
      if (!slot) continue;
      if (watched == &payment_watch_) {
        paid(*slot, {PaymentOutcome::unknown, {}, "no answer"});
      } else {
        papered(*slot, {PaperOutcome::unavailable, "no answer"});
      }
    }
  }
  return next;
}

void Worker::drop_everything() {
  for (Slot& slot : slots_) {
    if (slot.stage == Stage::idle) continue;
    ++lost_;
    free(slot);
  }
  unsent_.clear();
}

void Worker::abandon() {
  draining_ = left_ = true;
  const std::uint64_t lost = lost_;
  drop_everything();
  lost_ = lost;  // given back, not lost
  queue_.leave(self_);
}

// --- slots

Worker::Slot* Worker::find(std::uint64_t token) {
  Slot& slot = slots_[static_cast<std::uint32_t>(token)];
  return slot.stage != Stage::idle && slot.generation == static_cast<std::uint32_t>(token >> 32) ? &slot : nullptr;
}

Worker::Slot& Worker::take(Task task) {
  if (free_.empty()) {
    slots_.emplace_back();
    slots_.back().generation = 1;
    slots_.back().since = {};
    free_.push_back(static_cast<std::uint32_t>(slots_.size() - 1));
  }
  Slot& slot = slots_[free_.back()];
  slot.task = std::move(task);
  slot.stage = Stage::begin;
  slot.since = clock_.steady();
  ++(slot.task.order.lane == Lane::sale ? sale_used_ : paper_used_);
  slot.index = free_.back();
  free_.pop_back();
  return slot;
}

void Worker::free(Slot& slot) {
  const bool sale = slot.task.order.lane == Lane::sale;
  if (slot.probing) return_permit(slot.task.order.lane);
  --(sale ? sale_used_ : paper_used_);
  const std::uint32_t index = slot.index;
  const std::uint32_t generation = slot.generation + 1;
  slot = Slot{};
  slot.generation = generation;
  slot.index = index;
  free_.push_back(index);
}

/// A new call of this slot; answers to earlier ones find nobody.
std::uint64_t Worker::call(Slot& slot, Stage stage) {
  slot.stage = stage;
  ++slot.generation;
  return (static_cast<std::uint64_t>(slot.generation) << 32) | slot.index;
}

// --- the ledger's side

void Worker::submit(Slot& slot, Stage stage) {
  try_submit(slot, call(slot, stage));
}

bool Worker::try_submit(Slot& slot, std::uint64_t token) {
  const OpenOrder& o = slot.task.order;
  const auto completion = [&]() -> Completion {
    switch (slot.stage) {
      case Stage::begin:
        return Begin{o.id, o.fence};
      case Stage::confirm:
        return Confirm{o.id, o.fence, slot.text};
      case Stage::decline:
        return Decline{o.id, o.fence, buyer_pays() ? StatusReason::hold_expired : StatusReason::payment_declined};
      case Stage::invoiced:
        return FinishStep{o.id, o.fence, Step::invoice};
      case Stage::mailed:
        return FinishStep{o.id, o.fence, Step::mail};
      default:
        break;
    }
    SCALEMART_CHECK(slot.stage == Stage::park);
    return Park{o.id, o.fence, o.step(), o.attempts, slot.text};
  };
  if (queue_.complete(self_, completion(), *this, token)) return true;
  unsent_.push_back(token);
  resubmit_at_ = std::min(resubmit_at_, clock_.steady() + settings_.resubmit_after);
  return false;
}

void Worker::completed(std::uint64_t token, Outcome outcome) {
  Slot* slot = find(token);
  if (!slot) return;
  if (outcome == Outcome::overloaded || outcome == Outcome::read_only) {
    unsent_.push_back(token);
    resubmit_at_ = std::min(resubmit_at_, clock_.steady() + settings_.resubmit_after);
    return;
  }
  if (outcome == Outcome::invalid_value && slot->stage != Stage::park) {
    slot->text = "the ledger refused a completion as invalid: " + slot->text.substr(0, 100);
    return submit(*slot, Stage::park);
  }
  if (outcome != Outcome::done) {
    ++lost_;
    return free(*slot);
  }
  switch (slot->stage) {
    case Stage::begin:
      slot->task.order.begun = true;
      return proceed(*slot);
    case Stage::confirm:
      ++confirmed_;
      ended(*slot, Step::confirm, FinishedStep::Result::done);
      return free(*slot);
    case Stage::decline:
      ++declined_;
      return free(*slot);
    case Stage::invoiced:
      slot->task.order.invoice_done = true;
      slot->task.order.attempts = 0;
      return send_mail(*slot);
    case Stage::mailed:
      ++papers_done_;
      return free(*slot);
    case Stage::park:
      ++parked_;
      return free(*slot);
    default:
      SCALEMART_CHECK(false && "an answer to a step that asks the ledger nothing");
  }
}

void Worker::proceed(Slot& slot) {
  const OpenOrder& order = slot.task.order;
  if (order.lane == Lane::sale && buyer_pays()) {
    // Until then it is its buyer's and the gateways' (flow/checkout.hpp): a worker would only be in their way.
    const std::chrono::milliseconds left{(order.created + settings_.pay_within).ms - clock_.wall().ms};
    if (left.count() > 0) {
      queue_.release(self_, order.id, order.fence, order.attempts, order.unresolved, left);
      return free(slot);
    }
  }
  if (!order.begun) return submit(slot, Stage::begin);
  if (order.lane == Lane::sale) return pay(slot);
  order.invoice_done ? send_mail(slot) : make_invoice(slot);
}

// --- payment

void Worker::pay(Slot& slot) {
  slot.since = clock_.steady();
  if (buyer_pays()) return withdraw(slot);
  if (!slot.task.order.unresolved) return charge(slot);
  auto [request, reply] = ask_bank(slot, Stage::lookup);
  payments_.lookup(std::move(request), reply);
}

void Worker::post(std::uint64_t token, PaymentResult result) {
  bool first = false;
  {
    const std::lock_guard lock(mailbox_mutex_);
    first = payment_answers_.empty();
    payment_answers_.push_back({token, std::move(result)});
  }
  if (first) loop_.wake();
}

void Worker::paid(Slot& slot, PaymentResult result) {
  using enum PaymentOutcome;
  const bool asked = slot.stage == Stage::lookup;
  judge(breaker(Step::payment), is_decision(result.outcome), result.outcome == misconfigured);
  OpenOrder& order = slot.task.order;
  switch (result.outcome) {
    case approved:
      order.unresolved = false;
      slot.text = std::move(result.reference);
      ended(slot, Step::payment, FinishedStep::Result::done);
      slot.since = clock_.steady();
      return submit(slot, Stage::confirm);
    case declined:
      ended(slot, Step::payment, FinishedStep::Result::declined, std::move(result.detail));
      return submit(slot, Stage::decline);
    case not_found:
      if (asked) {
        order.unresolved = false;
        return charge(slot);
      }
      return fail(slot, Step::payment, "the provider does not know the payment", false);
    case rejected:
      return fail(slot, Step::payment, std::move(result.detail), true);
    case in_progress:
    case unknown:
      // A lookup that got no answer says nothing new; a charge without one may have taken the money.
      order.unresolved = true;
      break;
    case unavailable:
    case misconfigured:
      break;
  }
  fail(slot, Step::payment, std::string(to_text(result.outcome)) + ": " + result.detail, false);
}

// --- failures

void Worker::judge(Breaker& breaker, bool good, bool fatal) {
  const SteadyTime now = clock_.steady();
  if (fatal) {
    breaker.trip(now);
  } else if (good) {
    breaker.success(now);
  } else {
    breaker.failure(now);
  }
}

void Worker::fail(Slot& slot, Step step, std::string reason, bool hopeless) {
  OpenOrder& order = slot.task.order;
  ++order.attempts;
  if (hopeless || settings_.retry.gives_up_after(order.attempts)) {
    ended(slot, step, FinishedStep::Result::parked, reason);
    reason.resize(std::min(reason.size(), kReasonMax));
    slot.text = std::move(reason);
    return submit(slot, Stage::park);
  }
  ++retries_;
  ended(slot, step, FinishedStep::Result::retried, std::move(reason));
  queue_.release(self_, order.id, order.fence, order.attempts, order.unresolved,
                 settings_.retry.delay(order.attempts, random_));
  free(slot);
}

void Worker::ended(const Slot& slot, Step step, FinishedStep::Result result, std::string detail) {
  // A failure was counted before it is told of; what came to its end was one more attempt.
  const bool counted = result == FinishedStep::Result::retried || result == FinishedStep::Result::parked;
  const auto attempt = static_cast<std::uint16_t>(slot.task.order.attempts + (counted ? 0 : 1));
  FinishedStep entry{slot.task.order.id,           step,          result,           attempt,
                     clock_.steady() - slot.since, clock_.wall(), std::move(detail)};
  if (counted) {
    last_error_ = entry.detail.substr(0, kErrorMax);
    last_error_at_ = entry.at;
  }
  tell(slot, entry);
  if (hook_) hook_(entry);
  if (!is_news(entry)) return;
  if (history_.size() < settings_.history) {
    history_.push_back(std::move(entry));
  } else {
    history_[history_next_] = std::move(entry);
  }
  history_next_ = (history_next_ + 1) % settings_.history;
}

}  // namespace scalemart
