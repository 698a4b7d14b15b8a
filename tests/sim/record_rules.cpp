#include "tests/sim/record_rules.hpp"

#include <array>

namespace scalemart::sim {
namespace {

/// Pairs of a command and its record; every other pair does not belong together.
struct Explains {
  bool operator()(const Reserve& c, const record::Reserved& r) const {
    return c.order == r.order && c.buyer == r.buyer && c.product == r.product && c.quantity == r.quantity &&
           c.hold_ms == r.hold_ms && c.key == r.key;
  }
  bool operator()(const Cancel& c, const record::Cancelled& r) const { return c.order == r.order; }
  bool operator()(const Begin& c, const record::Begun& r) const { return c.order == r.order && c.fence == r.fence; }
  bool operator()(const Confirm& c, const record::Confirmed& r) const {
    return c.order == r.order && c.payment_reference == r.payment_reference;
  }
  bool operator()(const Decline& c, const record::Failed& r) const {
    return c.order == r.order && c.reason == r.reason;
  }
  bool operator()(const FinishStep& c, const record::StepFinished& r) const {
    return c.order == r.order && c.step == r.step && !r.skipped;
  }
  bool operator()(const Park& c, const record::Parked& r) const {
    return c.order == r.order && c.step == r.step && c.attempts == r.attempts && c.reason.starts_with(r.reason);
  }
  bool operator()(const ExpireDue&, const record::Expired&) const { return true; }
  bool operator()(const CreateProduct& c, const record::ProductCreated& r) const {
    return *c.spec == *r.spec && c.total == r.total;
  }
  bool operator()(const ChangeProduct& c, const record::ProductChanged& r) const {
    return c.product == r.product && *c.spec == *r.spec;
  }
  bool operator()(const RemoveProduct& c, const record::ProductRemoved& r) const { return c.product == r.product; }
  bool operator()(const AdjustStock& c, const record::StockAdjusted& r) const {
    return c.product == r.product && c.delta == r.delta && c.reason == r.reason;
  }
  bool operator()(const SetPaused& c, const record::PauseSet& r) const {
    return c.product == r.product && c.paused == r.paused;
  }
  bool operator()(const Refund& c, const record::Refunded& r) const { return c.order == r.order; }
  bool operator()(const Unpark& c, const record::Unparked& r) const { return c.order == r.order; }
  bool operator()(const Discard& c, const record::Failed& r) const {
    return c.order == r.order && r.reason == StatusReason::discarded_by_admin;
  }
  bool operator()(const Discard& c, const record::StepFinished& r) const { return c.order == r.order && r.skipped; }
  template <class C, class R>
  bool operator()(const C&, const R&) const {
    return false;
  }
};

struct CommandOf {
  std::uint32_t fence = 0;
  Command operator()(const record::Reserved& r) const {
    return Reserve{r.order, r.buyer, r.product, r.quantity, r.hold_ms, r.key};
  }
  Command operator()(const record::Cancelled& r) const { return Cancel{r.order, {}}; }
  Command operator()(const record::Begun& r) const { return Begin{r.order, r.fence}; }
  Command operator()(const record::Confirmed& r) const { return Confirm{r.order, fence, r.payment_reference}; }
  Command operator()(const record::Failed& r) const {
    if (r.reason == StatusReason::discarded_by_admin) return Discard{r.order};
    return Decline{r.order, fence, r.reason};
  }
  Command operator()(const record::StepFinished& r) const {
    if (r.skipped) return Discard{r.order};
    return FinishStep{r.order, fence, r.step};
  }
  Command operator()(const record::Parked& r) const { return Park{r.order, fence, r.step, r.attempts, r.reason}; }
  Command operator()(const record::Expired&) const { return ExpireDue{1}; }
  Command operator()(const record::ProductCreated& r) const { return CreateProduct{r.spec, r.total}; }
  Command operator()(const record::ProductChanged& r) const { return ChangeProduct{r.product, r.spec}; }
  Command operator()(const record::ProductRemoved& r) const { return RemoveProduct{r.product}; }
  Command operator()(const record::StockAdjusted& r) const { return AdjustStock{r.product, r.delta, r.reason}; }
  Command operator()(const record::PauseSet& r) const { return SetPaused{r.product, r.paused}; }
  Command operator()(const record::Refunded& r) const { return Refund{r.order}; }
  Command operator()(const record::Unparked& r) const { return Unpark{r.order}; }
};

constexpr std::array<const char*, std::variant_size_v<Command>> kCommands{
    "Reserve",       "Cancel",        "Begin",         "Confirm",     "Decline",   "FinishStep", "Park",   "ExpireDue",
    "CreateProduct", "ChangeProduct", "RemoveProduct", "AdjustStock", "SetPaused", "Refund",     "Unpark", "Discard"};
constexpr std::array<const char*, std::variant_size_v<record::Payload>> kRecords{
    "ProductCreated", "ProductChanged", "ProductRemoved", "StockAdjusted", "PauseSet",
    "Reserved",       "Begun",          "Confirmed",      "Failed",        "Expired",
    "Cancelled",      "Refunded",       "StepFinished",   "Parked",        "Unparked"};

}  // namespace

bool explains(const Command& command, const Record& record) {
  return std::visit(Explains{}, command, record.payload);
}

Command command_of(const Record& record, const ReferenceModel::Order* order) {
  Command command = std::visit(CommandOf{order != nullptr ? order->fence : 0}, record.payload);
  if (auto* cancel = std::get_if<Cancel>(&command); cancel != nullptr && order != nullptr) cancel->buyer = order->buyer;
  return command;
}

OrderId order_of(const Record& record) {
  return std::visit(
      []<class R>(const R& r) {
        if constexpr (requires { r.order; })
          return r.order;
        else
          return OrderId{};
      },
      record.payload);
}

std::string describe(const Command& command) {
  std::string text = kCommands[command.index()];
  std::visit(
      [&]<class C>(const C& c) {
        if constexpr (requires { c.order; }) text += " order " + to_string(c.order);
        if constexpr (requires { c.product; }) text += " product " + std::to_string(index_of(c.product));
        if constexpr (requires { c.buyer; }) text += " buyer " + std::to_string(c.buyer.lo);
        if constexpr (requires { c.quantity; }) text += " quantity " + std::to_string(c.quantity);
        if constexpr (requires { c.key; }) text += " key " + std::to_string(c.key.lo);
        if constexpr (requires { c.fence; }) text += " fence " + std::to_string(c.fence);
        if constexpr (requires { c.step; }) text += " step " + std::string(to_text(c.step));
      },
      command);
  return text;
}

std::string describe(const Record& record) {
  return "record " + std::to_string(record.sequence) + " " + kRecords[record.payload.index()] + " order " +
         to_string(order_of(record)) + " at " + std::to_string(record.at.ms);
}

std::string describe(const Answer& answer) {
  return std::string(to_text(answer.outcome)) + (answer.final ? " (final)" : "") + " sequence " +
         std::to_string(answer.sequence) + " order " + to_string(answer.order) + " product " +
         std::to_string(index_of(answer.product)) + " quantity " + std::to_string(answer.quantity) + " price " +
         std::to_string(answer.unit_price) + " count " + std::to_string(answer.count);
}

bool same(const Answer& a, const Answer& b) {
  return a.outcome == b.outcome && a.final == b.final && a.quantity == b.quantity && a.sequence == b.sequence &&
         a.order == b.order && a.product == b.product && a.unit_price == b.unit_price && a.count == b.count;
}

}  // namespace scalemart::sim
