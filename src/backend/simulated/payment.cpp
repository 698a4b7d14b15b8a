#include "backend/simulated/payment.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace scalemart {
namespace {

/// Answers due within one tick are given together, so that ten thousand of them cost few wake-ups.
constexpr std::chrono::nanoseconds kTick = std::chrono::milliseconds(2);

/// Source: S. Vigna, splitmix64 (public domain), as a mixing function.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

constexpr std::uint64_t kDecline = 1, kNoAnswer = 2, kReject = 3, kTimeout = 1000, kError = 1'000'000,
                        kJitter = 1'000'000'000;

auto later = [](const auto& a, const auto& b) { return a.at > b.at; };

}  // namespace

SimulatedPayment::SimulatedPayment(const Clock& clock, SimulatedPaymentSettings settings,
                                   std::unique_ptr<BankBook> book)
    : clock_(clock), settings_(std::move(settings)), book_(std::move(book)) {}

SimulatedPayment::~SimulatedPayment() {
  stop();
}

void SimulatedPayment::start() {
  SCALEMART_CHECK(!thread_.joinable());
  thread_ = std::thread([this] { run(); });
}

void SimulatedPayment::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

/// Uniform in [0, 1), the same for the same order, seed and question.
double SimulatedPayment::chance(OrderId order, std::uint64_t what) const {
  const std::uint64_t h = mix(mix(mix(settings_.seed ^ mix(what)) ^ order.hi) ^ order.lo);
  return static_cast<double>(h >> 11) * 0x1.0p-53;
}

PaymentOutcome SimulatedPayment::decide_charge(OrderId order, Memory& memory) const {
  using enum PaymentOutcome;
  if (memory.cancelled) return declined;
  if (memory.charged) return approved;
  const std::uint16_t call = memory.calls++;
  if (chance(order, kError + call) < settings_.error) return unavailable;
  if (chance(order, kTimeout + call) < settings_.timeout) return unknown;
  if (chance(order, kReject) < settings_.reject) return rejected;
  if (chance(order, kDecline) < settings_.decline) return declined;
  memory.charged = true;
  return chance(order, kNoAnswer) < settings_.charged_no_answer ? unknown : approved;
}

/// What another process did counts, and what this one does is written down before anybody hears of it.
PaymentOutcome SimulatedPayment::charge_by_the_book(OrderId order, Memory& memory) {
  if (!book_) return decide_charge(order, memory);
  BankBook::Page page(*book_);
  const BankBook::Entry entry = page.find(order);
  memory.charged = entry == BankBook::Entry::charged;
  memory.cancelled = entry == BankBook::Entry::cancelled;
  const PaymentOutcome outcome = decide_charge(order, memory);
  if (!memory.charged || entry == BankBook::Entry::charged) return outcome;
  if (page.write(order, BankBook::Entry::charged)) return outcome;
  memory.charged = false;
  return PaymentOutcome::unavailable;
}

SimulatedPayment::Memory& SimulatedPayment::remember(OrderId order) {
  const auto [at, is_new] = memory_.try_emplace(order);
  if (!is_new) return at->second;
  remembered_.push_back(order);
  while (remembered_.size() > kRemembered) {
    if (remembered_.front() != order) memory_.erase(remembered_.front());
    remembered_.pop_front();
  }
  return memory_.at(order);
}

void SimulatedPayment::charge(ChargeRequest request, PaymentDone done) {
  const std::lock_guard lock(mutex_);
  const auto known = memory_.find(request.order);
  Memory memory = known == memory_.end() ? Memory{} : known->second;
  const PaymentOutcome outcome = charge_by_the_book(request.order, memory);
  if (is_decision(outcome) && !memory.cancelled && !memory.opened) {
    if (known != memory_.end()) forget(request.order);
  } else {
    remember(request.order) = memory;
  }
  answer_later(request.order, outcome, request.deadline, std::move(done));
}

void SimulatedPayment::lookup(ChargeRequest request, PaymentDone done) {
  using enum PaymentOutcome;
  const OrderId order = request.order;
  const std::lock_guard lock(mutex_);
  const auto known = memory_.find(order);
  const BankBook::Entry entry = book_ ? BankBook::Page(*book_).find(order) : BankBook::Entry::none;
  PaymentOutcome outcome = not_found;
  if (known == memory_.end() && entry != BankBook::Entry::none) {
    outcome = entry == BankBook::Entry::charged ? approved : declined;
  } else if (known != memory_.end()) {
    Memory& memory = known->second;
    if (entry != BankBook::Entry::none) {
      memory.charged = entry == BankBook::Entry::charged;
      memory.cancelled = !memory.charged;
    }
    if (chance(order, kError + 500 + memory.calls++) < settings_.error) {
      outcome = unavailable;
    } else if (memory.cancelled) {
      outcome = declined;
    } else if (memory.charged) {
      outcome = approved;
      if (!memory.opened) forget(order);
    } else if (memory.opened) {
      outcome = in_progress;
    }
  }
  answer_later(order, outcome, request.deadline, std::move(done));
}

void SimulatedPayment::refund(RefundRequest request, PaymentDone done) {
  const std::lock_guard lock(mutex_);
  const bool charged = chance(request.order, kDecline) >= settings_.decline;
  answer_later(request.order, charged ? PaymentOutcome::approved : PaymentOutcome::not_found, request.deadline,
               std::move(done));
}

void SimulatedPayment::cancel(ChargeRequest request, PaymentDone done) {
  const std::lock_guard lock(mutex_);
  if (book_ && !BankBook::Page(*book_).write(request.order, BankBook::Entry::cancelled))
    return answer_later(request.order, PaymentOutcome::unavailable, request.deadline, std::move(done));
  Memory& memory = remember(request.order);
  memory.cancelled = true;
  memory.charged = false;
  answer_later(request.order, PaymentOutcome::approved, request.deadline, std::move(done));
}

/// With mutex_ held. What other processes wrote into the book counts.
SimulatedPayment::Memory SimulatedPayment::known(OrderId order) {
  const auto at = memory_.find(order);
  Memory memory = at == memory_.end() ? Memory{} : at->second;
  const BankBook::Entry entry = book_ ? BankBook::Page(*book_).find(order) : BankBook::Entry::none;
  if (entry == BankBook::Entry::none) return memory;
  memory.charged = entry == BankBook::Entry::charged;
  memory.cancelled = !memory.charged;
  return memory;
}

/// At once: a buyer waits for it.
void SimulatedPayment::open(ChargeRequest request, CheckoutDone done) {
  CheckoutResult result;
  {
    const std::lock_guard lock(mutex_);
    Memory memory = known(request.order);
    memory.opened = true;
    remember(request.order) = memory;
    result.state.outcome = memory.cancelled ? PaymentOutcome::declined
                           : memory.charged ? PaymentOutcome::approved
                                            : PaymentOutcome::in_progress;
  }
  if (result.state.outcome == PaymentOutcome::approved) result.state.reference = "sim_" + to_string(request.order);
  done(std::move(result));
}

void SimulatedPayment::withdraw(ChargeRequest request, PaymentDone done) {
  const std::lock_guard lock(mutex_);
  Memory memory = known(request.order);
  if (memory.charged) return answer_later(request.order, PaymentOutcome::approved, request.deadline, std::move(done));
  if (book_ && !BankBook::Page(*book_).write(request.order, BankBook::Entry::cancelled))
    return answer_later(request.order, PaymentOutcome::unavailable, request.deadline, std::move(done));
  memory.cancelled = true;
  remember(request.order) = memory;
  answer_later(request.order, PaymentOutcome::declined, request.deadline, std::move(done));
}

void SimulatedPayment::answer_later(OrderId order, PaymentOutcome outcome, SteadyTime deadline, PaymentDone done) {
  const SteadyTime now = clock_.steady();
  SteadyTime at = now + settings_.latency;
  if (settings_.jitter.count() > 0) {
    const double off = 2 * chance(order, kJitter + calls_++) - 1;
    at += std::chrono::nanoseconds(static_cast<std::int64_t>(off * static_cast<double>(settings_.jitter.count())));
    at = std::max(at, now);
  }
  // Silence becomes `unknown` at the deadline, and so does an answer that would come after it.
  if (outcome == PaymentOutcome::unknown || at > deadline) {
    outcome = PaymentOutcome::unknown;
    at = std::max(deadline, now);
  }
  const bool first = due_.empty() || at + kTick < due_.front().at;
  due_.push_back({at, outcome, order, std::move(done)});
  std::push_heap(due_.begin(), due_.end(), later);
  if (first) changed_.notify_one();
}

SteadyTime SimulatedPayment::answer_due() {
  std::vector<Due> answers;
  SteadyTime next = SteadyTime::max();
  {
    const std::lock_guard lock(mutex_);
    const SteadyTime now = clock_.steady();
    while (!due_.empty() && due_.front().at <= now) {
      std::pop_heap(due_.begin(), due_.end(), later);
      answers.push_back(std::move(due_.back()));
      due_.pop_back();
    }
    if (!due_.empty()) next = due_.front().at;
  }
  for (Due& answer : answers) {
    PaymentResult result;
    result.outcome = answer.outcome;
    if (answer.outcome == PaymentOutcome::approved) {
      result.reference = "sim_" + to_string(answer.order);
    } else {
      result.detail = "simulated: " + std::string(to_text(answer.outcome));
    }
    answer.done(std::move(result));
  }
  return next;
}

std::size_t SimulatedPayment::in_flight() const {
  const std::lock_guard lock(mutex_);
  return due_.size();
}

void SimulatedPayment::run() {
  constexpr std::chrono::nanoseconds kLongest = std::chrono::seconds(1);
  for (;;) {
    answer_due();
    std::unique_lock lock(mutex_);
    if (stopping_) return;
    if (due_.empty()) {
      changed_.wait(lock, [this] { return stopping_ || !due_.empty(); });
    } else {
      const std::chrono::nanoseconds left = due_.front().at - clock_.steady();
      changed_.wait_for(lock, std::clamp(left, kTick, kLongest));
    }
  }
}

}  // namespace scalemart
