#include "flow/purchase.hpp"

#include <gtest/gtest.h>

#include <map>

#include "flow/publication.hpp"
#include "ledger/ledger.hpp"

namespace scalemart {
namespace {

/// A ledger behind a queue that is as long as a test says, published after every command.
class DirectLedger final : public SaleLedger {
 public:
  explicit DirectLedger(Publication& publication) : publication_(publication) {}

  bool submit(Ticket ticket) noexcept override {
    if (full) return false;
    std::vector<Record> records;
    const AnswerSink::Item item{ticket.token, ledger.execute(ticket.command, now, records)};
    publication_.publish(records, ledger);
    ++submitted;
    if (ticket.sink != nullptr) ticket.sink->answers({&item, 1});
    return true;
  }

  Ledger ledger;
  WallTime now;
  bool full = false;
  int submitted = 0;

 private:
  Publication& publication_;
};

class Answers final : public AnswerSink {
 public:
  void answers(std::span<const Item> items) noexcept override {
    for (const Item& item : items) by_token[item.token] = item.answer;
  }
  std::map<std::uint64_t, Answer> by_token;
};

class PurchaseTest : public ::testing::Test {
 protected:
  PurchaseTest() { ledger.now = sale_clock.now(); }

  void create(const std::string& id, std::int64_t total, SaleTerms terms) {
    auto spec = std::make_shared<ProductSpec>();
    spec->id = id;
    spec->details.name = id;
    spec->terms = terms;
    ask(CreateProduct{spec, total});
  }
  void ask(Command command) {
    ledger.now = sale_clock.now();
    Ticket ticket;
    ticket.command = std::move(command);
    ASSERT_TRUE(ledger.submit(std::move(ticket)));
    --ledger.submitted;
  }
  Answer buy(UserId buyer, std::string_view product, std::uint32_t quantity = 1, std::string_view key = {}) {
    ledger.now = sale_clock.now();
    const BuyIntent intent{buyer, product, quantity, key.empty() ? KeyDigest{} : digest_key(key), {}};
    if (const auto at_once = purchase.begin(intent, sink, 7)) return *at_once;
    return sink.by_token.at(7);
  }

  ManualClock clock;
  SaleClock sale_clock{clock, {0}};
  Catalogue catalogue;
  UsedKeys used_keys{1 << 12};
  SaleCounts counts;
  Publication publication{catalogue, used_keys, counts, {}};
  DirectLedger ledger{publication};
  SeededRandom random{1};
  TraceBook traces;
  Purchase purchase{catalogue, used_keys, sale_clock, ledger, random, {.traces = &traces}};
  Answers sink;
  const UserId ada{1, 1}, bob{2, 2};
};

TEST_F(PurchaseTest, TheCallersTraceIsKnownBeforeTheOrderIs) {
  create("lamp", 1, {});
  const TraceContext caller = *parse_trace_parent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  const BuyIntent intent{ada, "lamp", 1, {}, {}, caller};
  ASSERT_FALSE(purchase.begin(intent, sink, 7));
  const OrderId order = sink.by_token.at(7).order;
  EXPECT_EQ(traces.find(order), caller);
  ASSERT_EQ(buy(bob, "lamp").outcome, Outcome::out_of_stock) << "and without a trace nothing is kept";
}

TEST_F(PurchaseTest, UnknownProductLeavesNoTrace) {
  const auto before = ledger.ledger.state_hash();
  EXPECT_EQ(buy(ada, "nothing").outcome, Outcome::product_not_found);
  EXPECT_EQ(ledger.ledger.state_hash(), before);
  EXPECT_EQ(ledger.submitted, 0);
}

TEST_F(PurchaseTest, SoldOutIsToldWithoutAskingTheLedger) {
  create("shoe", 1, {});
  EXPECT_EQ(buy(ada, "shoe").outcome, Outcome::done);
  const Answer refused = buy(bob, "shoe", 1, "fresh key");
  EXPECT_EQ(refused.outcome, Outcome::out_of_stock);
  EXPECT_FALSE(refused.final) << "the held unit may come back";
  EXPECT_EQ(refused.sequence, ledger.ledger.sequence());
  EXPECT_EQ(ledger.submitted, 1);
}

TEST_F(PurchaseTest, SoldOutIsFinalWhenNothingIsHeld) {
  create("shoe", 1, {});
  const Answer sold = buy(ada, "shoe");
  ask(Begin{sold.order, 1});
  ask(Confirm{sold.order, 1, "paid"});
  EXPECT_TRUE(buy(bob, "shoe").final);
  ask(SetPaused{ProductRef{0}, true});
  EXPECT_EQ(buy(bob, "shoe").outcome, Outcome::sale_paused);
  EXPECT_FALSE(buy(bob, "shoe").final) << "only a sold-out answer can be final";
}

TEST_F(PurchaseTest, RetryOfAnAcceptedBuyIsAnsweredEvenWhenSoldOut) {
  create("shoe", 1, {});
  const Answer first = buy(ada, "shoe", 1, "mine");
  const Answer again = buy(ada, "shoe", 1, "mine");
  EXPECT_EQ(again.outcome, Outcome::replayed);
  EXPECT_EQ(again.order, first.order);
  EXPECT_EQ(again.sequence, first.sequence);
  EXPECT_EQ(buy(bob, "shoe", 1, "mine").outcome, Outcome::out_of_stock) << "a key is its buyer's";
}

TEST_F(PurchaseTest, RetryOfARemovedProductIsAnswered) {
  create("shoe", 2, {});
  const Answer first = buy(ada, "shoe", 1, "mine");
  ask(Cancel{first.order, ada});
  ask(RemoveProduct{ProductRef{0}});
  EXPECT_EQ(buy(ada, "shoe", 1, "mine").order, first.order);
  EXPECT_EQ(buy(ada, "shoe", 1, "other").outcome, Outcome::product_not_found);
}

TEST_F(PurchaseTest, FullQueueIsOverloadedAndTakesNothing) {
  create("shoe", 1, {});
  ledger.full = true;
  EXPECT_EQ(buy(ada, "shoe").outcome, Outcome::overloaded);
  ledger.full = false;
  EXPECT_EQ(buy(ada, "shoe").outcome, Outcome::done);
}

TEST_F(PurchaseTest, EveryQuickRefusalIsWhatTheLedgerWouldSay) {
  std::mt19937 chance(20261122);
  const std::int64_t start = sale_clock.now().ms;
  for (int i = 0; i < 4; ++i) {
    SaleTerms terms;
    if (i % 2 == 1) terms.starts_at = WallTime{start + 400};
    if (i >= 2) terms.ends_at = WallTime{start + 900};
    create("p" + std::to_string(i), 12, terms);
  }
  int quick = 0;
  for (int step = 0; step < 4000; ++step) {
    const auto ref = static_cast<std::uint32_t>(chance() % 4);
    if (chance() % 50 == 0) ask(SetPaused{ProductRef{ref}, chance() % 3 == 0});
    if (chance() % 60 == 0) ask(AdjustStock{ProductRef{ref}, static_cast<std::int64_t>(chance() % 5) - 2, "test"});
    if (chance() % 40 == 0) clock.advance(std::chrono::milliseconds(10));
    const UserId buyer{1 + chance() % 50, 9};
    const auto quantity = static_cast<std::uint32_t>(1 + chance() % 4);
    const std::string key = chance() % 3 == 0 ? "k" + std::to_string(chance() % 40) : std::string();
    ledger.now = sale_clock.now();

    Ledger& truth = ledger.ledger;
    const auto before = truth.sequence();
    const int submitted = ledger.submitted;
    const Answer told = buy(buyer, "p" + std::to_string(ref), quantity, key);
    if (ledger.submitted != submitted) continue;  // the ledger itself has answered
    ++quick;
    std::vector<Record> records;
    const Reserve same{{99, static_cast<std::uint64_t>(step)},     buyer, ProductRef{ref}, quantity, 1000,
                       key.empty() ? KeyDigest{} : digest_key(key)};
    const Answer decided = truth.execute(same, sale_clock.now(), records);
    ASSERT_EQ(to_text(told.outcome), to_text(decided.outcome)) << "step " << step;
    ASSERT_TRUE(records.empty());
    ASSERT_EQ(told.sequence, before);
    if (told.outcome == Outcome::out_of_stock) {
      ASSERT_EQ(told.final, decided.final);
    }
  }
  EXPECT_GT(quick, 1000) << "the quick way was hardly taken: this test shows nothing";
}

TEST(UsedKeysTest, NeverForgetsAndSeldomErrs) {
  UsedKeys keys(1 << 16);
  SeededRandom random(3);
  std::vector<std::pair<UserId, KeyDigest>> used;
  for (int i = 0; i < 1000; ++i) {
    used.push_back({{random.next(), random.next()}, {random.next(), random.next()}});
    keys.add(used.back().first, used.back().second);
  }
  for (const auto& [buyer, key] : used) EXPECT_TRUE(keys.may_contain(buyer, key));
  int wrong = 0;
  for (int i = 0; i < 10'000; ++i)
    wrong += keys.may_contain({random.next(), 1}, {random.next(), random.next()}) ? 1 : 0;
  EXPECT_LT(wrong, 50);
}

TEST(SaleCountsTest, PublicationCountsWhatTheOrdersSay) {
  Catalogue catalogue;
  UsedKeys keys(1 << 10);
  SaleCounts counts;
  Publication publication(catalogue, keys, counts, {});
  Ledger ledger;
  std::vector<Record> records;
  auto spec = std::make_shared<ProductSpec>();
  spec->id = "shoe";
  spec->details.name = "Shoe";
  spec->terms.price = 500;
  ledger.execute(CreateProduct{spec, 10}, {1}, records);
  ledger.execute(Reserve{{1, 1}, {5, 5}, ProductRef{0}, 2, 1000, {}}, {2}, records);
  ledger.execute(Begin{{1, 1}, 1}, {3}, records);
  ledger.execute(Confirm{{1, 1}, 1, "ref"}, {4}, records);
  publication.publish(records, ledger);
  EXPECT_EQ(counts.of(OrderStatus::confirmed), 1U);
  EXPECT_EQ(counts.money().at("EUR").confirmed, 1000);
  EXPECT_EQ(counts.money().at("EUR").units, 2U);
  SaleCounts again;
  Catalogue other;
  UsedKeys none(1 << 10);
  Publication restart(other, none, again, {});
  restart.load(ledger);
  EXPECT_EQ(again.money().at("EUR").confirmed, 1000);
  EXPECT_EQ(other.current()->find("shoe")->live->read().stock.sold, 2);
}

}  // namespace
}  // namespace scalemart
