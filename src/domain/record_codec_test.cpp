#include "domain/record_codec.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <random>

namespace scalemart {
namespace {

using namespace record;

constexpr OrderId kOrder{0x0102030405060708, 0x1112131415161718};
constexpr UserId kBuyer{0x2122232425262728, 0x3132333435363738};
constexpr std::string_view kOrderHex = "08070605040302011817161514131211";

std::shared_ptr<const ProductSpec> lamp() {
  ProductSpec spec;
  spec.id = "lamp";
  spec.details = {"Lamp", "Bright", "/l.png", 9900};
  spec.terms = {1999, WallTime{1000}, WallTime{2000}, 2};
  return std::make_shared<ProductSpec>(spec);
}

std::shared_ptr<const ProductSpec> plain() {
  ProductSpec spec;
  spec.id = "p";
  spec.terms.price = 1;
  return std::make_shared<ProductSpec>(spec);
}

std::string hex(std::span<const std::byte> bytes) {
  std::string text;
  char two[3];
  for (const std::byte b : bytes) {
    std::snprintf(two, sizeof two, "%02x", static_cast<unsigned>(b));
    text += two;
  }
  return text;
}

Bytes payload_bytes(const Payload& payload) {
  Bytes bytes;
  {
    wire::Writer out(bytes);
    encode_payload(payload, out);
  }
  return bytes;
}

/// Values are equal exactly when their bytes are: the encoding has one spelling for each.
bool same(const Record& a, const Record& b) {
  return a.sequence == b.sequence && a.at == b.at && payload_bytes(a.payload) == payload_bytes(b.payload);
}

struct Golden {
  Payload payload;
  std::string hex;
};

std::vector<Golden> golden() {
  const std::string o(kOrderHex);
  return {
      {ProductCreated{ProductRef{3}, lamp(), 300},
       "0003046c616d70455552044c616d7006427269676874062f6c2e706e67"
       "9e1f"
       "02"
       "07"
       "d89a01"
       "d00f"
       "a01f"
       "d804"},
      {ProductChanged{ProductRef{200}, plain()},
       "01c80101704555520000000200"
       "00"},
      {ProductRemoved{ProductRef{5}}, "0205"},
      {StockAdjusted{ProductRef{5}, -70, "lost"}, "03058b01046c6f7374"},
      {PauseSet{ProductRef{5}, true}, "040501"},
      {Reserved{kOrder, kBuyer, ProductRef{7}, 2, 600'000, 1999, {0x41, 0x42}}, "05" + o +
                                                                                    "28272625242322213837363534333231"
                                                                                    "0702c0cf249e1f01"
                                                                                    "41000000000000004200000000000000"},
      {Reserved{kOrder, kBuyer, ProductRef{7}, 1, 0, 0, {}}, "05" + o +
                                                                 "28272625242322213837363534333231"
                                                                 "0701000000"},
      {Begun{kOrder, 300}, "06" + o + "ac02"},
      {Confirmed{kOrder, "ch_1"}, "07" + o + "0463685f31"},
      {Failed{kOrder, StatusReason::payment_declined}, "08" + o + "01"},
      {Expired{kOrder}, "09" + o},
      {Cancelled{kOrder}, "0a" + o},
      {Refunded{kOrder}, "0b" + o},
      {StepFinished{kOrder, Step::mail, true}, "0c" + o + "0301"},
      {Parked{kOrder, Step::invoice, 8, "no room"}, "0d" + o + "0208076e6f20726f6f6d"},
      {Unparked{kOrder}, "0e" + o},
  };
}

TEST(RecordCodec, BytesOfEveryKindAreThePromisedOnes) {
  std::vector<bool> seen(std::variant_size_v<Payload>);
  for (const Golden& g : golden()) {
    EXPECT_EQ(hex(payload_bytes(g.payload)), g.hex) << "kind " << g.payload.index();
    seen[g.payload.index()] = true;
  }
  EXPECT_EQ(std::count(seen.begin(), seen.end(), false), 0) << "a kind has no golden bytes";
}

TEST(RecordCodec, BytesOfABatchAreThePromisedOnes) {
  const std::vector<Record> records{{41, {1'700'000'000'000}, Expired{kOrder}},
                                    {42, {1'700'000'000'005}, ProductRemoved{ProductRef{9}}}};
  EXPECT_EQ(hex(encode_batch(records)),
            "01020068e5cf8b010000"
            "0900" +
                std::string(kOrderHex) + "020a09");
}

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t word() {  // every magnitude is as likely
    return engine_() >> (engine_() % 64);
  }
  std::uint32_t word32() { return static_cast<std::uint32_t>(engine_()) >> (engine_() % 32); }
  std::int64_t signed_word() { return static_cast<std::int64_t>(engine_()) >> (engine_() % 64); }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(engine_() % n); }
  bool coin() { return below(2) == 0; }
  std::string text() {
    std::string s(below(10) == 0 ? below(5000) : below(20), ' ');
    for (char& c : s) c = static_cast<char>(engine_());
    return s;
  }
  std::shared_ptr<const ProductSpec> spec() {
    auto s = std::make_shared<ProductSpec>();
    s->id = text();
    for (char& c : s->currency.code) c = static_cast<char>(engine_());
    s->details = {text(), text(), text(), {}};
    if (coin()) s->details.list_price = signed_word();
    s->terms.price = signed_word();
    if (coin()) s->terms.starts_at = WallTime{signed_word()};
    if (coin()) s->terms.ends_at = WallTime{signed_word()};
    s->terms.per_user_limit = word32();
    return s;
  }
  Payload payload() {
    const OrderId order{word(), word()};
    const ProductRef product{word32()};
    const auto step = static_cast<Step>(below(kStepCount));
    switch (below(std::variant_size_v<Payload>)) {
      case 0:
        return ProductCreated{product, spec(), signed_word()};
      case 1:
        return ProductChanged{product, spec()};
      case 2:
        return ProductRemoved{product};
      case 3:
        return StockAdjusted{product, signed_word(), text()};
      case 4:
        return PauseSet{product, coin()};
      case 5:
        return Reserved{order,
                        {word(), word()},
                        product,
                        word32(),
                        word32(),
                        signed_word(),
                        coin() ? KeyDigest{} : KeyDigest{word(), word()}};
      case 6:
        return Begun{order, word32()};
      case 7:
        return Confirmed{order, text()};
      case 8:
        return Failed{order, static_cast<StatusReason>(below(6))};
      case 9:
        return Expired{order};
      case 10:
        return Cancelled{order};
      case 11:
        return Refunded{order};
      case 12:
        return StepFinished{order, step, coin()};
      case 13:
        return Parked{order, step, word32(), text()};
      default:
        return Unparked{order};
    }
  }
  std::vector<Record> batch(Sequence first) {
    std::vector<Record> records(1 + below(30));
    for (Record& r : records) r = {first++, {signed_word()}, payload()};
    return records;
  }

 private:
  std::mt19937_64 engine_;
};

TEST(RecordCodec, WhatWasEncodedComesBack) {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Generator random(seed);
    const auto records = random.batch(seed * 1000);
    const Bytes bytes = encode_batch(records);
    const auto decoded = decode_batch(seed * 1000, bytes);
    ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
    ASSERT_EQ(decoded->size(), records.size());
    for (std::size_t i = 0; i < records.size(); ++i) ASSERT_TRUE(same((*decoded)[i], records[i])) << "record " << i;
  }
}

TEST(RecordCodec, EncodingAppendsToTheCallersBuffer) {
  Bytes out(3, std::byte{7});
  const std::vector<Record> one{{1, {5}, Expired{kOrder}}};
  encode_batch(one, out);
  encode_batch(one, out);
  const Bytes alone = encode_batch(one);
  ASSERT_EQ(out.size(), 3 + 2 * alone.size());
  EXPECT_TRUE(std::equal(alone.begin(), alone.end(), out.begin() + 3));
  EXPECT_TRUE(std::equal(alone.begin(), alone.end(), out.begin() + 3 + static_cast<std::ptrdiff_t>(alone.size())));
}

// --- any bytes -----------------------------------------------------------------------------------------

TEST(RecordCodec, EveryShorterPieceOfABatchIsRefused) {
  Generator random(7);
  const Bytes bytes = encode_batch(random.batch(1));
  for (std::size_t n = 0; n < bytes.size(); ++n)
    ASSERT_FALSE(decode_batch(1, std::span(bytes).first(n)).has_value()) << n << " of " << bytes.size();
  Bytes longer = bytes;
  longer.push_back(std::byte{0});
  EXPECT_FALSE(decode_batch(1, longer).has_value());
}

TEST(RecordCodec, DamagedBytesNeverCrashAndSelfAgree) {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    Generator random(seed);
    Bytes bytes;
    if (random.coin()) {
      bytes.resize(random.below(300));
      for (std::byte& b : bytes) b = static_cast<std::byte>(random.word());
      if (!bytes.empty() && random.coin()) bytes[0] = std::byte{kBatchVersion};
    } else {
      bytes = encode_batch(random.batch(1));
      for (std::size_t i = 0; i <= random.below(4); ++i)
        bytes[random.below(bytes.size())] = static_cast<std::byte>(random.word());
    }
    const auto decoded = decode_batch(1, bytes);
    if (!decoded) continue;
    // Damage that still reads as a batch is what the journal's hash chain is for; here it must be one value.
    const auto again = decode_batch(1, encode_batch(*decoded));
    ASSERT_TRUE(again.has_value()) << "seed " << seed;
    ASSERT_EQ(again->size(), decoded->size()) << "seed " << seed;
    for (std::size_t i = 0; i < again->size(); ++i) ASSERT_TRUE(same((*again)[i], (*decoded)[i])) << "seed " << seed;
  }
}

TEST(RecordCodec, HugeCountsAndLengthsAllocateNothing) {
  const auto bytes_of = [](std::initializer_list<int> list) {
    Bytes b;
    for (const int v : list) b.push_back(static_cast<std::byte>(v));
    return b;
  };
  // 2^63 records announced, 11 bytes there
  EXPECT_FALSE(
      decode_batch(1, bytes_of({1, 255, 255, 255, 255, 255, 255, 255, 255, 127, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0}))
          .has_value());
  // a reason of 2^56 bytes
  EXPECT_FALSE(
      decode_batch(1, bytes_of({1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 127}))
          .has_value());
}

TEST(RecordCodec, LongVarintsAreRefused) {
  const auto read = [](std::initializer_list<int> list) {
    Bytes b;
    for (const int v : list) b.push_back(static_cast<std::byte>(v));
    wire::Reader in(b);
    const std::uint64_t value = in.varint();
    return in.failed() ? std::optional<std::uint64_t>() : value;
  };
  EXPECT_EQ(read({0}), 0U);
  EXPECT_EQ(read({0x80, 1}), 128U);
  EXPECT_EQ(read({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}), UINT64_MAX);
  EXPECT_EQ(read({0x80, 0}), std::nullopt) << "two spellings of 0";
  EXPECT_EQ(read({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2}), std::nullopt) << "65 bits";
  EXPECT_EQ(read({0x80}), std::nullopt);
}

TEST(RecordCodec, AnUnknownVersionIsNamed) {
  Bytes bytes = encode_batch(std::vector<Record>{{1, {5}, Expired{kOrder}}});
  bytes[0] = std::byte{2};
  const auto decoded = decode_batch(9, bytes);
  ASSERT_FALSE(decoded.has_value());
  EXPECT_NE(decoded.error().message.find("unknown format version 2"), std::string::npos);
}

}  // namespace
}  // namespace scalemart
