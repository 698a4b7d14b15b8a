#include "fulfilment/order_feed.hpp"

#include <utility>

namespace scalemart {
namespace {

using Event = OrderFeed::Event;
using Kind = Event::Kind;

OpenOrder open_order(const Record& record, const record::Reserved& r) {
  OpenOrder order;
  order.id = r.order;
  order.buyer = r.buyer;
  order.created = record.at;
  order.sequence = record.sequence;
  order.unit_price = r.unit_price;
  order.product = r.product;
  order.quantity = static_cast<std::uint8_t>(r.quantity);
  return order;
}

Event event(Kind kind, OrderId order, WallTime at, Step step = Step::payment) {
  Event e;
  e.kind = kind;
  e.order = order;
  e.at = at;
  e.step = step;
  return e;
}

/// Sorts one record into the batch; most kinds do not concern fulfilment.
struct Sorter {
  OrderFeed::Batch& batch;
  const Record& record;

  void operator()(const record::Reserved& r) const { batch.accepted.push(open_order(record, r)); }
  void operator()(const record::ProductCreated& r) const { product(r.product, r.spec); }
  void operator()(const record::ProductChanged& r) const { product(r.product, r.spec); }
  void operator()(const record::Confirmed& r) const { add(Kind::confirmed, r.order); }
  void operator()(const record::Failed& r) const { add(Kind::failed, r.order); }
  void operator()(const record::Expired& r) const { add(Kind::gone, r.order); }
  void operator()(const record::Cancelled& r) const { add(Kind::gone, r.order); }
  void operator()(const record::Refunded& r) const { add(Kind::refunded, r.order); }
  void operator()(const record::StepFinished& r) const { add(Kind::step_finished, r.order, r.step); }
  void operator()(const record::Unparked& r) const { add(Kind::unparked, r.order); }
  void operator()(const record::Parked& r) const {
    Event e = event(Kind::parked, r.order, record.at, r.step);
    e.attempts = r.attempts;
    e.reason = r.reason;
    batch.events.push(std::move(e));
  }
  void operator()(const auto&) const {}

  void add(Kind kind, OrderId order, Step step = Step::payment) const {
    batch.events.push(event(kind, order, record.at, step));
  }
  void product(ProductRef ref, const std::shared_ptr<const ProductSpec>& spec) const {
    Event e;
    e.kind = Kind::product;
    e.product = ref;
    e.spec = spec;
    batch.events.push(std::move(e));
  }
};

}  // namespace

bool OrderFeed::put(std::span<const Record> records) {
  const std::lock_guard lock(mutex_);
  const bool was_empty = batch_.empty();
  for (const Record& record : records) std::visit(Sorter{batch_, record}, record.payload);
  return was_empty && !batch_.empty();
}

bool OrderFeed::put(std::span<const AnswerSink::Item> answers) {
  const std::lock_guard lock(mutex_);
  const bool was_empty = batch_.empty();
  for (const AnswerSink::Item& item : answers) batch_.answers.push(item);
  return was_empty && !batch_.empty();
}

OrderFeed::Batch OrderFeed::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(batch_, Batch{});
}

}  // namespace scalemart
