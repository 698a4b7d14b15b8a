#include "domain/record_codec.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace scalemart {
namespace {

using wire::Reader;
using wire::Writer;

constexpr std::size_t kFixedRoom = 128;  // more than any payload without its texts takes
constexpr std::size_t kRecordMin = 3;    // kind, time step, a product
constexpr int kReasonCount = static_cast<int>(StatusReason::refunded_by_admin) + 1;

void put(Writer& out, ProductRef product) {
  out.varint(index_of(product));
}

struct Encode {
  Writer& out;

  void operator()(const record::ProductCreated& r) const {
    put(out, r.product);
    encode_spec(*r.spec, out);
    out.signed_varint(r.total);
  }
  void operator()(const record::ProductChanged& r) const {
    put(out, r.product);
    encode_spec(*r.spec, out);
  }
  void operator()(const record::ProductRemoved& r) const { put(out, r.product); }
  void operator()(const record::StockAdjusted& r) const {
    put(out, r.product);
    out.signed_varint(r.delta);
    out.text(r.reason);
  }
  void operator()(const record::PauseSet& r) const {
    put(out, r.product);
    out.u8(r.paused ? 1 : 0);
  }
  void operator()(const record::Reserved& r) const {
    out.id(r.order);
    out.id(r.buyer);
    put(out, r.product);
    out.varint(r.quantity);
    out.varint(r.hold_ms);
    out.signed_varint(r.unit_price);
    out.u8(r.key.empty() ? 0 : 1);
    if (r.key.empty()) return;
    out.fixed(r.key.hi);
    out.fixed(r.key.lo);
  }
  void operator()(const record::Begun& r) const {
    out.id(r.order);
    out.varint(r.fence);
  }
  void operator()(const record::Confirmed& r) const {
    out.id(r.order);
    out.text(r.payment_reference);
  }
  void operator()(const record::Failed& r) const {
    out.id(r.order);
    out.u8(static_cast<std::uint8_t>(r.reason));
  }
  void operator()(const record::Expired& r) const { out.id(r.order); }
  void operator()(const record::Cancelled& r) const { out.id(r.order); }
  void operator()(const record::Refunded& r) const { out.id(r.order); }
  void operator()(const record::StepFinished& r) const {
    out.id(r.order);
    out.u8(static_cast<std::uint8_t>(r.step));
    out.u8(r.skipped ? 1 : 0);
  }
  void operator()(const record::Parked& r) const {
    out.id(r.order);
    out.u8(static_cast<std::uint8_t>(r.step));
    out.varint(r.attempts);
    out.text(r.reason);
  }
  void operator()(const record::Unparked& r) const { out.id(r.order); }
};

ProductRef product(Reader& in) {
  return ProductRef{in.varint32()};
}
OrderId order(Reader& in) {
  return in.id<OrderId>();
}

// One per kind; the overload is chosen by a tag of the wanted type.
template <class T>
struct Want {};

record::Payload decode(Reader& in, Want<record::ProductCreated>) {
  record::ProductCreated r;
  r.product = product(in);
  r.spec = decode_spec(in);
  r.total = in.signed_varint();
  return r;
}
record::Payload decode(Reader& in, Want<record::ProductChanged>) {
  record::ProductChanged r;
  r.product = product(in);
  r.spec = decode_spec(in);
  return r;
}
record::Payload decode(Reader& in, Want<record::ProductRemoved>) {
  return record::ProductRemoved{product(in)};
}
record::Payload decode(Reader& in, Want<record::StockAdjusted>) {
  record::StockAdjusted r;
  r.product = product(in);
  r.delta = in.signed_varint();
  r.reason = in.text();
  return r;
}
record::Payload decode(Reader& in, Want<record::PauseSet>) {
  record::PauseSet r;
  r.product = product(in);
  r.paused = in.flag();
  return r;
}
record::Payload decode(Reader& in, Want<record::Reserved>) {
  record::Reserved r;
  r.order = order(in);
  r.buyer = in.id<UserId>();
  r.product = product(in);
  r.quantity = in.varint32();
  r.hold_ms = in.varint32();
  r.unit_price = in.signed_varint();
  if (!in.flag()) return r;
  r.key.hi = in.fixed<std::uint64_t>();
  r.key.lo = in.fixed<std::uint64_t>();
  if (r.key.empty()) in.fail();  // would be written as absent
  return r;
}
record::Payload decode(Reader& in, Want<record::Begun>) {
  record::Begun r;
  r.order = order(in);
  r.fence = in.varint32();
  return r;
}
record::Payload decode(Reader& in, Want<record::Confirmed>) {
  record::Confirmed r;
  r.order = order(in);
  r.payment_reference = in.text();
  return r;
}
record::Payload decode(Reader& in, Want<record::Failed>) {
  record::Failed r;
  r.order = order(in);
  r.reason = static_cast<StatusReason>(in.u8_below(kReasonCount));
  return r;
}
record::Payload decode(Reader& in, Want<record::Expired>) {
  return record::Expired{order(in)};
}
record::Payload decode(Reader& in, Want<record::Cancelled>) {
  return record::Cancelled{order(in)};
}
record::Payload decode(Reader& in, Want<record::Refunded>) {
  return record::Refunded{order(in)};
}
record::Payload decode(Reader& in, Want<record::StepFinished>) {
  record::StepFinished r;
  r.order = order(in);
  r.step = static_cast<Step>(in.u8_below(kStepCount));
  r.skipped = in.flag();
  return r;
}
record::Payload decode(Reader& in, Want<record::Parked>) {
  record::Parked r;
  r.order = order(in);
  r.step = static_cast<Step>(in.u8_below(kStepCount));
  r.attempts = in.varint32();
  r.reason = in.text();
  return r;
}
record::Payload decode(Reader& in, Want<record::Unparked>) {
  return record::Unparked{order(in)};
}

constexpr std::size_t kKinds = std::variant_size_v<record::Payload>;

template <std::size_t Kind>
record::Payload decode_kind(Reader& in) {
  return decode(in, Want<std::variant_alternative_t<Kind, record::Payload>>{});
}

template <std::size_t... Kind>
record::Payload decode_any(std::size_t kind, Reader& in, std::index_sequence<Kind...>) {
  using Decoder = record::Payload (*)(Reader&);
  static constexpr Decoder kDecoders[] = {&decode_kind<Kind>...};
  return kDecoders[kind](in);
}

enum SpecPresent : unsigned { kListPrice = 1, kStart = 2, kEnd = 4 };

}  // namespace

void encode_payload(const record::Payload& payload, Writer& out) {
  out.room(kFixedRoom);
  out.u8(static_cast<std::uint8_t>(payload.index()));
  std::visit(Encode{out}, payload);
}

record::Payload decode_payload(Reader& in) {
  const std::size_t kind = in.u8_below(static_cast<int>(kKinds));
  return decode_any(kind, in, std::make_index_sequence<kKinds>{});
}

void encode_spec(const ProductSpec& spec, Writer& out) {
  out.text(spec.id);
  out.room(kFixedRoom);
  out.fixed(spec.currency.code);
  out.text(spec.details.name);
  out.text(spec.details.description);
  out.text(spec.details.image_url);
  out.room(kFixedRoom);
  const SaleTerms& terms = spec.terms;
  out.signed_varint(terms.price);
  out.varint(terms.per_user_limit);
  out.u8(static_cast<std::uint8_t>((spec.details.list_price ? kListPrice : 0U) | (terms.starts_at ? kStart : 0U) |
                                   (terms.ends_at ? kEnd : 0U)));
  if (spec.details.list_price) out.signed_varint(*spec.details.list_price);
  if (terms.starts_at) out.signed_varint(terms.starts_at->ms);
  if (terms.ends_at) out.signed_varint(terms.ends_at->ms);
}

std::shared_ptr<const ProductSpec> decode_spec(Reader& in) {
  auto spec = std::make_shared<ProductSpec>();
  spec->id = in.text();
  spec->currency.code = in.fixed<std::array<char, 3>>();
  spec->details.name = in.text();
  spec->details.description = in.text();
  spec->details.image_url = in.text();
  spec->terms.price = in.signed_varint();
  spec->terms.per_user_limit = in.varint32();
  const unsigned present = in.u8_below(8);
  if (present & kListPrice) spec->details.list_price = in.signed_varint();
  if (present & kStart) spec->terms.starts_at = WallTime{in.signed_varint()};
  if (present & kEnd) spec->terms.ends_at = WallTime{in.signed_varint()};
  return spec;
}

void encode_batch(std::span<const Record> records, Bytes& out) {
  SCALEMART_CHECK(!records.empty());
  Writer writer(out);
  writer.room(kFixedRoom);
  writer.u8(kBatchVersion);
  writer.varint(records.size());
  std::int64_t time = records.front().at.ms;
  writer.fixed(time);
  Sequence sequence = records.front().sequence;
  for (const Record& record : records) {
    SCALEMART_CHECK(record.sequence == sequence++);
    writer.room(kFixedRoom);
    writer.u8(static_cast<std::uint8_t>(record.payload.index()));
    // Differences wrap, so that every pair of times has one.
    writer.signed_varint(static_cast<std::int64_t>(static_cast<std::uint64_t>(record.at.ms) -
                                                   static_cast<std::uint64_t>(std::exchange(time, record.at.ms))));
    std::visit(Encode{writer}, record.payload);
  }
}

Bytes encode_batch(std::span<const Record> records) {
  Bytes out;
  out.reserve(64 + records.size() * 80);
  encode_batch(records, out);
  return out;
}

Result<std::vector<Record>> decode_batch(Sequence first_sequence, std::span<const std::byte> bytes) {
  Reader in(bytes);
  const auto version = in.u8();
  if (version != kBatchVersion)
    return error("batch at " + std::to_string(first_sequence) + ": unknown format version " + std::to_string(version));
  const std::uint64_t count = in.varint();
  auto time = static_cast<std::uint64_t>(in.fixed<std::int64_t>());
  if (in.failed() || count == 0 || count > in.left() / kRecordMin)
    return error("batch at " + std::to_string(first_sequence) + ": its head is damaged");

  std::vector<Record> records;
  records.reserve(static_cast<std::size_t>(count));
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::size_t kind = in.u8_below(static_cast<int>(kKinds));
    time += static_cast<std::uint64_t>(in.signed_varint());
    record::Payload payload = decode_any(kind, in, std::make_index_sequence<kKinds>{});
    if (in.failed()) return error("record " + std::to_string(first_sequence + i) + " is damaged");
    records.push_back(Record{first_sequence + i, WallTime{static_cast<std::int64_t>(time)}, std::move(payload)});
  }
  if (in.left() > 0) return error("batch at " + std::to_string(first_sequence) + ": bytes after its last record");
  return records;
}

}  // namespace scalemart
