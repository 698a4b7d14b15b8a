#include "backend/mongodb/record_order.hpp"

#include <charconv>

namespace scalemart::mongo {
namespace {

constexpr std::size_t kWord = 16;  // hexadecimal digits of 64 bits

void append_hex(std::string& to, std::uint64_t word) {
  for (int shift = 60; shift >= 0; shift -= 4) to += "0123456789abcdef"[(word >> shift) & 15];
}

KeyDigest key_in(const std::string& once) {
  const auto word = [&](std::size_t from_end) {
    std::uint64_t value = 0;
    const char* const begin = once.data() + once.size() - from_end;
    if (std::from_chars(begin, begin + kWord, value, 16).ptr != begin + kWord) throw Malformed("once is no key");
    return value;
  };
  if (once.size() != UserId::kTextLength + 2 * kWord) throw Malformed("once has another length");
  return {word(2 * kWord), word(kWord)};
}

}  // namespace

std::string once_of(UserId buyer, KeyDigest key) {
  std::string text = to_string(buyer);
  append_hex(text, key.hi);
  append_hex(text, key.lo);
  return text;
}

Document RecordedOrder::document() const {
  Document out = order_document({view, payment});
  out.add("number", number).add("changed", static_cast<std::int64_t>(changed));
  out.add("fence", std::int64_t{fence}).add("invoice", invoice).add("mail", mail);
  if (!key.empty()) out.add("once", once_of(view.buyer, key));
  if (is_unfinished()) out.add("due", hold_ends.ms).add("due_no", number);
  if (view.status == OrderStatus::pending) out.add("hold", hold_ends.ms).add("hold_no", number);
  if (parked) {
    out.add("parked_no", number).add("parked_step", static_cast<std::int32_t>(parked->step));
    out.add("parked_attempts", std::int64_t{parked->attempts}).add("parked_reason", parked->reason);
    out.add("parked_at", parked->at.ms);
  }
  return out;
}

RecordedOrder RecordedOrder::read(const Reading& document) {
  ArchivedOrder archived = read_order(document);
  RecordedOrder order;
  order.view = std::move(archived.order);
  order.payment = std::move(archived.payment_reference);
  if (document.has("once")) order.key = key_in(document.text("once"));
  order.number = document.integer("number");
  order.changed = static_cast<Sequence>(document.integer("changed"));
  order.hold_ends = {document.optional_integer("due").value_or(0)};
  order.fence = static_cast<std::uint32_t>(document.integer("fence"));
  order.invoice = static_cast<std::int32_t>(document.integer("invoice"));
  order.mail = static_cast<std::int32_t>(document.integer("mail"));
  if (document.has("parked_no")) {
    const std::int64_t step = document.integer("parked_step");
    if (step < 0 || step >= kStepCount) throw Malformed("parked_step is out of bounds");
    order.parked = Parked{static_cast<Step>(step),
                          static_cast<std::uint32_t>(document.integer("parked_attempts")),
                          document.text("parked_reason"),
                          {document.integer("parked_at")}};
  }
  return order;
}

}  // namespace scalemart::mongo
