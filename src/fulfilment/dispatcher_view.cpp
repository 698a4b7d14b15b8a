// What the console sees of the dispatcher, and what it may do to dead letters.
#include <algorithm>

#include "base/check.hpp"
#include "fulfilment/dispatcher.hpp"

namespace scalemart {

std::string_view to_text(OrderTrace::Where where) {
  constexpr std::array<std::string_view, 6> kNames{"nowhere", "waiting", "delayed", "leased", "dead_letter", "unknown"};
  return kNames[static_cast<std::size_t>(where)];
}

std::shared_ptr<const ProductSpec> Dispatcher::product(ProductRef ref) const {
  SCALEMART_CHECK(index_of(ref) < products_.size() && products_[index_of(ref)]);
  return products_[index_of(ref)];
}

std::optional<WallTime> Dispatcher::oldest(Lane lane, Step step) const {
  const Queue& q = queues_[static_cast<std::size_t>(lane)];
  std::optional<WallTime> result;
  const auto consider = [&](const OpenOrder& order) {
    if (order.step() == step && (!result || order.created < *result)) result = order.created;
  };
  // Fresh ones are in order; the others are few, and only looked at when somebody asks.
  for (const OpenOrder& order : q.fresh) {
    if (gone_.contains(order.id)) continue;
    consider(order);
    break;
  }
  for (const OpenOrder& order : q.ready) consider(order);
  for (const Delayed& delayed : q.delayed) consider(delayed.order);
  return result;
}

QueueView Dispatcher::view() {
  const SteadyTime now = clock_.steady();
  QueueView view;
  for (int i = 0; i < kStepCount; ++i) {
    const auto index = static_cast<std::size_t>(i);
    StageView& stage = view.stages[index];
    stage.step = static_cast<Step>(i);
    stage.in_flight = in_flight_[index];
    stage.finished = finished_[index].total();
    stage.rate_per_s = finished_[index].per_second(now);
  }
  const auto size = [](const Queue& q) { return q.fresh.size() + q.ready.size() + q.delayed.size(); };
  auto& [payment, confirm, invoice, mail] = view.stages;
  const Queue& sale = queue(Lane::sale);
  const Queue& paper = queue(Lane::paper);
  payment.waiting = size(sale) - std::min(size(sale), gone_.size());
  payment.delayed = sale.delayed.size();
  payment.oldest = oldest(Lane::sale, Step::payment);
  mail.waiting = mail_waiting_;
  mail.oldest = oldest(Lane::paper, Step::mail);
  invoice.waiting = size(paper) - mail_waiting_;
  invoice.oldest = oldest(Lane::paper, Step::invoice);
  for (const Delayed& delayed : paper.delayed) ++(delayed.order.invoice_done ? mail : invoice).delayed;
  view.dead_letters = dead_.size();
  view.declined = declined_.total();
  view.declined_per_s = declined_.per_second(now);
  view.paused = paused_;
  return view;
}

DeadLetterPage Dispatcher::dead_letters(const DeadLetterSearch& search) const {
  std::vector<const DeadLetter*> found;
  for (const auto& [id, letter] : dead_) {
    if (place_of(letter.order) <= search.after) continue;
    if (search.step && letter.step != *search.step) continue;
    if (search.product && letter.order.product != *search.product) continue;
    if (letter.reason.find(search.reason) == std::string::npos) continue;
    found.push_back(&letter);
  }
  const std::size_t count = std::min(search.limit, found.size());
  std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(count), found.end(),
                    [](const DeadLetter* a, const DeadLetter* b) { return place_of(a->order) < place_of(b->order); });
  DeadLetterPage page;
  page.more = found.size() - count;
  for (std::size_t i = 0; i < count; ++i) page.letters.push_back(*found[i]);
  return page;
}

OrderTrace Dispatcher::look(OrderId order) const {
  using enum OrderTrace::Where;
  if (const auto at = leases_.find(order); at != leases_.end()) {
    const Lease& lease = at->second;
    const std::string holder = lease.worker == kNobody ? std::string() : members_.at(lease.worker).name;
    return {leased, lease.stage, lease.order.attempts, {}, holder};
  }
  if (const DeadLetter* letter = find_dead(order))
    return {dead, letter->step, letter->attempts, {}, {}, letter->reason, letter->at};
  if (gone_.contains(order)) return {};
  const auto is_it = [order](const OpenOrder& one) { return one.id == order; };
  for (const Queue& q : queues_) {
    for (const Delayed& one : q.delayed) {
      if (!is_it(one.order)) continue;
      const auto in = std::chrono::duration_cast<std::chrono::milliseconds>(one.due - clock_.steady());
      return {
          delayed, one.order.step(), one.order.attempts, {clock_.wall().ms + std::max<std::int64_t>(in.count(), 0)}};
    }
    if (const auto at = std::find_if(q.ready.begin(), q.ready.end(), is_it); at != q.ready.end())
      return {waiting, at->step(), at->attempts};
    if (const auto at = std::find_if(q.fresh.begin(), q.fresh.end(), is_it); at != q.fresh.end())
      return {waiting, at->step(), at->attempts};
  }
  return {};
}

const DeadLetter* Dispatcher::find_dead(OrderId order) const {
  const auto at = dead_.find(order);
  return at == dead_.end() ? nullptr : &at->second;
}

void Dispatcher::settle_dead(Command command, Done done) {
  const std::uint32_t slot = park_pending({nullptr, 0, {}, 0, std::move(done), 0});
  Ticket ticket;
  ticket.command = std::move(command);
  ticket.sink = this;
  ticket.token = slot;
  if (ledger_.submit(std::move(ticket))) return;
  Done refused = std::move(pending_[slot].done);
  pending_[slot] = Pending{};
  pending_[slot].next_free = std::exchange(free_pending_, slot);
  refused(Outcome::overloaded);
}

void Dispatcher::finished(Step step) {
  finished_[static_cast<std::size_t>(step)].add(clock_.steady());
}

}  // namespace scalemart
