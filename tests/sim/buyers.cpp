#include "tests/sim/buyers.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "tests/sim/record_rules.hpp"

namespace scalemart::sim {
namespace {

constexpr std::size_t kPatientMost = 1000;  ///< More than that give up.

}  // namespace

Buyers::Intent Buyers::new_intent() {
  Intent intent;
  const double place = std::pow(dice_.unit(), settings_.skew) * static_cast<double>(settings_.buyers);
  intent.buyer = {7, 1 + static_cast<std::uint64_t>(place)};
  intent.product = static_cast<std::uint32_t>(dice_.below(shelf_.slugs.size()));
  intent.quantity = static_cast<std::uint32_t>(dice_.chance(0.1) ? dice_.between(1, 10) : dice_.between(1, 3));
  if (settings_.keyless && dice_.chance(0.2)) {
    tally_.add(Happened::bought_without_key);
  } else {
    // Few enough keys that two buyers have the same one, which must not matter.
    intent.key = {1, dice_.coin() ? 1 + dice_.below(200) : dice_.random().next() | 1};
  }
  return intent;
}

std::size_t Buyers::some_intent() {
  const std::size_t recent = std::min<std::size_t>(intents_.size(), dice_.coin() ? 10 : intents_.size());
  return intents_.size() - 1 - dice_.below(recent);
}

void Buyers::act(Process& process) {
  const std::uint64_t what = dice_.below(20);
  if (what < 2 && settings_.cancel) return cancel(process);
  if (what < 4 && settings_.reads) return ask(process);
  if (what < 9 && !unsure_.empty()) return try_again(process);
  if (what < 12 && settings_.duplicates && !intents_.empty()) {
    const std::size_t intent = some_intent();
    if (!intents_[intent].key.empty()) {
      tally_.add(Happened::duplicate_sent);
      return send(process, intent);
    }
  }
  buy_something_new(process);
}

void Buyers::buy_something_new(Process& process) {
  Intent intent = new_intent();
  if (settings_.key_reuse && !intents_.empty() && dice_.chance(0.1)) {
    const Intent& earlier = intents_[some_intent()];
    intent.buyer = earlier.buyer;
    intent.key = earlier.key;
    if (!intent.key.empty()) tally_.add(Happened::key_reused);
  }
  intents_.push_back(intent);
  send(process, intents_.size() - 1);
}

void Buyers::try_again(Process& process) {
  const std::size_t at = dice_.below(unsure_.size());
  const std::size_t intent = unsure_[at];
  unsure_[at] = unsure_.back();
  unsure_.pop_back();
  Intent& i = intents_[intent];
  if (!i.unsure) return;
  i.unsure = false;
  tally_.add(i.crashed ? Happened::retried_after_crash : Happened::retried_after_loss);
  i.crashed = false;
  send(process, intent);
}

void Buyers::send(Process& process, std::size_t intent) {
  const Intent& i = intents_[intent];
  const std::uint64_t token = attempts_.size();
  attempts_.push_back({intent});
  if (!healed_ && dice_.chance(settings_.lost_requests)) {
    tally_.add(Happened::request_lost);
    attempts_.back().state = State::lost;
    return forget_answer(attempts_.back(), false);
  }
  ++waiting_;
  waiting_tokens_.push_back(token);
  SteadyTime deadline{};
  if (!healed_ && settings_.deadlines)
    deadline = clock_.steady() + std::chrono::milliseconds(dice_.between(1, 2 * settings_.tick_ms));
  if (!healed_ && settings_.direct && dice_.chance(0.3)) {
    const Reserve reserve{new_ulid<OrderId>(process.sale_clock().now(), dice_.random()),
                          i.buyer,
                          ProductRef{i.product},
                          dice_.chance(0.02) ? static_cast<std::uint32_t>(dice_.pick({0, 11})) : i.quantity,
                          settings_.hold_ms,
                          i.key};
    if (process.ledger().submit(Ticket{reserve, this, token, deadline})) return;
    Answer refused;
    return heard(token, refused);
  }
  const WallTime now = process.sale_clock().now();
  const std::string slug = !healed_ && dice_.chance(0.005) ? "no-such-thing" : shelf_.slugs[i.product];
  const auto at_once = process.purchase().begin({i.buyer, slug, i.quantity, i.key, deadline}, *this, token);
  if (!at_once) return;
  if (at_once->outcome != Outcome::overloaded && slug == shelf_.slugs[i.product])
    referee_.refused_quickly(Reserve{{}, i.buyer, ProductRef{i.product}, i.quantity, settings_.hold_ms, i.key},
                             *at_once, now);
  heard(token, *at_once);
}

void Buyers::answers(std::span<const Item> items) noexcept {
  for (const Item& item : items) {
    if (!healed_ && dice_.chance(settings_.lost_answers)) {
      tally_.add(Happened::answer_lost);
      Attempt& attempt = attempts_[item.token];
      attempt.state = State::lost;
      --waiting_;
      forget_answer(attempt, false);
    } else {
      heard(item.token, item.answer);
    }
  }
}

void Buyers::heard(std::uint64_t token, const Answer& answer) {
  Attempt& attempt = attempts_[token];
  if (attempt.state != State::waiting) return referee_.fail("a buyer was answered twice");
  attempt.state = State::answered;
  attempt.outcome = answer.outcome;
  --waiting_;
  Intent& intent = intents_[attempt.intent];
  const bool undecided = answer.outcome == Outcome::overloaded || answer.outcome == Outcome::read_only;
  if (undecided) return forget_answer(attempt, false);
  if (!is_success(answer.outcome)) return;
  // With a key all answers name one order; without one, every answer is another.
  if (!intent.key.empty() && !intent.order.empty() && intent.order != answer.order)
    referee_.fail("one key, two orders: " + to_string(intent.order) + " and " + to_string(answer.order));
  intent.order = answer.order;
}

void Buyers::forget_answer(Attempt& attempt, bool crashed) {
  Intent& intent = intents_[attempt.intent];
  intent.crashed = intent.crashed || crashed;
  if (intent.key.empty() || intent.unsure || unsure_.size() >= kPatientMost) return;
  intent.unsure = true;
  unsure_.push_back(attempt.intent);
}

void Buyers::shop_died() {
  for (const std::uint64_t token : waiting_tokens_) {
    Attempt& attempt = attempts_[token];
    if (attempt.state != State::waiting) continue;
    attempt.state = State::lost;
    forget_answer(attempt, true);
  }
  waiting_tokens_.clear();
  waiting_ = 0;
}

void Buyers::cancel(Process& process) {
  if (intents_.empty()) return;
  const Intent& intent = intents_[some_intent()];
  if (intent.order.empty()) return;
  const UserId who = dice_.chance(0.1) ? new_intent().buyer : intent.buyer;
  static_cast<void>(process.callbacks().ask(process.ledger(), Cancel{intent.order, who}, [](const Answer&) {}));
}

void Buyers::compare(const std::optional<OrderView>& found, const ReferenceModel::Order* expected) {
  ++tally_.operations;
  const bool same =
      found.has_value() == (expected != nullptr) &&
      (!found || (found->id == expected->id && found->status == expected->status && found->buyer == expected->buyer));
  if (!same) referee_.fail("an order was shown that is not the durable one");
}

void Buyers::ask(Process& process) {
  if (intents_.empty()) return;
  const Intent& intent = intents_[some_intent()];
  const UserId buyer = intent.buyer;
  const auto with_key = [this, buyer, key = intent.key](std::optional<OrderView> found) {
    const ReferenceModel::Order* expected = nullptr;
    for (const auto& order : referee_.model().orders())
      if (order.buyer == buyer && order.key == key) expected = &order;
    tally_.add(Happened::asked_by_key);
    compare(found, expected);
  };
  switch (dice_.below(3)) {
    case 0:
      if (!intent.key.empty()) static_cast<void>(process.orders().find_by_key(buyer, intent.key, with_key));
      break;
    case 1:
      static_cast<void>(process.orders().find(intent.order, [this, id = intent.order](std::optional<OrderView> found) {
        compare(found, referee_.find(id));
      }));
      break;
    default:
      static_cast<void>(process.orders().of_buyer(buyer, {}, 5, [this, buyer](std::vector<OrderView> found) {
        const auto& orders = referee_.model().orders();
        std::size_t next = 0;
        for (auto order = orders.rbegin(); order != orders.rend() && next < 5; ++order)
          if (order->buyer == buyer)
            compare(next < found.size() ? std::optional(found[next++]) : std::nullopt, &*order);
        if (next != found.size()) referee_.fail("a buyer was shown too many orders");
      }));
  }
}

// --- when everything is healed

bool Buyers::settle_one(Process& process) {
  healed_ = true;
  if (unsure_.empty()) return false;
  try_again(process);
  return true;
}

std::uint64_t Buyers::buy_one(Process& process, std::uint32_t product) {
  healed_ = true;
  Intent intent;
  intent.buyer = {8, intents_.size()};
  intent.product = product;
  intent.key = {2, intents_.size() + 1};
  intents_.push_back(intent);
  const std::uint64_t token = attempts_.size();
  send(process, intents_.size() - 1);
  return token;
}

std::optional<Outcome> Buyers::outcome_of(std::uint64_t token) const {
  const Attempt& attempt = attempts_[token];
  if (attempt.state == State::waiting) return std::nullopt;
  return attempt.outcome;
}

}  // namespace scalemart::sim
