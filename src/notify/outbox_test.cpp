// The outbox with its thread, over a journal and a store in memory.
#include "notify/outbox.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <set>

namespace scalemart {
namespace {

using namespace std::chrono_literals;
using Kind = DeliveryResult::Kind;

/// Facts 1..head, each an order of its own.
class FakeFacts final : public ShopFacts {
 public:
  [[nodiscard]] Sequence head() const override { return head_.load(); }
  [[nodiscard]] Result<ShopFactPage> read(Sequence after, std::size_t max) override {
    if (broken) return error("not at the moment");
    ShopFactPage page;
    page.read_to = std::min<Sequence>(head_.load(), after + max);
    for (Sequence s = after > 0 ? after : 1; s <= page.read_to; ++s) {  // the last one again, as whole batches do
      ShopFact fact;
      fact.sequence = s;
      fact.what = OrderFact{};
      page.facts.push_back(fact);
    }
    return page;
  }
  [[nodiscard]] std::optional<StockNow> stock(ProductRef) const override { return std::nullopt; }
  void grow(Sequence to) { head_ = to; }
  std::atomic<bool> broken{false};

 private:
  std::atomic<Sequence> head_{0};
};

class FakeStore final : public OutboxStore {
 public:
  [[nodiscard]] Result<std::optional<OutletPlace>> place(const std::string& outlet) override {
    const std::lock_guard lock(mutex);
    const auto found = places.find(outlet);
    return found == places.end() ? std::optional<OutletPlace>() : found->second;
  }
  [[nodiscard]] Result<std::vector<Letter>> waiting(const std::string&) override {
    const std::lock_guard lock(mutex);
    std::vector<Letter> out;
    for (const auto& [key, letter] : letters) out.push_back(letter);
    return out;
  }
  [[nodiscard]] Result<void> save(const std::string& outlet, const OutletChange& change) override {
    const std::lock_guard lock(mutex);
    if (broken) return error("outbox.db: no space");
    places[outlet] = change.place;
    for (const Letter& letter : change.put) letters[letter.key] = letter;
    for (const std::string& key : change.removed) letters.erase(key);
    for (const Letter& letter : change.dead) buried[letter.key] = letter;
    return {};
  }
  [[nodiscard]] Result<std::vector<Letter>> dead(const std::string&, std::size_t) override {
    const std::lock_guard lock(mutex);
    std::vector<Letter> out;
    for (const auto& [key, letter] : buried) out.push_back(letter);
    return out;
  }
  [[nodiscard]] Result<std::uint64_t> dead_count(const std::string&) override {
    const std::lock_guard lock(mutex);
    return std::uint64_t{buried.size()};
  }
  [[nodiscard]] Result<std::vector<Letter>> revive(const std::string&, const std::string&, std::size_t) override {
    const std::lock_guard lock(mutex);
    std::vector<Letter> out;
    for (auto& [key, letter] : buried) out.push_back(letter);
    buried.clear();
    return out;
  }
  [[nodiscard]] Result<void> forget(const std::string& outlet) override {
    const std::lock_guard lock(mutex);
    places.erase(outlet);
    return {};
  }
  std::mutex mutex;
  std::map<std::string, OutletPlace> places;
  std::map<std::string, Letter> letters, buried;
  bool broken = false;
};

struct OutboxTest : ::testing::Test {
  void start() {
    Outbox::Options options;
    options.poll = 1ms;
    options.save_every = 1ms;
    options.outlet.retry = {1ms, 1ms};
    options.outlet.pause_first = 1ms;
    options.outlet.pause_last = 4ms;
    outbox = std::make_unique<Outbox>(facts, store, clock, random, std::move(options));
    Outbox::Receiver receiver;
    receiver.events = [](const ShopFact& fact) {
      Letter letter;
      letter.sequence = fact.sequence;
      letter.key = letter.subject = "o" + std::to_string(fact.sequence);
      return std::vector<Letter>{letter};
    };
    receiver.deliver = [this](const Letter& event, const std::function<void(DeliveryResult)>& done) {
      const Kind kind = answer(event);
      if (kind == Kind::delivered) {
        const std::lock_guard lock(told_mutex);
        told.insert(event.sequence);
      }
      done({kind, 200, "why", {}});
    };
    receiver.disabled = [this](const std::string&) { ++disabled; };
    ASSERT_TRUE(outbox->open("r", std::move(receiver)));
    outbox->start();
  }
  void restart() {
    outbox.reset();
    start();
  }
  std::size_t told_count() {
    const std::lock_guard lock(told_mutex);
    return told.size();
  }
  template <class Condition>
  static bool soon(Condition condition) {
    for (int i = 0; i < 5000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(2ms);
    }
    return false;
  }

  FakeFacts facts;
  FakeStore store;
  SystemClock clock;
  SeededRandom random{3};
  std::function<Kind(const Letter&)> answer = [](const Letter&) { return Kind::delivered; };
  std::mutex told_mutex;
  std::set<Sequence> told;
  std::atomic<int> disabled{0};
  std::unique_ptr<Outbox> outbox;
};

TEST_F(OutboxTest, BeginsAtTheEndAndTellsEverythingAfterIt) {
  facts.grow(10);
  start();
  facts.grow(3000);
  EXPECT_TRUE(soon([&] { return told_count() == 2990; })) << told_count();
  EXPECT_EQ(*told.begin(), 11u);
  EXPECT_TRUE(soon([&] { return outbox->view("r")->place.cursor == 3000; }));
}

TEST_F(OutboxTest, GoesOnWhereTheLastProcessWas) {
  start();
  facts.grow(500);
  EXPECT_TRUE(soon([&] { return told_count() == 500; }));
  EXPECT_TRUE(soon([&] { return outbox->view("r")->place.cursor == 500; }));
  outbox.reset();
  facts.grow(700);
  {
    const std::lock_guard lock(told_mutex);
    told.clear();
  }
  start();
  EXPECT_TRUE(soon([&] { return told_count() == 200; }));
  EXPECT_EQ(*told.begin(), 501u) << "it had stopped cleanly";
}

TEST_F(OutboxTest, AJournalThatEndsBeforeThePlaceIsFollowedFromItsEnd) {
  facts.grow(500);
  start();
  outbox.reset();
  facts.grow(100);
  start();
  facts.grow(110);
  EXPECT_TRUE(soon([&] { return told_count() == 10; }));
}

TEST_F(OutboxTest, AStoreThatCannotBeWrittenStopsDeliveriesUntilItCan) {
  start();
  {
    const std::lock_guard lock(store.mutex);
    store.broken = true;
  }
  facts.grow(5000);
  EXPECT_TRUE(soon([&] { return told_count() > 0; }));
  EXPECT_FALSE(soon([&, last = std::size_t{0}, same = 0]() mutable {
                 const std::size_t now = told_count();
                 same = now == last ? same + 1 : 0;
                 last = now;
                 return now == 5000 || same > 50;
               }) &&
               told_count() == 5000);
  {
    const std::lock_guard lock(store.mutex);
    store.broken = false;
  }
  EXPECT_TRUE(soon([&] { return told_count() == 5000; }));
}

TEST_F(OutboxTest, DeadLettersAreRevivedAndARefusalHoldsUpNobody) {
  std::atomic<bool> refuse{true};
  answer = [&](const Letter& event) { return refuse && event.sequence == 5 ? Kind::refused : Kind::delivered; };
  start();
  facts.grow(50);
  EXPECT_TRUE(soon([&] { return told_count() == 49 && outbox->dead_count("r") == 1; }));
  refuse = false;
  EXPECT_EQ(*outbox->retry("r", ""), 1u);
  EXPECT_TRUE(soon([&] { return told_count() == 50; }));
  EXPECT_TRUE(soon([&] { return outbox->view("r")->letters.empty(); }));
}

TEST_F(OutboxTest, GoneDisablesOnceAndStaysSoOverARestart) {
  answer = [](const Letter&) { return Kind::gone; };
  start();
  facts.grow(20);
  EXPECT_TRUE(soon([&] { return disabled == 1; }));
  restart();
  EXPECT_FALSE(outbox->view("r")->place.disabled.empty());
  EXPECT_EQ(told_count(), 0u);
  outbox.reset();
  answer = [](const Letter&) { return Kind::delivered; };
  start();
  outbox->enable("r");
  EXPECT_TRUE(soon([&] { return told_count() == 20; })) << told_count();
}

TEST_F(OutboxTest, AJournalThatCannotBeReadIsReadLater) {
  facts.broken = true;
  start();
  facts.grow(20);
  EXPECT_EQ(told_count(), 0u);
  facts.broken = false;
  EXPECT_TRUE(soon([&] { return told_count() == 20; }));
}

}  // namespace
}  // namespace scalemart
