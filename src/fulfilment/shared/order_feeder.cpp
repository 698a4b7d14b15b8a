#include "fulfilment/shared/order_feeder.hpp"

#include <sys/prctl.h>

#include <utility>

namespace scalemart {

/// Changes and answers are both in the order in which the batch was decided; only an answer knows the price.
std::vector<OpenOrder> accepted_orders(const RecordedBatch& batch) {
  std::vector<OpenOrder> orders;
  auto answer = batch.answers.begin();
  for (const OrderChange& change : batch.changes) {
    if (change.status != OrderStatus::pending) continue;
    while (answer != batch.answers.end() && !(answer->outcome == Outcome::done && answer->order == change.order))
      ++answer;
    if (answer == batch.answers.end()) break;
    OpenOrder order;
    order.id = change.order;
    order.buyer = change.buyer;
    order.created = change.at;
    order.sequence = change.sequence;
    order.unit_price = answer->unit_price;
    order.product = change.product;
    order.quantity = static_cast<std::uint8_t>(change.quantity);
    orders.push_back(order);
  }
  return orders;
}

OrderFeeder::OrderFeeder(OrderIntake& intake, Hooks hooks, OrderFeederSettings settings)
    : intake_(intake), hooks_(std::move(hooks)), settings_(settings) {}

OrderFeeder::~OrderFeeder() {
  stop();
}

void OrderFeeder::start() {
  thread_ = std::thread([this] { run(); });
}

void OrderFeeder::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  news_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void OrderFeeder::sold(const RecordedBatch& batch) noexcept {
  if (auto orders = accepted_orders(batch); !orders.empty()) take(std::move(orders));
}

void OrderFeeder::put(const OpenOrder& order) noexcept {
  take({order});
}

void OrderFeeder::take(std::vector<OpenOrder> orders) noexcept {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = waiting_.empty();
    const std::size_t room = settings_.waiting_max - std::min(settings_.waiting_max, waiting_.size());
    if (orders.size() > room) {
      orders.resize(room);
      lost_ = true;
    }
    waiting_.insert(waiting_.end(), orders.begin(), orders.end());
  }
  if (first) news_.notify_one();
}

bool OrderFeeder::step() {
  std::vector<OpenOrder> orders;
  bool lost = false;
  {
    const std::lock_guard lock(mutex_);
    orders.swap(waiting_);
    lost = std::exchange(lost_, false);
  }
  const bool any = !orders.empty();
  if (any && !intake_.offer(orders, settings_.within))
    lost = true;
  else if (any && hooks_.on_offered)
    hooks_.on_offered();
  if (lost && hooks_.on_lost) hooks_.on_lost();
  return any;
}

void OrderFeeder::run() {
  ::prctl(PR_SET_NAME, "order-feeder");
  for (bool stopping = false; !stopping;) {
    {
      std::unique_lock lock(mutex_);
      news_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      news_.wait_for(lock, settings_.gather, [this] { return stopping_; });
      stopping = stopping_;
    }
    step();
  }
}

}  // namespace scalemart
