// Memory that runs out, at every allocation of every command; and holds that wait in more than one order.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "ledger/ledger_fixture.hpp"
#include "tests/sim/model/workload.hpp"

namespace {
thread_local long g_allocations_left = -1;  // -1: as many as there are
}  // namespace

// Not inlined, or the compiler takes new and free in one function for a mistake.
[[gnu::noinline]] void* operator new(std::size_t size) {
  if (g_allocations_left == 0) throw std::bad_alloc();
  if (g_allocations_left > 0) --g_allocations_left;
  if (void* p = std::malloc(size == 0 ? 1 : size)) return p;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* p) noexcept {
  std::free(p);
}
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept {
  std::free(p);
}

namespace scalemart {
namespace {

using testing::buyer_id;
using testing::order_id;
using testing::Shop;

/// Lets the first, second, ... allocation of `command` fail until it goes through. Returns how many failed.
int execute_at_last(Ledger& ledger, const Command& command, WallTime now, std::vector<Record>& records,
                    Answer& answer) {
  const auto hash = ledger.state_hash();
  const auto count = records.size();
  for (int failures = 0;; ++failures) {
    try {
      g_allocations_left = failures;
      answer = ledger.execute(command, now, records);
      g_allocations_left = -1;
      return failures;
    } catch (const std::bad_alloc&) {
      g_allocations_left = -1;
    }
    EXPECT_EQ(ledger.state_hash(), hash) << "a failed command left a trace";
    EXPECT_EQ(records.size(), count);
    EXPECT_TRUE(ledger.recount().empty());
  }
}

TEST(LedgerMemory, AFailedAllocationLeavesNoTrace) {
  int failures = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    sim::Workload workload(seed);
    Ledger ledger;
    Ledger untroubled;
    std::vector<Record> records;
    std::vector<Record> expected;
    for (int op = 0; op < 400; ++op) {
      const auto [command, now] = workload.next();
      if (op % 25 == 0) static_cast<void>(ledger.snapshot());  // so that chunks have to be copied
      records.shrink_to_fit();
      Answer answer;
      failures += execute_at_last(ledger, command, now, records, answer);
      const Answer other = untroubled.execute(command, now, expected);
      ASSERT_EQ(answer.outcome, other.outcome);
      ASSERT_EQ(answer.sequence, other.sequence);
      ASSERT_EQ(ledger.state_hash(), untroubled.state_hash());
      workload.observe(command, answer);
    }
    ASSERT_EQ(ledger.next_expiry(), untroubled.next_expiry());
  }
  EXPECT_GT(failures, 2000);
}

TEST(LedgerMemory, ExpiringManyIsAllOrNothing) {
  Shop shop;
  shop.product("lamp", 100'000);
  for (std::uint64_t n = 1; n <= 3000; ++n) ASSERT_EQ(shop(shop.buy(n)).outcome, Outcome::done);
  static_cast<void>(shop.ledger.snapshot());
  shop.now = shop.now + std::chrono::seconds(2);
  Answer answer;
  EXPECT_GE(execute_at_last(shop.ledger, ExpireDue{2500}, shop.now, shop.records, answer), 4);
  EXPECT_EQ(answer.count, 2500U);
  EXPECT_EQ(shop(ExpireDue{2500}).count, 500U);
  EXPECT_EQ(shop.stock(), (Stock{100'000, 100'000, 0, 0}));
  EXPECT_EQ(shop.replayed().state_hash(), shop.ledger.state_hash());
}

TEST(LedgerMemory, GrowingTablesMayFailToo) {
  Shop shop;
  shop.product("lamp", 1'000'000);
  Answer answer;
  int failures = 0;
  for (std::uint64_t n = 1; n <= 9000; ++n) {
    shop.records.clear();
    Reserve r = shop.buy(n);
    r.buyer = buyer_id(n % 3 == 0 ? 1 : n);
    r.key = testing::key(n);
    // The hash of the whole state is too slow for each of these: watch for the exception and the invariants
    // only.
    bool done = false;
    for (long allowed = 0; !done; ++allowed) {
      try {
        g_allocations_left = allowed;
        answer = shop(r);
        done = true;
      } catch (const std::bad_alloc&) {
        ++failures;
      }
      g_allocations_left = -1;
    }
    ASSERT_EQ(answer.outcome, Outcome::done);
  }
  EXPECT_GT(failures, 1000);
  EXPECT_TRUE(shop.ledger.recount().empty());
  EXPECT_EQ(shop.ledger.order_count(), 9000U);
}

TEST(LedgerMemory, EndedHoldsDoNotPileUp) {
  OrderTable table;
  HoldQueue queue(table);
  std::uint64_t pending = 0;
  for (std::uint32_t n = 0; n < 100'000; ++n) {
    OrderRow row;
    row.id.set(order_id(n + 1));
    row.created.set(WallTime{static_cast<std::int64_t>(n)});
    row.hold_or_fence = n % 2 == 0 ? 1'000'000 : 1'000;  // half of them go into the heap
    table.make_room(order_id(n + 1));
    queue.make_room();
    table.append(row);
    queue.push(n);
    ++pending;
    if (n < 100) continue;
    table.edit(n - 50).set_status(OrderStatus::cancelled);
    table.edit(n - 50).hold_or_fence = 0;
    queue.settle(--pending);
    ASSERT_LE(queue.kept(), 2 * pending + 4097);
  }
  std::int64_t last = 0;
  std::uint64_t seen = 0;
  for (Row row = queue.front(); row != kNoRow; row = queue.front()) {
    ASSERT_EQ(table.at(row).status(), OrderStatus::pending);
    ASSERT_GE(table.at(row).expires_at().ms, last);
    last = table.at(row).expires_at().ms;
    queue.pop();
    ++seen;
  }
  EXPECT_EQ(seen, pending);
}

}  // namespace
}  // namespace scalemart
