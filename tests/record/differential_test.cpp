// A record against the ledger: the same random batches, and everything that can be seen of both is the same.
//   SCALEMART_SIM_SEEDS (12), SCALEMART_SIM_OPS (2500), SCALEMART_SIM_FIRST_SEED (1)
#include <gtest/gtest.h>

#include <cstdlib>

#include "sequencer/ledger_record.hpp"
#include "tests/record/compare.hpp"
#include "tests/servers/postgresql.hpp"
#include "tests/sim/model/workload.hpp"

namespace scalemart {
namespace {

using namespace std::chrono_literals;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

struct Tally {
  std::array<std::uint64_t, kOutcomeCount> outcomes{};
  std::array<std::uint64_t, kOrderStatusCount> changes{};
};

void compare_everything(SystemOfRecord& expected, SystemOfRecord& found, const std::vector<OrderId>& orders) {
  test::expect_same(expected.products(10s), found.products(10s));
  test::expect_same(expected.find(orders, 10s), found.find(orders, 10s));
  test::expect_same(expected.next_expiry(10s), found.next_expiry(10s));
  test::expect_same(expected.dead_letters(1000, 10s), found.dead_letters(1000, 10s));
  const OrderId middle = orders.empty() ? OrderId{} : orders[orders.size() / 2];
  test::expect_same(expected.used_keys({}, 100, 10s), found.used_keys({}, 100, 10s));
  test::expect_same(expected.used_keys(middle, 1000, 10s), found.used_keys(middle, 1000, 10s));
  test::expect_same(test::swept(expected, 7), test::swept(found, 7));
  const auto recount = found.recount(10s);
  ASSERT_TRUE(recount.has_value());
  for (const RecordDrift& drift : recount->drift)
    ADD_FAILURE() << drift.what << ": expected " << drift.expected << ", found " << drift.found;
  EXPECT_EQ(recount->orders, expected.recount(10s)->orders);
}

void compare_buyer(SystemOfRecord& expected, SystemOfRecord& found, const Reserve& buy) {
  const auto newest = expected.of_buyer(buy.buyer, {}, 5, 10s);
  test::expect_same(newest, found.of_buyer(buy.buyer, {}, 5, 10s));
  if (!newest->empty())
    test::expect_same(expected.of_buyer(buy.buyer, newest->back().id, 5, 10s),
                      found.of_buyer(buy.buyer, newest->back().id, 5, 10s));
  test::expect_same(expected.of_buyer(buy.buyer, buy.order, 2, 10s), found.of_buyer(buy.buyer, buy.order, 2, 10s));
  const BuyerKey key[] = {{buy.buyer, buy.key}};
  test::expect_same(expected.find_by_key(key, 10s), found.find_by_key(key, 10s));
}

void run(SystemOfRecord& expected, SystemOfRecord& found, std::uint64_t seed, std::uint64_t ops, Tally& tally) {
  sim::Workload workload(seed);
  SeededRandom random(seed);
  WallTime now;
  std::vector<OrderId> orders;
  for (std::uint64_t op = 0; op < ops;) {
    // One by one while products are made, then batches of every size.
    const std::uint64_t size = op < 12 || random.below(4) == 0 ? 1 : 1 + random.below(60);
    std::vector<Command> batch;
    for (std::uint64_t i = 0; i < size; ++i) {
      auto next = workload.next();
      now = std::max(now, next.now);
      if (const auto* buy = std::get_if<Reserve>(&next.command)) orders.push_back(buy->order);
      batch.push_back(std::move(next.command));
    }
    SCOPED_TRACE("seed " + std::to_string(seed) + " operation " + std::to_string(op));
    const RecordedBatch a = expected.commit(batch, now, 10s);
    const RecordedBatch b = found.commit(batch, now, 10s);
    ASSERT_EQ(b.fate, Fate::committed) << b.why;
    test::expect_same(batch, a, b);
    if (::testing::Test::HasFailure()) return;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      workload.observe(batch[i], a.answers[i]);
      ++tally.outcomes[static_cast<std::size_t>(a.answers[i].outcome)];
    }
    for (const OrderChange& change : a.changes) ++tally.changes[static_cast<std::size_t>(change.status)];
    if (const auto* buy = std::get_if<Reserve>(&batch.back())) compare_buyer(expected, found, *buy);
    op += size;
    if (random.below(20) == 0) compare_everything(expected, found, orders);
    if (::testing::Test::HasFailure()) return;
  }
  compare_everything(expected, found, orders);
}

TEST(RecordDifferential, PostgresqlAnswersAsTheLedgerDoes) {
  const std::uint64_t seeds = from_environment("SCALEMART_SIM_SEEDS", 12);
  const std::uint64_t ops = from_environment("SCALEMART_SIM_OPS", 2500);
  const std::uint64_t first = from_environment("SCALEMART_SIM_FIRST_SEED", 1);
  std::printf("seeds %llu to %llu, %llu commands each\n", static_cast<unsigned long long>(first),
              static_cast<unsigned long long>(first + seeds - 1), static_cast<unsigned long long>(ops));
  const SystemClock clock;
  Tally tally;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    LedgerRecord ledger;
    const auto record = test::open_record(test::fresh_postgresql(), clock);
    ASSERT_NE(record, nullptr);
    run(ledger, *record, seed, ops, tally);
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
  const bool enough = seeds * ops >= 25'000;
  for (int i = 0; i <= static_cast<int>(Outcome::invalid_value); ++i) {
    std::printf("%22s %llu\n", std::string(to_text(static_cast<Outcome>(i))).c_str(),
                static_cast<unsigned long long>(tally.outcomes[static_cast<std::size_t>(i)]));
    EXPECT_TRUE(!enough || tally.outcomes[static_cast<std::size_t>(i)] > 0) << "never seen: proves nothing";
  }
  for (int i = 0; i < kOrderStatusCount; ++i)
    EXPECT_TRUE(!enough || tally.changes[static_cast<std::size_t>(i)] > 0) << to_text(static_cast<OrderStatus>(i));
}

}  // namespace
}  // namespace scalemart
