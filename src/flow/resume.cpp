#include "flow/resume.hpp"

#include "base/check.hpp"

namespace scalemart {
namespace {

OpenOrder open_order(const UnfinishedOrder& unfinished) {
  const OrderView& order = unfinished.order;
  OpenOrder open;
  open.id = order.id;
  open.buyer = order.buyer;
  open.product = order.product;
  open.sequence = order.sequence;
  open.unit_price = order.unit_price;
  open.quantity = static_cast<std::uint8_t>(order.quantity);
  open.fence = unfinished.fence;
  open.begun = order.status == OrderStatus::processing;
  open.unresolved = open.begun;
  open.lane = order.status == OrderStatus::confirmed ? Lane::paper : Lane::sale;
  open.invoice_done = unfinished.invoice_done;
  for (const StatusChange& change : order.history) {
    if (change.status == OrderStatus::pending) open.created = change.at;
    if (change.status == OrderStatus::confirmed) open.confirmed = change.at;
  }
  return open;
}

}  // namespace

void resume_orders(Dispatcher& dispatcher, std::span<const Offer> offers, std::span<const UnfinishedOrder> unfinished,
                   std::span<const ParkedOrder> parked) {
  for (const Offer& offer : offers) dispatcher.restore_product(offer.ref, offer.spec);
  std::size_t next_parked = 0;
  for (const UnfinishedOrder& order : unfinished) {
    if (!order.parked) {
      dispatcher.restore(open_order(order));
      continue;
    }
    SCALEMART_CHECK(next_parked < parked.size());
    const ParkedOrder& note = parked[next_parked++];
    SCALEMART_CHECK(note.order == order.order.id);
    dispatcher.restore(DeadLetter{open_order(order), note.step, note.attempts, note.reason, note.since});
  }
}

}  // namespace scalemart
