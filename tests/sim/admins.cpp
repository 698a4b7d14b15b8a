#include "tests/sim/admins.hpp"

#include <algorithm>
#include <utility>

namespace scalemart::sim {

using namespace std::chrono_literals;

std::shared_ptr<ProductSpec> Admins::spec(std::string slug) {
  auto made = std::make_shared<ProductSpec>();
  made->id = std::move(slug);
  made->details.name = "Thing " + std::to_string(dice_.below(100));
  made->terms.price = dice_.between(0, 10'000);
  const std::int64_t now = clock_.wall().ms;
  const std::int64_t span = settings_.tick_ms * 400;
  if (settings_.windows && dice_.coin()) made->terms.starts_at = WallTime{now + dice_.between(-span, span / 4)};
  if (settings_.windows && dice_.coin())
    made->terms.ends_at =
        WallTime{std::max(now, made->terms.starts_at.value_or(WallTime{}).ms) + dice_.between(1, span)};
  if (settings_.caps && dice_.coin()) made->terms.per_user_limit = static_cast<std::uint32_t>(dice_.between(1, 12));
  return made;
}

void Admins::tell(Process& process, Command command) {
  static_cast<void>(process.callbacks().ask(process.ledger(), std::move(command), [](const Answer&) {}));
}

void Admins::create_product(Process& process) {
  const std::string slug = "p" + std::to_string(dice_.chance(0.1) && !shelf_.slugs.empty() ? 0 : shelf_.slugs.size());
  const auto made = [this, slug](const Answer& answer) {
    if (answer.outcome != Outcome::done) return;
    if (index_of(answer.product) != shelf_.slugs.size()) referee_.fail("a product's place was given twice");
    shelf_.slugs.push_back(slug);
  };
  static_cast<void>(process.callbacks().ask(process.ledger(),
                                            CreateProduct{spec(slug), dice_.between(0, settings_.stock_max)}, made));
}

const ReferenceModel::Order* Admins::some_order(OrderStatus status) {
  const auto& orders = referee_.model().orders();
  for (int attempt = 0; attempt < 6 && !orders.empty(); ++attempt) {
    const std::size_t recent = std::min<std::size_t>(orders.size(), dice_.coin() ? 30 : orders.size());
    const ReferenceModel::Order& order = orders[orders.size() - 1 - dice_.below(recent)];
    if (order.status == status) return &order;
  }
  return nullptr;
}

void Admins::act(Process& process) {
  switch (dice_.below(10)) {
    case 0:
    case 1:
      if (!settings_.restock) return;
      tally_.add(Happened::restocked);
      return tell(process, AdjustStock{some_product(), dice_.between(-settings_.stock_max / 2, settings_.stock_max),
                                       "counted again"});
    case 2:
      if (!settings_.pause) return;
      tally_.add(Happened::paused);
      return tell(process, SetPaused{some_product(), dice_.chance(0.3)});
    case 3:
      if (settings_.terms) change_terms(process);
      return;
    case 4:
      if (settings_.removal && dice_.chance(0.1)) {
        tell(process, RemoveProduct{some_product()});
        tally_.add(Happened::product_removed);
      }
      if (shelf_.slugs.size() < settings_.products + 4 && dice_.chance(0.1)) create_product(process);
      return;
    case 5:
    case 6:
      if (const auto* order = settings_.refunds ? some_order(OrderStatus::confirmed) : nullptr) refund(process, *order);
      return;
    case 7:
    case 8:
      return look_after_letters(process, dice_.coin());
    default:
      if (settings_.steering) steer(process);
  }
}

void Admins::change_terms(Process& process) {
  const ProductRef product = some_product();
  auto changed = spec(shelf_.slugs[index_of(product)]);
  if (dice_.chance(0.05)) changed->currency.code = {'U', 'S', 'D'};  // not allowed
  tally_.add(Happened::terms_changed);
  tell(process, ChangeProduct{product, std::move(changed)});
}

/// As gateway/archive_routes.cpp: the money first, then the ledger.
void Admins::refund(Process& process, const ReferenceModel::Order& order, std::function<void()> over) {
  refunding_.insert(order.id);
  bank_.refund({order.id, {}, order.price * order.quantity, {}, clock_.steady() + 30s},
               [this, &process, over = std::move(over), id = order.id](const PaymentResult& result) {
                 const bool back =
                     result.outcome == PaymentOutcome::approved || result.outcome == PaymentOutcome::not_found;
                 const auto told = [over](const Answer&) { over(); };
                 if (!back || !process.callbacks().ask(process.ledger(), Refund{id}, told)) over();
               });
}

void Admins::discard(Process& process, const ReferenceModel::Order& order, std::function<void()> over) {
  const bool unpaid = order.status == OrderStatus::processing;
  process.service().discard_dead(order.id, [this, unpaid, over = std::move(over)](Outcome outcome) {
    if (outcome == Outcome::done) tally_.add(unpaid ? Happened::unpaid_letter_discarded : Happened::papers_discarded);
    over();
  });
}

void Admins::look_after_letters(Process& process, bool discard_it) {
  const ReferenceModel::Order* found = nullptr;
  std::size_t seen = 0;
  for (const auto& order : referee_.model().orders())
    if (order.parked && dice_.below(++seen) == 0) found = &order;
  if (found == nullptr) return;
  if (discard_it) discard(process, *found);
  // Now and then two administrators want two things of one letter.
  if (discard_it && dice_.chance(0.7)) return;
  process.service().retry_dead(found->id, [this](Outcome outcome) {
    if (outcome == Outcome::done) tally_.add(Happened::dead_letter_retried);
  });
}

void Admins::steer(Process& process) {
  if (dice_.coin()) {
    const bool paused = dice_.chance(0.3);
    if (paused) tally_.add(Happened::queue_paused);
    return process.service().pause(paused);
  }
  const auto concurrency = static_cast<std::uint32_t>(dice_.pick({0, 1, 10, 500}));
  process.service().set_concurrency("worker-1", concurrency,
                                    [this](Outcome) { tally_.add(Happened::concurrency_changed); });
}

void Admins::report_stale(Process& process) {
  const auto& orders = referee_.model().orders();
  if (orders.empty()) return;
  const ReferenceModel::Order& order =
      orders[orders.size() - 1 - dice_.below(std::min<std::size_t>(orders.size(), 50))];
  if (order.fence == 0) return;
  const auto fence = static_cast<std::uint32_t>(dice_.below(order.fence));
  const auto refused = [this](const Answer& answer) {
    if (answer.outcome == Outcome::stale_fence) tally_.add(Happened::stale_completion);
    if (is_success(answer.outcome)) referee_.fail("a stale completion was taken");
  };
  const auto report = [&](Command command) {
    static_cast<void>(process.callbacks().ask(process.ledger(), std::move(command), refused));
  };
  switch (dice_.below(5)) {
    case 0:
      return report(Begin{order.id, fence + 1});
    case 1:
      return report(Confirm{order.id, fence, "stale"});
    case 2:
      return report(Decline{order.id, fence, StatusReason::payment_declined});
    case 3:
      return report(FinishStep{order.id, fence, dice_.coin() ? Step::invoice : Step::mail});
    default:
      return report(Park{order.id, fence, Step::payment, 1, "stale"});
  }
}

// --- when everything is healed

void Admins::resume_everything(Process& process) {
  process.service().pause(false);
  for (std::uint32_t worker = 1; worker <= settings_.fulfilment.workers; ++worker)
    process.service().set_concurrency("worker-" + std::to_string(worker), 50, [](Outcome) {});
}

bool Admins::settle(Process& process) {
  bool found = false;
  for (const auto& order : referee_.model().orders()) {
    const bool half_refunded = order.status == OrderStatus::confirmed && order.price > 0 && bank_.has(order.id) == 0 &&
                               refunding_.contains(order.id);
    // Even seeds leave a few dead letters where they are: that is a lawful end.
    const bool letter = order.parked && !(settings_.seed % 2 == 0 && order.id.lo % 4 == 0);
    if (!half_refunded && !letter) continue;
    found = true;
    if (!under_way_.insert(order.id).second) continue;
    const auto over = [this, id = order.id] { under_way_.erase(id); };
    if (half_refunded)
      refund(process, order, over);
    else if (retried_.insert(order.id).second)
      process.service().retry_dead(order.id, [over](Outcome) { over(); });
    else
      discard(process, order, over);
  }
  return found;
}

}  // namespace scalemart::sim
