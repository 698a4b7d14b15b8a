// What is left to do.
#include <algorithm>

#include "backend/mongodb/record_find.hpp"
#include "backend/mongodb/record_read.hpp"

namespace scalemart::mongo {
namespace {

constexpr std::size_t kLimitMax = 10'000;

OpenOrder open_order(const RecordedOrder& recorded) {
  const OrderView& view = recorded.view;
  OpenOrder order;
  order.id = view.id;
  order.buyer = view.buyer;
  for (const StatusChange& change : view.history) {
    if (change.status == OrderStatus::pending) order.created = change.at;
    if (change.status == OrderStatus::confirmed) order.confirmed = change.at;
  }
  order.sequence = view.sequence;
  order.unit_price = view.unit_price;
  order.product = view.product;
  order.fence = recorded.fence;
  order.quantity = static_cast<std::uint8_t>(view.quantity);
  order.lane = view.status == OrderStatus::confirmed ? Lane::paper : Lane::sale;
  order.begun = view.status == OrderStatus::processing;
  order.unresolved = order.begun;
  order.invoice_done = recorded.invoice != RecordedOrder::open;
  return order;
}

Document behind(SweepCursor cursor) {
  std::vector<Document> either(2);
  Document later, same, filter;
  either[0].add("due", later.add("$gt", cursor.due_ms));
  either[1].add("due", cursor.due_ms).add("due_no", same.add("$gt", cursor.number));
  filter.add("$or", either);
  return filter;
}

}  // namespace

Result<Sweep> MongoRecord::unfinished(SweepCursor after, std::size_t limit, std::chrono::milliseconds within) {
  return read(within, [&](SteadyTime until) -> Reply<Sweep> {
    if (const auto finished = claims_.finish_all(until); !finished) return finished.error();
    const std::size_t most = std::clamp<std::size_t>(limit, 1, kLimitMax);
    Query query{.collection = "orders", .filter = behind(after), .limit = static_cast<std::int64_t>(most)};
    query.sort.add("due", std::int32_t{1}).add("due_no", std::int32_t{1});
    const auto found = client_->find(query);
    if (!found) return found.error();
    Sweep sweep;
    sweep.next = after;
    sweep.finished = found->size() < most;
    for (const Reading& each : *found) {
      const RecordedOrder recorded = RecordedOrder::read(each);
      sweep.next = {recorded.hold_ends.ms, recorded.number};
      sweep.orders.push_back({open_order(recorded), recorded.key, recorded.mail != RecordedOrder::open,
                              recorded.parked.has_value(), recorded.hold_ends});
    }
    return sweep;
  });
}

Result<std::vector<DeadLetter>> MongoRecord::dead_letters(std::size_t limit, std::chrono::milliseconds within) {
  return read(within, [&](SteadyTime) -> Reply<std::vector<DeadLetter>> {
    std::vector<DeadLetter> letters;
    if (limit == 0) return letters;
    Query query{.collection = "orders", .limit = static_cast<std::int64_t>(std::min(limit, kLimitMax))};
    Document any;
    query.filter.add("parked_no", any.add("$gte", std::int64_t{0}));
    query.sort.add("parked_no", std::int32_t{1});
    const auto found = client_->find(query);
    if (!found) return found.error();
    for (const Reading& each : *found) {
      const RecordedOrder recorded = RecordedOrder::read(each);
      letters.push_back({open_order(recorded), recorded.parked->step, recorded.parked->attempts,
                         recorded.parked->reason, recorded.parked->at});
    }
    return letters;
  });
}

}  // namespace scalemart::mongo
