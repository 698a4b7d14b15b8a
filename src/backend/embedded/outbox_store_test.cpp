#include "backend/embedded/outbox_store.hpp"

#include <gtest/gtest.h>

#include "backend/embedded/test_folder.hpp"

namespace scalemart {
namespace {

struct OutboxStoreTest : ::testing::Test {
  void reopen() {
    store.reset();
    auto opened = EmbeddedOutboxStore::open(folder.path() / "outbox.db");
    ASSERT_TRUE(opened) << opened.error().message;
    store = std::move(*opened);
  }
  void SetUp() override { reopen(); }
  static Letter letter(const std::string& key, Sequence sequence = 3) {
    Letter made;
    made.key = key;
    made.type = "order.failed";
    made.subject = "order_x";
    made.sequence = sequence;
    made.at = {11};
    made.body = "{\"a\":1}";
    made.stock = ProductRef{4};
    made.attempts = 2;
    made.refusals = 1;
    made.last = {12};
    made.next = {13};
    made.status = 500;
    made.problem = "why";
    return made;
  }
  test::TestFolder folder;
  std::unique_ptr<EmbeddedOutboxStore> store;
};

TEST_F(OutboxStoreTest, PlacesAndLettersSurvive) {
  EXPECT_EQ(store->place("a")->has_value(), false);
  ASSERT_TRUE(store->save("a", {{7, {8}, {9}, "tired"}, {letter("k1"), letter("k2")}, {}, {}}));
  reopen();
  const auto place = **store->place("a");
  EXPECT_EQ(place.cursor, 7u);
  EXPECT_EQ(place.failing_since.ms, 8);
  EXPECT_EQ(place.last_delivered.ms, 9);
  EXPECT_EQ(place.disabled, "tired");
  const auto waiting = store->waiting("a");
  ASSERT_EQ(waiting->size(), 2u);
  const Letter& first = waiting->front();
  const Letter expected = letter("k1");
  EXPECT_EQ(std::tie(first.key, first.type, first.subject, first.sequence, first.at.ms, first.body, first.stock,
                     first.attempts, first.refusals, first.last.ms, first.next.ms, first.status, first.problem),
            std::tie(expected.key, expected.type, expected.subject, expected.sequence, expected.at.ms, expected.body,
                     expected.stock, expected.attempts, expected.refusals, expected.last.ms, expected.next.ms,
                     expected.status, expected.problem));
  EXPECT_TRUE(store->waiting("b")->empty());
}

TEST_F(OutboxStoreTest, OneChangeMayPutAndRemoveAndBury) {
  ASSERT_TRUE(store->save("a", {{}, {letter("taken"), letter("dead")}, {letter("dead")}, {"taken"}}));
  EXPECT_TRUE(store->waiting("a")->empty());
  EXPECT_EQ(*store->dead_count("a"), 1u);
  EXPECT_EQ(store->dead("a", 10)->front().key, "dead");
}

TEST_F(OutboxStoreTest, DeadLettersComeBackOneOrAll) {
  ASSERT_TRUE(store->save("a", {{}, {}, {letter("d1"), letter("d2"), letter("d3")}, {}}));
  EXPECT_TRUE(store->revive("a", "nothing", 10)->empty());
  const auto one = store->revive("a", "d2", 10);
  ASSERT_EQ(one->size(), 1u);
  EXPECT_EQ(one->front().refusals, 0u);
  reopen();
  EXPECT_EQ(*store->dead_count("a"), 2u);
  EXPECT_EQ(store->waiting("a")->size(), 1u);
  EXPECT_EQ(store->revive("a", "", 1)->size(), 1u);
  EXPECT_EQ(store->revive("a", "", 0)->size(), 0u);
  EXPECT_EQ(store->revive("a", "", 10)->size(), 1u);
}

TEST_F(OutboxStoreTest, DeadLettersAreBounded) {
  OutletChange change;
  for (std::size_t i = 0; i < OutboxStore::kDeadMax + 25; ++i) change.dead.push_back(letter("d" + std::to_string(i)));
  ASSERT_TRUE(store->save("a", change));
  EXPECT_EQ(*store->dead_count("a"), OutboxStore::kDeadMax);
  EXPECT_EQ(store->dead("a", 1)->front().key, "d" + std::to_string(OutboxStore::kDeadMax + 24)) << "the newest stay";
}

TEST_F(OutboxStoreTest, ForgottenIsForgotten) {
  ASSERT_TRUE(store->save("a", {{1, {}, {}, ""}, {letter("w")}, {letter("d")}, {}}));
  ASSERT_TRUE(store->save("b", {{1, {}, {}, ""}, {letter("w")}, {}, {}}));
  ASSERT_TRUE(store->forget("a"));
  EXPECT_FALSE(store->place("a")->has_value());
  EXPECT_TRUE(store->waiting("a")->empty());
  EXPECT_EQ(store->waiting("b")->size(), 1u);
}

}  // namespace
}  // namespace scalemart
