// Replay, snapshots and their bytes: the same state by every road.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <future>
#include <random>

#include "domain/wire.hpp"
#include "ledger/ledger_fixture.hpp"
#include "ledger/snapshot_codec.hpp"
#include "tests/sim/model/workload.hpp"

namespace scalemart {
namespace {

using testing::buyer_id;
using testing::order_id;
using testing::Shop;

using Blocks = std::vector<Bytes>;

Blocks blocks_of(const Snapshot& snapshot) {
  Blocks blocks;
  const auto written = write_snapshot(snapshot, [&](std::span<const std::byte> block) -> Result<void> {
    blocks.emplace_back(block.begin(), block.end());
    return {};
  });
  EXPECT_TRUE(written.has_value());
  return blocks;
}

Result<Snapshot> snapshot_of(const Blocks& blocks) {
  std::size_t next = 0;
  return read_snapshot([&]() -> Result<std::span<const std::byte>> {
    if (next == blocks.size()) return std::span<const std::byte>();
    return std::span<const std::byte>(blocks[next++]);
  });
}

/// Runs `ops` random commands; `each(op)` after every one.
template <class Each>
void run(Ledger& ledger, std::vector<Record>& records, std::uint64_t seed, int ops, const Each& each) {
  sim::Workload workload(seed);
  for (int op = 0; op < ops; ++op) {
    const auto [command, now] = workload.next();
    workload.observe(command, ledger.execute(command, now, records));
    each(op);
  }
}
void run(Ledger& ledger, std::vector<Record>& records, std::uint64_t seed, int ops) {
  run(ledger, records, seed, ops, [](int) {});
}

TEST(LedgerState, ReplayOfTheRecordsIsTheSameState) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Shop shop;
    run(shop.ledger, shop.records, seed, 1500);
    const Ledger again = shop.replayed();
    ASSERT_EQ(again.state_hash(), shop.ledger.state_hash());
    ASSERT_EQ(again.sequence(), shop.ledger.sequence());
    ASSERT_TRUE(again.recount().empty());
  }
}

TEST(LedgerState, ASnapshotAndTheRestAreTheSameState) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Ledger ledger;
    std::vector<Record> records;
    std::optional<Snapshot> middle;
    run(ledger, records, seed, 1500, [&](int op) {
      if (op == 200 * static_cast<int>(1 + seed % 7)) middle = ledger.snapshot();
    });
    const auto read = snapshot_of(blocks_of(*middle));
    ASSERT_TRUE(read.has_value()) << read.error().message;
    auto restored = Ledger::from_snapshot(*read);
    ASSERT_TRUE(restored.has_value()) << restored.error().message;
    for (std::size_t i = middle->sequence; i < records.size(); ++i)
      ASSERT_TRUE(restored->apply(records[i]).has_value());
    ASSERT_EQ(restored->state_hash(), ledger.state_hash());
    ASSERT_TRUE(restored->recount().empty());
    ASSERT_EQ(restored->next_expiry(), ledger.next_expiry());
    ASSERT_EQ(restored->parked().size(), ledger.parked().size());
  }
}

TEST(LedgerState, TheHashTellsEveryRecordApart) {
  Shop shop;
  std::vector<std::array<std::byte, 32>> hashes{shop.ledger.state_hash()};
  run(shop.ledger, shop.records, 11, 400, [&](int) {
    if (shop.ledger.sequence() + 1 > hashes.size()) hashes.push_back(shop.ledger.state_hash());
  });
  std::sort(hashes.begin(), hashes.end());
  EXPECT_EQ(std::unique(hashes.begin(), hashes.end()), hashes.end());
}

// --- copy on write --------------------------------------------------------------------------------------

TEST(LedgerState, AReaderSeesTheSnapshotWhileTheSaleGoesOn) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Ledger ledger;
    std::vector<Record> records;
    std::vector<std::future<bool>> readers;
    std::array<std::byte, 32> last{};
    run(ledger, records, seed, 6000, [&](int op) {
      if (op % 400 != 399) return;
      last = ledger.state_hash();
      readers.push_back(std::async(std::launch::async, [snapshot = ledger.snapshot(), expected = last] {
        const auto restored = Ledger::from_snapshot(snapshot);
        return restored.has_value() && restored->state_hash() == expected;
      }));
    });
    for (auto& reader : readers) ASSERT_TRUE(reader.get());
  }
}

TEST(LedgerState, TwoLedgersFromOneSnapshotGoTheirOwnWays) {
  Shop shop;
  shop.product("lamp", 100);
  for (std::uint64_t n = 1; n <= 5; ++n) shop(shop.buy(n));
  const Snapshot snapshot = shop.ledger.snapshot();
  auto other = Ledger::from_snapshot(snapshot);
  ASSERT_TRUE(other.has_value());
  const auto before = other->state_hash();
  shop(shop.buy(6));
  shop(Begin{order_id(1), 1});
  EXPECT_EQ(other->state_hash(), before);
  std::vector<Record> records;
  static_cast<void>(other->execute(shop.buy(7), shop.now, records));
  EXPECT_FALSE(shop.ledger.find(order_id(7)).has_value());
  EXPECT_EQ(shop.ledger.find(order_id(6))->id, order_id(6));
  EXPECT_EQ(Ledger::from_snapshot(snapshot)->state_hash(), before);
}

TEST(LedgerState, ALedgerOfManyChunksComesBack) {
  Shop shop;
  shop.product("lamp", 1'000'000);
  for (std::uint64_t n = 1; n <= 9000; ++n) {
    Reserve r = shop.buy(n);
    r.buyer = buyer_id(1 + n % 4500);
    r.key = testing::key(n);
    ASSERT_EQ(shop(r).outcome, Outcome::done);
    if (n % 3 == 0) shop(Begin{order_id(n - 1), 1});
    if (n % 9 == 0) shop(Park{order_id(n - 1), 1, Step::confirm, 2, "reason " + std::to_string(n)});
  }
  auto restored = Ledger::from_snapshot(*snapshot_of(blocks_of(shop.ledger.snapshot())));
  ASSERT_TRUE(restored.has_value()) << restored.error().message;
  EXPECT_EQ(restored->state_hash(), shop.ledger.state_hash());
  EXPECT_EQ(restored->parked_count(), 1000U);
  EXPECT_EQ(restored->parked()[0].reason, "reason 9");
  for (std::uint64_t n = 1; n <= 9000; n += 97) {
    EXPECT_EQ(restored->find(order_id(n))->sequence, shop.ledger.find(order_id(n))->sequence);
    EXPECT_EQ(restored->find_by_key(buyer_id(1 + n % 4500), testing::key(n))->id, order_id(n));
  }
  EXPECT_EQ(shop.replayed().state_hash(), shop.ledger.state_hash());
}

// --- what cannot be ---------------------------------------------------------------------------------------

TEST(LedgerState, ARecordThatCannotBeDecidedHereIsRefusedWithoutATrace) {
  int refused = 0;
  int accepted = 0;
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Ledger ledger;
    std::vector<Record> records;
    std::mt19937_64 random(seed);
    run(ledger, records, seed, 600, [&](int op) {
      if (op % 3 != 0 || records.empty()) return;
      // A record of another moment, made to look like the next one.
      Record stray = records[random() % records.size()];
      stray.sequence = ledger.sequence() + (random() % 10 == 0 ? 2 : 1);
      stray.at = ledger.last_time() + std::chrono::milliseconds(static_cast<int>(random() % 50) - 3);
      auto fork = Ledger::from_snapshot(ledger.snapshot());
      ASSERT_TRUE(fork.has_value());
      if (const auto applied = fork->apply(stray); applied) {
        ++accepted;
        ASSERT_TRUE(fork->recount().empty());
      } else {
        ++refused;
        ASSERT_EQ(fork->state_hash(), ledger.state_hash()) << applied.error().message;
      }
    });
  }
  EXPECT_GT(refused, 1000);
  EXPECT_GT(accepted, 10) << "some strays are legal, such as a restock";
}

TEST(LedgerState, AForgedBuyIsRefusedOnReplay) {
  const record::Reserved fine{order_id(1), buyer_id(1), ProductRef{0}, 1, 1000, 1999, {}};
  struct Row {
    const char* what;
    std::function<void(record::Reserved&)> forge;
    bool accepted;
  };
  const std::vector<Row> rows{
      {"fine", [](record::Reserved&) {}, true},
      {"oversell", [](record::Reserved& r) { r.quantity = 3; }, false},
      {"over the cap", [](record::Reserved& r) { r.quantity = 2; }, false},
      {"another price", [](record::Reserved& r) { r.unit_price = 1; }, false},
      {"no such product", [](record::Reserved& r) { r.product = ProductRef{1}; }, false},
      {"nothing", [](record::Reserved& r) { r.quantity = 0; }, false},
  };
  for (const Row& row : rows) {
    Shop shop;
    shop.product("lamp", 2, 1);
    record::Reserved r = fine;
    row.forge(r);
    EXPECT_EQ(shop.ledger.apply(Record{2, shop.now, r}).has_value(), row.accepted) << row.what;
  }
}

TEST(LedgerState, DamagedSnapshotsAreRefusedOrMakeSense) {
  int refused = 0;
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Ledger ledger;
    std::vector<Record> records;
    run(ledger, records, seed % 8 + 1, 120);
    Blocks blocks = blocks_of(ledger.snapshot());
    std::mt19937_64 random(seed);
    Bytes& block = blocks[random() % blocks.size()];
    switch (random() % 4) {
      case 0:
        block.resize(random() % block.size());
        break;
      case 1:
        blocks.erase(blocks.begin() + static_cast<std::ptrdiff_t>(random() % blocks.size()));
        break;
      case 2:
        block.push_back(std::byte{1});
        break;
      default:
        block[random() % block.size()] = static_cast<std::byte>(random());
    }
    const auto read = snapshot_of(blocks);
    if (!read) {
      ++refused;
      continue;
    }
    auto restored = Ledger::from_snapshot(*read);
    if (!restored) {
      ++refused;
      continue;
    }
    // A changed price or time is for the storage's checksum to find; here nothing may fall over.
    std::vector<Record> more;
    run(*restored, more, seed, 200);
    ASSERT_TRUE(restored->recount().empty());
  }
  EXPECT_GT(refused, 1500);
}

TEST(LedgerState, ASnapshotThatSaysMoreIsSoldThanItsOrdersIsRefused) {
  Shop shop;
  shop.product("lamp", 10);
  shop(shop.buy(1, 2));
  Snapshot forged = shop.ledger.snapshot();
  ASSERT_TRUE(Ledger::from_snapshot(forged).has_value());
  forged.products[0].stock = {10, 7, 2, 1};
  const auto restored = Ledger::from_snapshot(forged);
  ASSERT_FALSE(restored.has_value());
  EXPECT_NE(restored.error().message.find("sold of lamp"), std::string::npos) << restored.error().message;
}

TEST(LedgerState, TheBytesOfASnapshotAreThePromisedOnes) {
  Shop shop;
  shop.product("p", 5);
  Reserve r = shop.buy(1, 2);
  r.key = {0x0a, 0x0b};
  shop(r);
  shop(Begin{order_id(1), 7});
  shop(Park{order_id(1), 7, Step::confirm, 3, "why"});
  std::string text;
  char two[3];
  for (const Bytes& block : blocks_of(shop.ledger.snapshot())) {
    for (const std::byte b : block) {
      std::snprintf(two, sizeof two, "%02x", static_cast<unsigned>(b));
      text += two;
    }
    text += ' ';
  }
  EXPECT_EQ(text,
            "0101"
            "0400000000000000"
            "40420f0000000000"
            "01000000"
            "01000000"
            "01000000 "
            "0201"
            "0170"
            "455552"
            "094e616d65206f662070"
            "00"
            "00"
            "9e1f"
            "00"
            "00"
            "0a"
            "04"
            "00"
            "00 "
            "0301000000"
            "0200000000000000"
            "0100000000000000 "
            "0401000000"
            "01000000"
            "0100000000000000"
            "0100000000000000"
            "0a00000000000000"
            "0b00000000000000"  // id, key
            "00000000"
            "ffffff7f"
            "07000000"  // buyer, previous, fence
            "020000000000"
            "cf0700000000"
            "40420f000000"
            "40420f000000"
            "000000000000"
            "000000000000"
            "0000"
            "1240"  // product; quantity 2, processing, parked
            "0000"
            "01"
            "03"
            "80897a"
            "03776879 "
            "05 ");
}

}  // namespace
}  // namespace scalemart
