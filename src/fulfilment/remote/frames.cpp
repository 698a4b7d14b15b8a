#include "fulfilment/remote/frames.hpp"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "domain/record_codec.hpp"

namespace scalemart {
namespace {

using wire::Reader;
using wire::Writer;
using namespace frame;

constexpr std::size_t kNameBytes = 64;
constexpr std::size_t kLineBytes = 500;  ///< Hosts, versions, reasons, details.
// One more than the ledger takes, so that it refuses what is too long here as anywhere.
constexpr std::size_t kReferenceBytes = 256;
constexpr std::size_t kReasonBytes = kReasonMax + 1;
constexpr std::size_t kItemBytes = 256;  ///< More than the fixed fields of any item.
constexpr int kReasons = static_cast<int>(StatusReason::refunded_by_admin) + 1;
constexpr std::uint64_t kDayNs = 86'400'000'000'000;
constexpr std::uint64_t kHighestTtlMs = 86'400'000;

void put_text(Writer& out, std::string_view text, std::size_t max = kLineBytes) {
  out.text(text.substr(0, max));
  out.room(kItemBytes);
}

std::string get_text(Reader& in, std::size_t max = kLineBytes) {
  const std::string_view text = in.text();
  if (text.size() > max) in.fail();
  return in.failed() ? std::string() : std::string(text);
}

std::uint64_t at_most(Reader& in, std::uint64_t most) {
  const std::uint64_t value = in.varint();
  if (value > most) in.fail();
  return in.failed() ? 0 : value;
}

std::uint16_t varint16(Reader& in) {
  return static_cast<std::uint16_t>(at_most(in, UINT16_MAX));
}

void put(Writer& out, const OpenOrder& o) {
  out.id(o.id);
  out.id(o.buyer);
  out.signed_varint(o.created.ms);
  out.signed_varint(o.confirmed.ms);
  out.varint(o.sequence);
  out.signed_varint(o.unit_price);
  out.varint(index_of(o.product));
  out.varint(o.fence);
  out.varint(o.attempts);
  out.u8(o.quantity);
  out.u8(static_cast<std::uint8_t>(o.lane));
  out.u8(o.begun);
  out.u8(o.unresolved);
  out.u8(o.invoice_done);
}
void get(Reader& in, OpenOrder& o) {
  o.id = in.id<OrderId>();
  o.buyer = in.id<UserId>();
  o.created.ms = in.signed_varint();
  o.confirmed.ms = in.signed_varint();
  o.sequence = in.varint();
  o.unit_price = in.signed_varint();
  o.product = ProductRef{in.varint32()};
  o.fence = in.varint32();
  o.attempts = varint16(in);
  o.quantity = in.u8();
  o.lane = static_cast<Lane>(in.u8_below(kLaneCount));
  o.begun = in.flag();
  o.unresolved = in.flag();
  o.invoice_done = in.flag();
}

void put(Writer& out, const Orders::Item& item) {
  put(out, item.order);
  out.u8(item.caller.has_value());
  if (!item.caller) return;
  for (const std::uint8_t byte : item.caller->trace) out.u8(byte);
  for (const std::uint8_t byte : item.caller->span) out.u8(byte);
  out.u8(item.caller->is_sampled);
}
void get(Reader& in, Orders::Item& item) {
  get(in, item.order);
  if (!in.flag()) return;
  TraceContext& caller = item.caller.emplace();
  for (std::uint8_t& byte : caller.trace) byte = in.u8();
  for (std::uint8_t& byte : caller.span) byte = in.u8();
  caller.is_sampled = in.flag();
}

/// What is behind a completion's order and fence.
struct PutDetails {
  Writer& out;
  void operator()(const Begin&) const {}
  void operator()(const Confirm& c) const { put_text(out, c.payment_reference, kReferenceBytes); }
  void operator()(const Decline& c) const { out.u8(static_cast<std::uint8_t>(c.reason)); }
  void operator()(const FinishStep& c) const { out.u8(static_cast<std::uint8_t>(c.step)); }
  void operator()(const Park& c) const {
    out.u8(static_cast<std::uint8_t>(c.step));
    out.varint(c.attempts);
    put_text(out, c.reason, kReasonBytes);
  }
};
struct GetDetails {
  Reader& in;
  void operator()(Begin&) const {}
  void operator()(Confirm& c) const { c.payment_reference = get_text(in, kReferenceBytes); }
  void operator()(Decline& c) const { c.reason = static_cast<StatusReason>(in.u8_below(kReasons)); }
  void operator()(FinishStep& c) const { c.step = static_cast<Step>(in.u8_below(kStepCount)); }
  void operator()(Park& c) const {
    c.step = static_cast<Step>(in.u8_below(kStepCount));
    c.attempts = in.varint32();
    c.reason = get_text(in, kReasonBytes);
  }
};

template <std::size_t... I>
Completion completion_of(std::size_t kind, std::index_sequence<I...>) {
  Completion made;
  static_cast<void>(((kind == I ? (made.emplace<I>(), true) : false) || ...));
  return made;
}

void put(Writer& out, const Completions::Item& item) {
  out.varint(item.request);
  out.u8(static_cast<std::uint8_t>(item.completion.index()));
  std::visit(
      [&out](const auto& c) {
        out.id(c.order);
        out.varint(c.fence);
        PutDetails{out}(c);
      },
      item.completion);
}
void get(Reader& in, Completions::Item& item) {
  item.request = in.varint();
  constexpr std::size_t kKinds = std::variant_size_v<Completion>;
  item.completion = completion_of(in.u8_below(kKinds), std::make_index_sequence<kKinds>());
  std::visit(
      [&in](auto& c) {
        c.order = in.id<OrderId>();
        c.fence = in.varint32();
        GetDetails{in}(c);
      },
      item.completion);
}

void put(Writer& out, const Releases::Item& r) {
  out.id(r.order);
  out.varint(r.fence);
  out.varint(r.attempts);
  out.u8(r.unresolved);
  out.varint(static_cast<std::uint64_t>(std::max<std::int64_t>(r.delay.count(), 0)));
}
void get(Reader& in, Releases::Item& r) {
  r.order = in.id<OrderId>();
  r.fence = in.varint32();
  r.attempts = varint16(in);
  r.unresolved = in.flag();
  r.delay = std::chrono::nanoseconds(static_cast<std::int64_t>(at_most(in, kDayNs)));
}

void put(Writer& out, const Answers::Item& a) {
  out.varint(a.request);
  out.u8(static_cast<std::uint8_t>(a.outcome));
}
void get(Reader& in, Answers::Item& a) {
  a.request = in.varint();
  a.outcome = static_cast<Outcome>(in.u8_below(kOutcomeCount));
}

void put_time(Writer& out, std::chrono::nanoseconds took) {
  out.varint(std::clamp<std::uint64_t>(static_cast<std::uint64_t>(took.count()), 0, kDayNs));
}
void put(Writer& out, const FinishedStep& s) {
  out.u8(static_cast<std::uint8_t>(s.step));
  out.u8(static_cast<std::uint8_t>(s.result));
  put_time(out, s.took);
  out.id(s.order);
  out.varint(s.attempts);
  out.signed_varint(s.at.ms);
  put_text(out, s.detail);
}
void get(Reader& in, FinishedStep& s) {
  s.step = static_cast<Step>(in.u8_below(kStepCount));
  s.result = static_cast<FinishedStep::Result>(in.u8_below(kStepResultCount));
  s.took = std::chrono::nanoseconds(static_cast<std::int64_t>(at_most(in, kDayNs)));
  s.order = in.id<OrderId>();
  s.attempts = varint16(in);
  s.at.ms = in.signed_varint();
  s.detail = get_text(in);
}

template <class Item>
void put(Writer& out, const std::vector<Item>& items) {
  out.room(kItemBytes);
  out.varint(items.size());
  for (const Item& item : items) {
    out.room(kItemBytes);
    put(out, item);
  }
  out.room(kItemBytes);
}
template <class Item>
void get(Reader& in, std::vector<Item>& items) {
  // An item has two bytes at least: a count cannot make us reserve more than the frame's size in items.
  const std::uint64_t count = at_most(in, in.left());
  items.reserve(std::min<std::size_t>(count, kFrameItems));
  for (std::uint64_t i = 0; i < count && !in.failed(); ++i) get(in, items.emplace_back());
}

void put(Writer& out, const Concurrency& c) {
  out.varint(c.min);
  out.varint(c.max);
}
void get(Reader& in, Concurrency& c) {
  for (std::uint32_t* n : {&c.min, &c.max}) *n = static_cast<std::uint32_t>(at_most(in, kConcurrencyMax));
  if (!c.is_valid()) in.fail();
}
void put(Writer& out, const WorkerView& v) {
  out.u8(v.draining);
  for (const std::uint64_t n :
       {std::uint64_t{v.concurrency}, std::uint64_t{v.in_flight}, std::uint64_t{v.papers_in_flight}, v.confirmed,
        v.declined, v.retries, v.parked, v.papers_done, v.lost})
    out.varint(n);
  for (const BreakerState state : v.breakers) out.u8(static_cast<std::uint8_t>(state));
  put(out, v.bounds);
  put_text(out, v.last_error, kErrorMax);
  out.signed_varint(v.last_error_at.ms);
}
void get(Reader& in, WorkerView& v) {
  v.draining = in.flag();
  for (std::uint32_t* n : {&v.concurrency, &v.in_flight, &v.papers_in_flight}) *n = in.varint32();
  for (std::uint64_t* n : {&v.confirmed, &v.declined, &v.retries, &v.parked, &v.papers_done, &v.lost}) *n = in.varint();
  for (BreakerState& state : v.breakers) state = static_cast<BreakerState>(in.u8_below(3));
  get(in, v.bounds);
  v.last_error = get_text(in, kErrorMax);
  v.last_error_at.ms = in.signed_varint();
}

// --- messages

void put(Writer& out, const Hello& m) {
  put_text(out, m.name, kNameBytes);
  put_text(out, m.host);
  out.varint(m.pid);
  put_text(out, m.version);
  put_text(out, m.payment);
}
void get(Reader& in, Hello& m) {
  m.name = get_text(in, kNameBytes);
  m.host = get_text(in);
  m.pid = in.varint32();
  m.version = get_text(in);
  m.payment = get_text(in);
}
void put(Writer& out, const Want& m) {
  for (const std::uint64_t n : m.up_to) out.varint(n);
}
void get(Reader& in, Want& m) {
  for (std::uint64_t& n : m.up_to) n = in.varint();
}
void put(Writer& out, const Report& m) {
  out.varint(m.steered);
  put(out, m.view);
  put(out, m.steps);
}
void get(Reader& in, Report& m) {
  m.steered = in.varint32();
  get(in, m.view);
  get(in, m.steps);
}
void put(Writer& out, const AskContact& m) {
  out.varint(m.request);
  out.id(m.buyer);
}
void get(Reader& in, AskContact& m) {
  m.request = in.varint();
  m.buyer = in.id<UserId>();
}
void put(Writer& out, const Welcome& m) {
  put_text(out, m.id, kNameBytes);
  out.varint(static_cast<std::uint64_t>(m.lease_ttl.count()));
}
void get(Reader& in, Welcome& m) {
  m.id = get_text(in, kNameBytes);
  m.lease_ttl = std::chrono::milliseconds(static_cast<std::int64_t>(at_most(in, kHighestTtlMs)));
  if (m.id.empty() || m.lease_ttl.count() == 0) in.fail();
}
void put(Writer& out, const Refused& m) {
  put_text(out, m.reason);
}
void get(Reader& in, Refused& m) {
  m.reason = get_text(in);
}
void put(Writer& out, const Product& m) {
  out.varint(index_of(m.ref));
  encode_spec(*m.spec, out);
}
void get(Reader& in, Product& m) {
  m.ref = ProductRef{in.varint32()};
  m.spec = decode_spec(in);
}
void put(Writer& out, const Steer& m) {
  out.varint(m.number);
  put(out, m.concurrency);
}
void get(Reader& in, Steer& m) {
  m.number = in.varint32();
  get(in, m.concurrency);
}
void put(Writer& out, const ContactAnswer& m) {
  out.varint(m.request);
  out.u8(static_cast<std::uint8_t>(m.kind));
  put_text(out, m.contact.email);
  put_text(out, m.contact.name);
}
void get(Reader& in, ContactAnswer& m) {
  m.request = in.varint();
  m.kind = static_cast<ContactAnswer::Kind>(in.u8_below(3));
  m.contact.email = get_text(in);
  m.contact.name = get_text(in);
}

template <class M>
concept HasItems = requires(M m) {
  m.items;
};

template <class M>
void put_message(Writer& out, const M& m) {
  if constexpr (HasItems<M>) {
    put(out, m.items);
  } else if constexpr (!std::is_empty_v<M>) {
    put(out, m);
  }
}
template <class M>
void get_message(Reader& in, M& m) {
  if constexpr (HasItems<M>) {
    get(in, m.items);
  } else if constexpr (!std::is_empty_v<M>) {
    get(in, m);
  }
}

template <std::size_t... I>
Message message_of(std::size_t kind, std::index_sequence<I...>) {
  Message made;
  static_cast<void>(((kind == I ? (made.emplace<I>(), true) : false) || ...));
  return made;
}

}  // namespace

bool is_worker_name(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  return !text.empty() && text.size() <= kNameBytes && std::all_of(text.begin(), text.end(), allowed);
}

Bytes frame::encode(const Message& message) {
  Bytes bytes;
  {
    Writer out(bytes);
    out.room(kItemBytes);
    out.fixed(std::uint32_t{0});
    out.u8(static_cast<std::uint8_t>(message.index()));
    std::visit([&out](const auto& m) { put_message(out, m); }, message);
  }
  const auto size = static_cast<std::uint32_t>(bytes.size() - sizeof(std::uint32_t));
  std::memcpy(bytes.data(), &size, sizeof size);
  return bytes;
}

Result<Message> frame::decode(std::span<const std::byte> content) {
  constexpr std::size_t kKinds = std::variant_size_v<Message>;
  Reader in(content);
  const std::uint8_t kind = in.u8_below(kKinds);
  if (in.failed()) return error("a frame of an unknown kind");
  Message message = message_of(kind, std::make_index_sequence<kKinds>());
  std::visit([&in](auto& m) { get_message(in, m); }, message);
  if (in.failed()) return error("a frame of kind " + std::to_string(kind) + " that is cut off or out of bounds");
  if (in.left() > 0) return error("a frame of kind " + std::to_string(kind) + " with something behind it");
  return message;
}

}  // namespace scalemart
