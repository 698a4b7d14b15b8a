#pragma once
// A record against the ledger: the same random batches, and everything that can be seen of both is the same.
//   SCALEMART_SIM_SEEDS (12), SCALEMART_SIM_OPS (2500), SCALEMART_SIM_FIRST_SEED (1)

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>

#include "sequencer/ledger_record.hpp"
#include "tests/record/compare.hpp"
#include "tests/sim/model/workload.hpp"

namespace scalemart::test {

inline std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

inline constexpr std::chrono::seconds kPatience{10};

struct Tally {
  std::array<std::uint64_t, kOutcomeCount> outcomes{};
  std::array<std::uint64_t, kOrderStatusCount> changes{};
};

inline void compare_everything(SystemOfRecord& expected, SystemOfRecord& found, const std::vector<OrderId>& orders) {
  expect_same(expected.products(kPatience), found.products(kPatience));
  expect_same(expected.find(orders, kPatience), found.find(orders, kPatience));
  expect_same(expected.next_expiry(kPatience), found.next_expiry(kPatience));
  expect_same(expected.dead_letters(1000, kPatience), found.dead_letters(1000, kPatience));
  const OrderId middle = orders.empty() ? OrderId{} : orders[orders.size() / 2];
  expect_same(expected.used_keys({}, 100, kPatience), found.used_keys({}, 100, kPatience));
  expect_same(expected.used_keys(middle, 1000, kPatience), found.used_keys(middle, 1000, kPatience));
  expect_same(swept(expected, 7), swept(found, 7));
  const auto recount = found.recount(kPatience);
  ASSERT_TRUE(recount.has_value());
  for (const RecordDrift& drift : recount->drift)
    ADD_FAILURE() << drift.what << ": expected " << drift.expected << ", found " << drift.found;
  EXPECT_EQ(recount->orders, expected.recount(kPatience)->orders);
}

inline void compare_buyer(SystemOfRecord& expected, SystemOfRecord& found, const Reserve& buy) {
  const auto newest = expected.of_buyer(buy.buyer, {}, 5, kPatience);
  expect_same(newest, found.of_buyer(buy.buyer, {}, 5, kPatience));
  if (!newest->empty())
    expect_same(expected.of_buyer(buy.buyer, newest->back().id, 5, kPatience),
                found.of_buyer(buy.buyer, newest->back().id, 5, kPatience));
  expect_same(expected.of_buyer(buy.buyer, buy.order, 2, kPatience),
              found.of_buyer(buy.buyer, buy.order, 2, kPatience));
  const BuyerKey key[] = {{buy.buyer, buy.key}};
  expect_same(expected.find_by_key(key, kPatience), found.find_by_key(key, kPatience));
}

inline void run_differential(SystemOfRecord& expected, SystemOfRecord& found, std::uint64_t seed, std::uint64_t ops,
                             Tally& tally) {
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
    const RecordedBatch a = expected.commit(batch, now, kPatience);
    const RecordedBatch b = found.commit(batch, now, kPatience);
    ASSERT_EQ(b.fate, Fate::committed) << b.why;
    expect_same(batch, a, b);
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

/// `fresh`: a record in a new database. `seeds`: unless the environment says otherwise.
inline void expect_answers_as_the_ledger(const std::function<std::unique_ptr<SystemOfRecord>()>& fresh,
                                         std::uint64_t seeds_otherwise = 12, std::uint64_t ops_otherwise = 2500) {
  const std::uint64_t seeds = from_environment("SCALEMART_SIM_SEEDS", seeds_otherwise);
  const std::uint64_t ops = from_environment("SCALEMART_SIM_OPS", ops_otherwise);
  const std::uint64_t first = from_environment("SCALEMART_SIM_FIRST_SEED", 1);
  std::printf("seeds %llu to %llu, %llu commands each\n", static_cast<unsigned long long>(first),
              static_cast<unsigned long long>(first + seeds - 1), static_cast<unsigned long long>(ops));
  Tally tally;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    LedgerRecord ledger;
    const auto record = fresh();
    ASSERT_NE(record, nullptr);
    run_differential(ledger, *record, seed, ops, tally);
    ASSERT_FALSE(::testing::Test::HasFailure()) << "seed " << seed;
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

}  // namespace scalemart::test
