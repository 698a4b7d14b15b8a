#include "tests/sim/bank.hpp"

#include <algorithm>
#include <utility>

namespace scalemart::sim {
namespace {

constexpr std::uint64_t kDeclines = 1, kRejects = 2, kLongReference = 3;
constexpr SteadyTime kNeverBack = SteadyTime::max();

}  // namespace

std::chrono::nanoseconds Bank::travel() {
  const auto most = static_cast<std::uint64_t>(std::chrono::nanoseconds(traits_.latency).count());
  return std::chrono::nanoseconds(static_cast<std::int64_t>(dice_.below(most + 1)));
}

bool Bank::trait(OrderId order, std::uint64_t salt, double share) const {
  if (share <= 0) return false;
  std::uint64_t h = (order.lo ^ (salt * 0x9e3779b97f4a7c15ULL)) * 0xbf58476d1ce4e5b9ULL;
  h ^= h >> 29;
  return static_cast<double>(h >> 11) * 0x1p-53 < share;
}

void Bank::charge(ChargeRequest request, PaymentDone done) {
  Account& account = accounts_[request.order];
  if (account.amount < 0) account.amount = request.amount;
  if (account.amount != request.amount && on_misuse) on_misuse(request.order, "charged again with another amount");
  take(Kind::charge, request.order, request.amount, request.deadline, std::move(done));
}
void Bank::lookup(ChargeRequest request, PaymentDone done) {
  take(Kind::lookup, request.order, 0, request.deadline, std::move(done));
}
void Bank::refund(RefundRequest request, PaymentDone done) {
  take(Kind::refund, request.order, request.amount, request.deadline, std::move(done));
}
void Bank::cancel(ChargeRequest request, PaymentDone done) {
  take(Kind::cancel, request.order, 0, request.deadline, std::move(done));
}

void Bank::take(Kind kind, OrderId order, MinorUnits amount, SteadyTime deadline, PaymentDone done) {
  fuse_.burn();  // the request has not left
  const SteadyTime now = clock_.steady();
  const std::uint64_t id = ++made_;
  Call& call =
      calls_.emplace(id, Call{kind, order, amount, deadline, {}, false, PaymentOutcome::unknown, std::move(done)})
          .first->second;
  SteadyTime there = now + travel();
  call.back = there + travel();
  if (!healed_) {
    if (outage_) {
      tally_.add(Happened::bank_misconfigured);
      call.outcome = PaymentOutcome::misconfigured;
      call.arrived = true;
    } else if (dice_.chance(traits_.unavailable)) {
      tally_.add(Happened::bank_unavailable);
      call.outcome = PaymentOutcome::unavailable;
      call.arrived = true;
    } else if (dice_.chance(traits_.lose_request)) {
      tally_.add(Happened::bank_timed_out);
      call.arrived = true;
      call.back = deadline;
    } else if (dice_.chance(traits_.lose_answer)) {
      tally_.add(Happened::bank_charged_without_answer);
      call.back = deadline;
    } else if (dice_.chance(traits_.silent)) {
      tally_.add(Happened::bank_silent);
      call.back = kNeverBack;
    } else if (dice_.chance(traits_.late)) {
      tally_.add(Happened::bank_late);
      there = deadline + travel();
      call.back = deadline;
    }
  }
  if (call.back > deadline && call.back != kNeverBack) call.back = deadline;
  if (!call.arrived) due_.push({there, id, What::arrive});
  if (call.back != kNeverBack) due_.push({call.back, id, What::answer});
  fuse_.burn();  // it has
}

void Bank::turn() {
  const SteadyTime now = clock_.steady();
  while (!due_.empty() && due_.top().at <= now) {
    const Due due = due_.top();
    due_.pop();
    if (due.what == What::answer) {
      answer(due.id);
    } else if (due.what == What::arrive) {
      if (const auto call = calls_.find(due.id); call != calls_.end() && !call->second.arrived) arrive(call->second);
    } else if (const auto at = decisions_.find(due.id); at != decisions_.end()) {
      Account& account = accounts_[at->second];
      account.undecided = false;
      static_cast<void>(decide(at->second, account));
      decisions_.erase(at);
    }
  }
}

void Bank::answer(std::uint64_t id) {
  const auto at = calls_.find(id);
  if (at == calls_.end()) return;
  Call& call = at->second;
  // An answer overtaken by its deadline: what the request does when it arrives stays unknown to the caller.
  PaymentResult result;
  result.outcome = call.arrived ? call.outcome : PaymentOutcome::unknown;
  if (call.back >= call.deadline && call.outcome != PaymentOutcome::misconfigured &&
      call.outcome != PaymentOutcome::unavailable)
    result.outcome = PaymentOutcome::unknown;
  const bool names_payment = call.kind == Kind::charge || call.kind == Kind::lookup;
  if (result.outcome == PaymentOutcome::approved && names_payment) {
    result.reference = "bank-" + to_string(call.order);
    if (!healed_ && trait(call.order, kLongReference, traits_.long_reference)) {
      tally_.add(Happened::bank_long_reference);
      result.reference.resize(300, 'x');
    }
  } else {
    result.detail = std::string(to_text(result.outcome));
  }
  const PaymentDone done = std::move(call.done);
  if (call.arrived) {
    calls_.erase(at);
  } else {
    call.done = nullptr;  // still under way
  }
  if (done) done(std::move(result));
}

PaymentOutcome Bank::decide(OrderId order, Account& account) {
  if (account.cancelled || account.declined) return PaymentOutcome::declined;
  if (account.captures > 0) return PaymentOutcome::approved;
  if (trait(order, kDeclines, traits_.decline)) {
    tally_.add(Happened::bank_declined);
    account.declined = true;
    return PaymentOutcome::declined;
  }
  ++account.captures;
  account.taken += account.amount;
  if (on_capture) on_capture(order);
  return PaymentOutcome::approved;
}

PaymentOutcome Bank::effect_of_charge(Call& call, Account& account) {
  const bool decided = account.cancelled || account.declined || account.captures > 0;
  if (!decided && !healed_ && trait(call.order, kRejects, traits_.reject)) {
    tally_.add(Happened::bank_rejected);
    return PaymentOutcome::rejected;
  }
  if (!decided && account.undecided) return PaymentOutcome::in_progress;
  if (!decided && !healed_ && dice_.chance(traits_.undecided)) {
    tally_.add(Happened::bank_undecided);
    account.undecided = true;
    const std::uint64_t id = ++made_;
    decisions_.emplace(id, call.order);
    due_.push({clock_.steady() + travel() * 20, id, What::decide});
    return PaymentOutcome::in_progress;
  }
  return decide(call.order, account);
}

void Bank::arrive(Call& call) {
  call.arrived = true;
  Account& account = accounts_[call.order];
  switch (call.kind) {
    case Kind::charge:
      call.outcome = effect_of_charge(call, account);
      break;
    case Kind::lookup:
      call.outcome = account.cancelled || account.declined ? PaymentOutcome::declined
                     : account.captures > 0                ? PaymentOutcome::approved
                     : account.undecided                   ? PaymentOutcome::in_progress
                                                           : PaymentOutcome::not_found;
      break;
    case Kind::refund:
      if (account.captures > 0 && !account.cancelled && call.amount != account.amount && on_misuse)
        on_misuse(call.order, "refunded with another amount");
      call.outcome = account.captures > 0 ? PaymentOutcome::approved : PaymentOutcome::not_found;
      if (account.returned < account.taken) tally_.add(Happened::bank_refunded);
      account.returned = account.taken;
      break;
    case Kind::cancel:
      tally_.add(Happened::bank_voided);
      account.cancelled = true;
      account.undecided = false;
      account.returned = account.taken;
      call.outcome = PaymentOutcome::approved;
      if (on_void) on_void(call.order);
      break;
  }
}

void Bank::shop_died() {
  for (auto& [id, call] : calls_)
    if (!call.arrived && dice_.coin()) arrive(call);
  calls_.clear();
}

void Bank::heal() {
  healed_ = true;
  traits_.latency = std::min(traits_.latency, std::chrono::milliseconds(10));
  outage_ = false;
}

MinorUnits Bank::has(OrderId order) const {
  const auto at = accounts_.find(order);
  return at == accounts_.end() ? 0 : at->second.taken - at->second.returned;
}

}  // namespace scalemart::sim
