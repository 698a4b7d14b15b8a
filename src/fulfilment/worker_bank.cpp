// What a worker asks of the payment provider.
#include "fulfilment/worker.hpp"

namespace scalemart {

void Worker::charge(Slot& slot) {
  auto [request, reply] = ask_bank(slot, Stage::charge);
  payments_.charge(std::move(request), reply);
}

void Worker::withdraw(Slot& slot) {
  auto [request, reply] = ask_bank(slot, Stage::withdraw);
  payments_.withdraw(std::move(request), reply);
}

std::pair<ChargeRequest, Worker::PaymentReply> Worker::ask_bank(Slot& slot, Stage stage) {
  const std::uint64_t token = call(slot, stage);
  const SteadyTime deadline = clock_.steady() + settings_.payment_deadline;
  payment_watch_.push_back({deadline + settings_.grace, token});
  const OpenOrder& order = slot.task.order;
  const TraceContext step = step_of_trace(slot.task.trace(), order.id, Step::payment, order.attempts + 1U);
  return {{order.id, order.buyer, order.total(), slot.task.product->currency, slot.task.product->details.name, deadline,
           to_trace_parent(step)},
          PaymentReply{this, token}};
}

}  // namespace scalemart
