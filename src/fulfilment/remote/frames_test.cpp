#include "fulfilment/remote/frames.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstring>

namespace scalemart {
namespace {

using namespace std::chrono_literals;
using namespace frame;

constexpr OrderId kOrder{0x0123456789abcdef, 0xfedcba9876543210};

std::span<const std::byte> content_of(const Bytes& bytes) {
  return std::span(bytes).subspan(4);
}

template <class M>
M round_trip(const M& message) {
  const Bytes bytes = encode(Message(message));
  std::uint32_t size = 0;
  std::memcpy(&size, bytes.data(), sizeof size);
  EXPECT_EQ(size, bytes.size() - 4);
  auto decoded = decode(content_of(bytes));
  EXPECT_TRUE(decoded.has_value()) << (decoded ? "" : decoded.error().message);
  EXPECT_TRUE(std::holds_alternative<M>(*decoded));
  EXPECT_EQ(encode(*decoded), bytes) << "the same again";
  return std::get<M>(std::move(*decoded));
}

OpenOrder sample_order() {
  OpenOrder order;
  order.id = kOrder;
  order.buyer = {7, 8};
  order.created = {1'700'000'000'001};
  order.confirmed = {1'700'000'000'002};
  order.sequence = 123'456'789'012;
  order.unit_price = -5;
  order.product = ProductRef{3};
  order.fence = UINT32_MAX;
  order.attempts = UINT16_MAX;
  order.quantity = 10;
  order.lane = Lane::paper;
  order.begun = order.unresolved = order.invoice_done = true;
  return order;
}

TraceContext sample_caller() {
  return *parse_trace_parent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
}

std::vector<Message> one_of_each() {
  auto spec = std::make_shared<ProductSpec>();
  spec->id = "lamp";
  spec->details = {"Lamp", "A lamp", "/lamp.png", 5000};
  spec->terms = {4000, WallTime{1}, WallTime{2}, 3};
  WorkerView view;
  view.concurrency = 5;
  view.confirmed = 1ULL << 40;
  view.breakers[0] = BreakerState::open;
  return {Hello{"w", "host", 42, "1.0", "simulated"},
          Want{{1, UINT64_MAX}},
          Completions{{{1, Begin{kOrder, 2}},
                       {2, Confirm{kOrder, 3, "reference"}},
                       {3, Decline{kOrder, 4, StatusReason::payment_declined}},
                       {4, FinishStep{kOrder, 5, Step::mail}},
                       {5, Park{kOrder, 6, Step::payment, 12, "a reason"}}}},
          Releases{{{kOrder, 7, 8, true, 15min}}},
          Heartbeat{},
          Report{9, view, {{kOrder, Step::confirm, FinishedStep::Result::parked, 3, 1ms, WallTime{5}, "detail"}}},
          Leave{},
          AskContact{10, {1, 2}},
          Welcome{"w-2", 30s},
          Refused{"no"},
          Product{ProductRef{3}, spec},
          Orders{{{sample_order()}, {sample_order(), sample_caller()}}},
          Answers{{{11, Outcome::stale_fence}}},
          Lapsed{},
          Steer{12, 100},
          ContactAnswer{13, ContactAnswer::Kind::found, {"a@b", "Ann"}}};
}

TEST(Frames, EveryKindComesBackAsItWas) {
  const auto messages = one_of_each();
  ASSERT_EQ(messages.size(), std::variant_size_v<Message>);
  for (std::size_t kind = 0; kind < messages.size(); ++kind) {
    EXPECT_EQ(messages[kind].index(), kind);
    std::visit([](const auto& m) { round_trip(m); }, messages[kind]);
  }
}

TEST(Frames, AnOrderKeepsEveryField) {
  const OpenOrder before = sample_order();
  const OpenOrder after = round_trip(Orders{{{before}}}).items.at(0).order;
  EXPECT_EQ(std::tuple(before.id, before.buyer, before.created, before.confirmed, before.sequence, before.unit_price),
            std::tuple(after.id, after.buyer, after.created, after.confirmed, after.sequence, after.unit_price));
  EXPECT_EQ(std::tuple(before.product, before.fence, before.attempts, before.quantity, before.lane, true, true, true),
            std::tuple(after.product, after.fence, after.attempts, after.quantity, after.lane, after.begun,
                       after.unresolved, after.invoice_done));
}

TEST(Frames, AnOrderKeepsItsCaller) {
  const auto items = round_trip(Orders{{{sample_order()}, {sample_order(), sample_caller()}}}).items;
  EXPECT_FALSE(items.at(0).caller);
  EXPECT_EQ(items.at(1).caller, sample_caller());
}

TEST(Frames, CompletionsKeepWhatTheLedgerIsToldIncludingWhatIsTooLong) {
  const auto items = round_trip(Completions{{{1, Confirm{kOrder, 1, std::string(256, 'r')}},
                                             {2, Park{kOrder, 1, Step::mail, 9, std::string(5000, 'x')}}}})
                         .items;
  EXPECT_EQ(std::get<Confirm>(items[0].completion).payment_reference.size(), 256u) << "the ledger refuses it";
  EXPECT_EQ(std::get<Park>(items[1].completion).reason.size(), kReasonMax + 1) << "too long here as well";
  EXPECT_EQ(std::get<Park>(items[1].completion).attempts, 9u);
}

TEST(Frames, TheLargestBatchesFit) {
  Completions completions;
  completions.items.resize(kFrameItems, {UINT64_MAX, Confirm{kOrder, UINT32_MAX, std::string(255, 'r')}});
  EXPECT_LE(encode(Message(completions)).size(), kFrameMax);
  Orders orders;
  orders.items.resize(kFrameItems, {sample_order(), sample_caller()});
  EXPECT_LE(encode(Message(orders)).size(), kFrameMax);
  Report report;
  report.steps.resize(kReportSteps,
                      {kOrder, Step::mail, FinishedStep::Result::parked, 1, 24h, {}, std::string(5000, 'd')});
  EXPECT_LE(encode(Message(report)).size(), kFrameMax);
}

TEST(Frames, ACutOffFrameIsRefusedAtEveryByte) {
  for (const Message& message : one_of_each()) {
    const Bytes bytes = encode(message);
    for (std::size_t size = 0; size < bytes.size() - 4; ++size)
      EXPECT_FALSE(decode(content_of(bytes).first(size)).has_value()) << message.index() << " cut at " << size;
  }
}

TEST(Frames, SomethingBehindAFrameIsRefused) {
  for (const Message& message : one_of_each()) {
    Bytes bytes = encode(message);
    bytes.push_back(std::byte{0});
    EXPECT_FALSE(decode(content_of(bytes)).has_value()) << message.index();
  }
}

TEST(Frames, WhatIsOutOfBoundsIsRefused) {
  const auto refused = [](Message message, std::size_t byte, int value) {
    Bytes bytes = encode(message);
    bytes.at(4 + byte) = static_cast<std::byte>(value);
    return !decode(content_of(bytes)).has_value();
  };
  EXPECT_TRUE(refused(Heartbeat{}, 0, 16)) << "an unknown kind";
  EXPECT_TRUE(refused(Completions{{{1, Begin{kOrder, 1}}}}, 3, 5)) << "an unknown completion";
  EXPECT_TRUE(refused(Completions{{{1, FinishStep{kOrder, 1, Step::mail}}}}, 21, kStepCount)) << "an unknown step";
  EXPECT_TRUE(refused(Answers{{{1, Outcome::done}}}, 3, kOutcomeCount)) << "an unknown outcome";
  EXPECT_TRUE(refused(ContactAnswer{1, ContactAnswer::Kind::none, {}}, 2, 3)) << "an unknown answer";
  EXPECT_TRUE(refused(Answers{{{1, Outcome::done}}}, 1, 2)) << "more items than there are";
  Bytes late = encode(Message(Releases{{{kOrder, 1, 1, false, 25h}}}));
  EXPECT_FALSE(decode(content_of(late)).has_value()) << "a delay beyond a day";
  EXPECT_FALSE(decode(content_of(encode(Message(Welcome{"", 1s})))).has_value()) << "a worker without a name";
  EXPECT_FALSE(decode({}).has_value());
}

TEST(Frames, NamesOfWorkersArePlain) {
  for (const char* good : {"a", "web-1.example_2", "Z9"}) EXPECT_TRUE(is_worker_name(good)) << good;
  EXPECT_TRUE(is_worker_name(std::string(64, 'a')));
  for (const char* bad : {"", "a b", "a/b", "ä", "a\n"}) EXPECT_FALSE(is_worker_name(bad)) << bad;
  EXPECT_FALSE(is_worker_name(std::string(65, 'a')));
}

RC_GTEST_PROP(Frames, GarbageIsRefusedOrSaysTheSameAgain, (const std::vector<std::uint8_t>& noise)) {
  Bytes bytes;
  for (const std::uint8_t byte : noise) bytes.push_back(static_cast<std::byte>(byte));
  const auto message = decode(bytes);
  if (!message) return;
  // Texts are kept, varints have one spelling: what was understood is written as it was read.
  const Bytes again = encode(*message);
  RC_ASSERT(std::equal(again.begin() + 4, again.end(), bytes.begin(), bytes.end()));
}

RC_GTEST_PROP(Frames, ADamagedFrameNeverHurts, (std::uint32_t at, std::uint8_t value)) {
  for (const Message& message : one_of_each()) {
    Bytes bytes = encode(message);
    bytes[4 + at % (bytes.size() - 4)] = static_cast<std::byte>(value);
    if (const auto decoded = decode(content_of(bytes))) static_cast<void>(encode(*decoded));
  }
}

// --- the stream

TEST(FrameReader, FindsFramesHoweverTheStreamIsCut) {
  const Bytes a = encode(Message(Steer{1, 2})), b = encode(Message(Refused{"because"}));
  Bytes stream = a;
  stream.insert(stream.end(), b.begin(), b.end());
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    FrameReader reader;
    std::vector<Bytes> found;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      reader.put(std::span(stream).subspan(at, std::min(piece, stream.size() - at)));
      for (auto content = reader.next(); !content.empty(); content = reader.next())
        found.emplace_back(content.begin(), content.end());
    }
    ASSERT_EQ(found.size(), 2u) << piece;
    EXPECT_EQ(found[0], Bytes(a.begin() + 4, a.end()));
    EXPECT_EQ(found[1], Bytes(b.begin() + 4, b.end()));
    EXPECT_FALSE(reader.failed());
  }
}

TEST(FrameReader, WaitsForTheRestOfATruncatedFrame) {
  const Bytes bytes = encode(Message(Refused{"because"}));
  FrameReader reader;
  reader.put(std::span(bytes).first(bytes.size() - 1));
  EXPECT_TRUE(reader.next().empty());
  EXPECT_FALSE(reader.failed());
}

TEST(FrameReader, GivesUpOnFramesThatAreEmptyOrTooLarge) {
  for (const std::uint32_t size : {std::uint32_t{0}, static_cast<std::uint32_t>(kFrameMax + 1), UINT32_MAX}) {
    Bytes bytes(8);
    std::memcpy(bytes.data(), &size, sizeof size);
    FrameReader reader;
    reader.put(bytes);
    EXPECT_TRUE(reader.next().empty());
    EXPECT_TRUE(reader.failed()) << size;
    reader.put(encode(Message(Heartbeat{})));
    EXPECT_TRUE(reader.next().empty()) << "for good";
  }
}

}  // namespace
}  // namespace scalemart
