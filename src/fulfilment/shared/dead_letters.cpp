#include "fulfilment/shared/dead_letters.hpp"

#include <algorithm>
#include <utility>

namespace scalemart {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kReadWithin = 5s;
constexpr std::chrono::nanoseconds kGoodFor = 1s;
constexpr std::chrono::nanoseconds kCancelPatience = 30s;
constexpr std::size_t kLettersMax = 100'000;
constexpr std::size_t kWaitingMax = 10'000;

bool may_still_arrive(PaymentOutcome outcome) {
  return outcome == PaymentOutcome::unknown || outcome == PaymentOutcome::in_progress;
}

bool is_cancelled(PaymentOutcome outcome) {
  return outcome == PaymentOutcome::approved || outcome == PaymentOutcome::not_found;
}

}  // namespace

DeadLetterPage select_letters(std::vector<DeadLetter> letters, const DeadLetterSearch& search) {
  std::erase_if(letters, [&](const DeadLetter& letter) {
    return place_of(letter.order) <= search.after || (search.step && letter.step != *search.step) ||
           (search.product && letter.order.product != *search.product) ||
           letter.reason.find(search.reason) == std::string::npos;
  });
  std::sort(letters.begin(), letters.end(),
            [](const DeadLetter& a, const DeadLetter& b) { return place_of(a.order) < place_of(b.order); });
  DeadLetterPage page;
  page.more = letters.size() - std::min(search.limit, letters.size());
  letters.resize(letters.size() - page.more);
  page.letters = std::move(letters);
  return page;
}

DeadLetters::DeadLetters(DeadLettersParts parts)
    : parts_(std::move(parts)), marks_(parts_.marks, parts_.random), thread_(1, kWaitingMax) {}

DeadLetters::~DeadLetters() {
  stop();
}

void DeadLetters::stop() {
  thread_.stop();
}

void DeadLetters::post(std::function<void()> work, const Done& done) {
  if (!thread_.post(std::move(work))) done(Outcome::overloaded);
}

// --- the list

bool DeadLetters::read() {
  auto letters = parts_.record.dead_letters(kLettersMax, kReadWithin);
  if (!letters) return false;
  letters_ = std::move(*letters);
  read_at_ = parts_.clock.steady();
  return true;
}

void DeadLetters::list(DeadLetterSearch search, LettersDone done) {
  const bool taken = thread_.post([this, search = std::move(search), done] {
    done(read() ? select_letters(letters_, search) : DeadLetterPage{{}, 0, false});
  });
  if (!taken) done({{}, 0, false});
}

Outcome DeadLetters::find(OrderId order, bool afresh, DeadLetter& letter) {
  const auto look = [&] {
    const auto at = std::find_if(letters_.begin(), letters_.end(), [&](const auto& l) { return l.order.id == order; });
    if (at != letters_.end()) letter = *at;
    return at != letters_.end();
  };
  const bool is_fresh = read_at_ != SteadyTime{} && parts_.clock.steady() - read_at_ < kGoodFor;
  if (!afresh && is_fresh && look()) return Outcome::done;
  if (!read()) return Outcome::unavailable;
  return look() ? Outcome::done : Outcome::order_not_found;
}

// --- what is done to one

/// The order is none of the dead letters any more and has something to do.
void DeadLetters::go_on(const DeadLetter& letter, bool skip) const {
  OpenOrder order = letter.order;
  if (skip && letter.step != Step::invoice) return;  // its last step
  order.invoice_done = order.invoice_done || skip;
  order.attempts = 0;
  order.unresolved = order.lane == Lane::sale;
  parts_.offer(order);
}

void DeadLetters::settle(Command command, const std::string& mark, std::function<void()> then, const Done& done) {
  const bool taken = parts_.ask(std::move(command), [this, mark, then = std::move(then), done](const Answer& answer) {
    if (answer.outcome == Outcome::done && then) then();
    // Whether it happened is not known: until it is, the mark ends by itself.
    if (!mark.empty() && answer.outcome != Outcome::unknown)
      static_cast<void>(thread_.post([this, mark] { marks_.end(mark); }));
    // The list was a moment old: somebody else was quicker.
    done(answer.outcome == Outcome::invalid_state ? Outcome::order_not_found : answer.outcome);
  });
  if (taken) return;
  if (!mark.empty()) marks_.end(mark);
  done(Outcome::overloaded);
}

void DeadLetters::retry(OrderId order, Done done) {
  post([this, order, done] { retry_now(order, done); }, done);
}

void DeadLetters::retry_now(OrderId order, const Done& done) {
  DeadLetter letter;
  if (const Outcome found = find(order, false, letter); found != Outcome::done) return done(found);
  if (letter.order.lane == Lane::paper)
    return settle(
        Unpark{order}, "", [this, letter] { go_on(letter, false); }, done);
  const LetterMarks::Claim claim = marks_.claim(LetterMarks::Kind::retry, order);
  if (!claim.mark) return done(claim.away ? Outcome::unavailable : Outcome::invalid_state);
  settle(
      Unpark{order}, *claim.mark, [this, letter] { go_on(letter, false); }, done);
}

void DeadLetters::discard(OrderId order, Done done) {
  post([this, order, done] { discard_now(order, done); }, done);
}

void DeadLetters::discard_now(OrderId order, const Done& done) {
  DeadLetter letter;
  if (const Outcome found = find(order, false, letter); found != Outcome::done) return done(found);
  if (letter.order.lane == Lane::paper)
    return settle(
        Discard{order}, "", [this, letter] { go_on(letter, true); }, done);
  const auto currency = parts_.currency_of(letter.order.product);
  if (!currency) return done(Outcome::unavailable);
  const LetterMarks::Claim claim = marks_.claim(LetterMarks::Kind::discard, order);
  if (!claim.mark) return done(claim.away ? Outcome::unavailable : Outcome::invalid_state);
  // Nobody can begin to try it again from here on; whether somebody did just before, the record knows.
  if (const Outcome found = find(order, true, letter); found != Outcome::done) {
    marks_.end(*claim.mark);
    return done(found);
  }
  // The units may only go to somebody else when this buyer cannot be charged for them any more. A crash between the
  // two leaves a dead letter, and cancelling twice is harmless.
  parts_.payments.cancel(
      {order, letter.order.buyer, letter.order.total(), *currency, {}, parts_.clock.steady() + kCancelPatience},
      [this, letter, mark = *claim.mark, done](const PaymentResult& result) {
        post([this, letter, mark, done, outcome = result.outcome] { cancelled(letter, outcome, mark, done); }, done);
      });
}

void DeadLetters::cancelled(const DeadLetter& letter, PaymentOutcome outcome, const std::string& mark,
                            const Done& done) {
  if (is_cancelled(outcome)) return settle(Discard{letter.order.id}, mark, {}, done);
  if (!may_still_arrive(outcome)) marks_.end(mark);
  done(Outcome::overloaded);
}

}  // namespace scalemart
