// Orders whose buyers pay by themselves, until they have paid or their time is over.
#include <algorithm>

#include "fulfilment/dispatcher.hpp"

namespace scalemart {
namespace {

auto later = [](const auto& a, const auto& b) { return a.due > b.due; };

}  // namespace

/// One that a worker has begun is that worker's: a gateway cannot settle it any more.
bool Dispatcher::is_awaited(const OpenOrder& order) const {
  return settings_.pay_within.count() > 0 && order.lane == Lane::sale && !order.begun;
}

void Dispatcher::await_buyer(OpenOrder order) {
  const std::int64_t left = std::max<std::int64_t>(0, (order.created + settings_.pay_within).ms - clock_.wall().ms);
  awaited_until_.push_back({clock_.steady() + std::chrono::milliseconds(left), order.id});
  std::push_heap(awaited_until_.begin(), awaited_until_.end(), later);
  // A gateway begins under the first fence (flow/checkout.hpp); a worker's must be beyond it.
  order.fence = std::max<std::uint32_t>(order.fence, 1);
  awaited_.insert_or_assign(order.id, Awaited{order});
}

/// True: it was one of them.
bool Dispatcher::apply_to_awaited(const OrderFeed::Event& event) {
  using Kind = OrderFeed::Event::Kind;
  const auto at = awaited_.find(event.order);
  if (at == awaited_.end()) return false;
  const Awaited awaited = at->second;
  switch (event.kind) {
    case Kind::confirmed: {
      finished(Step::payment);
      finished(Step::confirm);
      OpenOrder paper = awaited.order;
      paper.lane = Lane::paper;
      paper.confirmed = event.at;
      paper.attempts = 0;
      paper.unresolved = false;
      queue(Lane::paper).fresh.push_back(paper);
      break;
    }
    case Kind::failed:
      declined_.add(clock_.steady());
      break;
    case Kind::gone:
      break;
    default:
      return false;
  }
  if (awaited.is_ready) gone_.insert(event.order);
  awaited_.erase(at);
  return true;
}

/// Gives workers what nobody has paid in time. When the next one's time is over.
SteadyTime Dispatcher::end_waits(SteadyTime now) {
  while (!awaited_until_.empty()) {
    const AwaitedUntil first = awaited_until_.front();
    const auto at = awaited_.find(first.order);
    const bool waits = at != awaited_.end() && !at->second.is_ready;
    if (waits && first.due > now) return first.due;
    std::pop_heap(awaited_until_.begin(), awaited_until_.end(), later);
    awaited_until_.pop_back();
    if (!waits) continue;
    at->second.is_ready = true;
    make_ready(at->second.order);
  }
  return kNever;
}

}  // namespace scalemart
