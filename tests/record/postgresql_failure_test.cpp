// PostgreSQL that dies, freezes, is locked or refuses: what is said is true, and nothing is sold twice.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <thread>

#include "sequencer/ledger_record.hpp"
#include "tests/record/crowd.hpp"
#include "tests/servers/postgresql.hpp"

namespace scalemart {
namespace {

using namespace std::chrono_literals;

class Failure : public ::testing::Test {
 protected:
  Failure() : where_(test::fresh_postgresql()) {
    where_.patience = 1000ms;
    record_ = test::open_record(where_, clock_);
  }
  ProductRef create(const std::string& id, std::int64_t total, std::uint32_t cap = 0) {
    auto spec = std::make_shared<ProductSpec>();
    spec->id = id;
    spec->details.name = id;
    spec->terms.per_user_limit = cap;
    return one(CreateProduct{spec, total}).answers.at(0).product;
  }
  RecordedBatch one(Command command, std::chrono::milliseconds within = 5s) {
    return record_->commit(std::span(&command, 1), now_, within);
  }
  Reserve buy(std::uint64_t buyer, ProductRef product = ProductRef{0}) {
    Reserve reserve;
    reserve.order = {77, ++orders_};
    reserve.buyer = {5, buyer};
    reserve.product = product;
    reserve.hold_ms = 60'000;
    return reserve;
  }
  std::optional<OrderView> find(OrderId order) {
    const OrderId ids[] = {order};
    auto found = record_->find(ids, 5s);
    EXPECT_TRUE(found.has_value()) << found.error().message;
    return found ? (*found)[0] : std::nullopt;
  }
  /// A second way in, past the record.
  pg::Connection other() {
    pg::Connection::Options options = where_;
    options.patience = 20s;
    options.application = "somebody else";
    auto opened = pg::Connection::open(options, clock_);
    EXPECT_TRUE(opened.has_value());
    return std::move(*opened);
  }
  void expect_no_drift() {
    const auto recount = record_->recount(20s);
    ASSERT_TRUE(recount.has_value()) << recount.error().message;
    for (const RecordDrift& drift : recount->drift)
      ADD_FAILURE() << drift.what << ": expected " << drift.expected << ", found " << drift.found;
  }
  /// Until the server takes batches again.
  void wait_for_server() {
    for (int i = 0; i < 400; ++i) {
      if (one(ExpireDue{0}).fate == Fate::committed) return;
      std::this_thread::sleep_for(25ms);
    }
    FAIL() << "the server does not come back";
  }
  static void server(const std::string& command) { test::postgresql_server()->command(command); }

  SystemClock clock_;
  const WallTime now_{1'800'000'000'000};
  pg::Connection::Options where_;
  std::unique_ptr<pg::PostgresRecord> record_;
  std::atomic<std::uint64_t> orders_{0};
};

TEST_F(Failure, KilledServerLosesNoYesAndRemembersNoRefusal) {
  create("shoe", 1'000'000);
  std::mutex mutex;
  std::map<Fate, std::vector<OrderId>> fates;
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&] {
      while (!stop) {
        std::vector<Command> batch;
        for (int i = 0; i < 20; ++i) batch.emplace_back(buy(1 + orders_));
        const RecordedBatch result = record_->commit(batch, now_, 5s);
        const std::lock_guard guard(mutex);
        for (const Command& command : batch) fates[result.fate].push_back(std::get<Reserve>(command).order);
        if (result.fate != Fate::committed) std::this_thread::sleep_for(5ms);
      }
    });
  for (int round = 0; round < 3; ++round) {
    std::this_thread::sleep_for(400ms);
    server("kill");
    std::this_thread::sleep_for(50ms);
    server("start");
  }
  wait_for_server();
  std::this_thread::sleep_for(200ms);
  stop = true;
  for (std::thread& thread : threads) thread.join();

  ASSERT_GT(fates[Fate::committed].size(), 200U);
  const auto exist = [&](Fate fate) {
    const auto found = record_->find(fates[fate], 20s);
    EXPECT_TRUE(found.has_value());
    return std::count_if(found->begin(), found->end(), [](const auto& order) { return order.has_value(); });
  };
  EXPECT_EQ(exist(Fate::committed), static_cast<std::ptrdiff_t>(fates[Fate::committed].size())) << "a lost yes";
  EXPECT_EQ(exist(Fate::unavailable), 0) << "it was said that nothing happened";
  std::printf("committed %zu, unavailable %zu, unknown %zu of which %td happened\n", fates[Fate::committed].size(),
              fates[Fate::unavailable].size(), fates[Fate::unknown].size(), exist(Fate::unknown));
  expect_no_drift();
}

TEST_F(Failure, FrozenServerIsUnknownNotARefusal) {
  create("shoe", 10);
  server("freeze");
  const Reserve lost = buy(1);
  const SteadyTime begin = clock_.steady();
  EXPECT_EQ(one(lost, 300ms).fate, Fate::unknown);
  EXPECT_LT(clock_.steady() - begin, 2s) << "the deadline holds";
  server("thaw");
  wait_for_server();
  EXPECT_EQ(one(buy(2)).fate, Fate::committed);
  const auto found = find(lost.order);  // it was on its way: the server may have done it since
  const auto products = record_->products(5s);
  EXPECT_EQ(products->front().stock.held, found ? 2 : 1);
  expect_no_drift();
}

TEST_F(Failure, AbsentServerIsUnavailableAtOnceAndIsFoundAgain) {
  create("shoe", 10);
  server("stop");
  const Reserve refused = buy(1);
  EXPECT_EQ(one(refused).fate, Fate::unavailable);
  EXPECT_TRUE(record_->is_cut_off());
  const SteadyTime begin = clock_.steady();
  for (int i = 0; i < 50; ++i) EXPECT_EQ(one(buy(1)).fate, Fate::unavailable);
  EXPECT_LT(clock_.steady() - begin, 1s) << "nobody runs against a closed door";
  server("start");
  wait_for_server();
  EXPECT_FALSE(record_->is_cut_off());
  EXPECT_FALSE(find(refused.order).has_value());
  EXPECT_EQ(one(buy(1)).fate, Fate::committed);
}

TEST_F(Failure, LockedProductIsUnavailableWithinTheServersPatience) {
  create("shoe", 10);
  create("hat", 10);
  pg::Connection somebody = other();
  ASSERT_TRUE(somebody.execute("BEGIN; SELECT 1 FROM stock WHERE ref = 0 FOR UPDATE", 5s).has_value());
  const Reserve waiting = buy(1);
  const RecordedBatch batch = one(waiting);
  EXPECT_EQ(batch.fate, Fate::unavailable);
  EXPECT_NE(batch.why.find("timeout"), std::string::npos) << batch.why;
  EXPECT_EQ(one(buy(1, ProductRef{1})).fate, Fate::committed) << "other products go on";
  ASSERT_TRUE(somebody.execute("ROLLBACK", 5s).has_value());
  EXPECT_FALSE(find(waiting.order).has_value());
  EXPECT_EQ(one(waiting).fate, Fate::committed);
}

TEST_F(Failure, RefusalWhileCommittingMeansNothingHappened) {
  create("shoe", 10);
  pg::Connection somebody = other();
  const auto made = somebody.execute(
      "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not today'; END $$;"
      "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON orders DEFERRABLE INITIALLY DEFERRED"
      " FOR EACH ROW EXECUTE FUNCTION refuse()",
      5s);
  ASSERT_TRUE(made.has_value()) << made.error().message;
  const Reserve refused = buy(1);
  const RecordedBatch batch = one(refused);
  EXPECT_EQ(batch.fate, Fate::unavailable);
  EXPECT_NE(batch.why.find("not today"), std::string::npos) << batch.why;
  ASSERT_TRUE(somebody.execute("DROP TRIGGER refuse ON orders", 5s).has_value());
  EXPECT_FALSE(find(refused.order).has_value());
  EXPECT_EQ(one(refused).fate, Fate::committed) << "the connection is in step";
}

TEST_F(Failure, WarningWhileCommittingIsUnknown) {
  create("shoe", 10);
  pg::Connection somebody = other();
  ASSERT_TRUE(somebody
                  .execute("CREATE FUNCTION warn() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'the wait"
                           " for the standby was cancelled'; RETURN NULL; END $$;"
                           "CREATE CONSTRAINT TRIGGER warn AFTER INSERT ON orders DEFERRABLE INITIALLY DEFERRED"
                           " FOR EACH ROW EXECUTE FUNCTION warn()",
                           5s)
                  .has_value());
  const Reserve doubtful = buy(1);
  EXPECT_EQ(one(doubtful).fate, Fate::unknown);
  EXPECT_TRUE(find(doubtful.order).has_value());
}

TEST_F(Failure, ServerThatBecameReadOnlyIsLeft) {
  create("shoe", 10);
  pg::Connection somebody = other();
  const auto forget_connections = [&] {
    ASSERT_TRUE(somebody
                    .execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                             " AND application_name = 'scalemart'",
                             5s)
                    .has_value());
    std::this_thread::sleep_for(100ms);
  };
  // As after a failover, when new connections still go to what is a standby now.
  ASSERT_TRUE(somebody.execute("ALTER DATABASE shop SET default_transaction_read_only = on", 5s).has_value());
  forget_connections();
  const RecordedBatch batch = one(buy(1));
  EXPECT_EQ(batch.fate, Fate::unavailable);
  EXPECT_NE(batch.why.find("read-only"), std::string::npos) << batch.why;
  ASSERT_TRUE(somebody.execute("SET default_transaction_read_only = off", 5s).has_value());
  ASSERT_TRUE(somebody.execute("ALTER DATABASE shop RESET default_transaction_read_only", 5s).has_value());
  EXPECT_EQ(one(buy(1)).fate, Fate::committed) << "the connection to the standby was not kept";
}

TEST_F(Failure, OneKeyInTwoProductsAtOnceIsOneOrder) {
  // Two batches hold different products' locks and meet at the key.
  create("shoe", 100'000, 0);
  create("hat", 100'000, 0);
  std::vector<std::thread> threads;
  std::atomic<int> undecided{0};
  for (std::uint32_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (std::uint64_t round = 0; round < 40; ++round) {
        std::vector<Command> batch;
        for (std::uint64_t b = 0; b < 10; ++b) {
          // Half of them go through the buyers the other way round: so they deadlock, too.
          const std::uint64_t buyer = 1 + round * 10 + (t % 2 == 0 ? b : 9 - b);
          Reserve reserve = buy(buyer, ProductRef{t % 2});
          reserve.key = {1, buyer};
          batch.emplace_back(reserve);
        }
        undecided += record_->commit(batch, now_, 20s).fate != Fate::committed;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(undecided, 0);
  const auto recount = record_->recount(20s);
  EXPECT_EQ(recount->orders, 400U);
  expect_no_drift();
}

TEST_F(Failure, CrowdOfProcessesKeepsCapsAndStock) {
  create("shoe", 150, 2);
  create("hat", 150, 2);
  std::vector<std::unique_ptr<pg::PostgresRecord>> gateways;
  for (int g = 0; g < 2; ++g) gateways.push_back(test::open_record(where_, clock_));
  std::vector<std::thread> threads;
  std::atomic<int> accepted{0};
  for (std::uint32_t t = 0; t < 6; ++t)
    threads.emplace_back([&, t] {
      SeededRandom random(t + 1);
      for (int round = 0; round < 30; ++round) {
        std::vector<Command> batch;
        for (int b = 0; b < 15; ++b)
          batch.emplace_back(buy(1 + random.below(120), ProductRef{static_cast<std::uint32_t>(random.below(2))}));
        if (round % 7 == 3) batch.emplace_back(ExpireDue{5});
        const RecordedBatch result = gateways[t % 2]->commit(batch, now_, 20s);
        ASSERT_EQ(result.fate, Fate::committed) << result.why;
        for (const Answer& answer : result.answers)
          accepted += answer.outcome == Outcome::done && answer.count == 0 && !answer.order.empty();
      }
    });
  for (std::thread& thread : threads) thread.join();
  const auto products = record_->products(5s);
  std::int64_t held = 0;
  for (const ProductRecord& product : *products) held += product.stock.held;
  EXPECT_EQ(held, accepted);
  EXPECT_EQ(held, 300) << "120 buyers ask for more than two each, until nothing is left";
  const auto over = other().execute(
      "SELECT count(*) FROM (SELECT FROM orders GROUP BY buyer, product HAVING sum(quantity) > 2) AS over", 5s);
  EXPECT_EQ(over->text(0, 0), "0");
  expect_no_drift();
}

TEST_F(Failure, RecountFindsWhatDoesNotFollowFromTheOrders) {
  create("shoe", 10);
  ASSERT_EQ(one(buy(1)).fate, Fate::committed);
  ASSERT_TRUE(other().execute("UPDATE orders SET quantity = 2", 5s).has_value());
  const auto recount = record_->recount(5s);
  ASSERT_TRUE(recount.has_value());
  ASSERT_EQ(recount->drift.size(), 2U);
  EXPECT_EQ(recount->drift[0].what, "held of shoe");
  EXPECT_EQ(recount->drift[0].expected, 2);
  EXPECT_EQ(recount->drift[0].found, 1);
  EXPECT_EQ(recount->drift[1].what, "available of shoe");
  EXPECT_FALSE(other().execute("UPDATE stock SET sold = sold + 1", 5s).has_value()) << "stock_conserved";
  EXPECT_FALSE(other().execute("UPDATE stock SET held = 11, available = -1", 5s).has_value());
}

TEST_F(Failure, TextsThatCannotBeStoredAreInvalidAndHarmNobody) {
  create("shoe", 10);
  const Reserve bought = buy(1);
  auto spec = std::make_shared<ProductSpec>();
  spec->id = "hat";
  spec->details.name = std::string("a\0b", 3);
  const std::vector<Command> batch{bought,
                                   CreateProduct{spec, 1},
                                   AdjustStock{ProductRef{0}, 1, "\xff\xfe"},
                                   Begin{bought.order, 1},
                                   Confirm{bought.order, 1, "ref\xc0\x80"},
                                   Park{bought.order, 1, Step::payment, 3, "timeout\xff!"}};
  const RecordedBatch result = record_->commit(batch, now_, 5s);
  ASSERT_EQ(result.fate, Fate::committed) << result.why;
  EXPECT_EQ(result.answers[0].outcome, Outcome::done);
  EXPECT_EQ(result.answers[1].outcome, Outcome::invalid_value);
  EXPECT_EQ(result.answers[2].outcome, Outcome::invalid_value);
  EXPECT_EQ(result.answers[4].outcome, Outcome::invalid_value);
  EXPECT_EQ(result.answers[5].outcome, Outcome::done);
  EXPECT_EQ(record_->dead_letters(10, 5s)->front().reason, "timeout?!");
}

TEST_F(Failure, FlakyNetworkLosesNoYesAndBuysNothingTwice) {
  for (const bool filtered : {false, true}) {
    SCOPED_TRACE(filtered ? "filtered" : "unfiltered");
    const auto record = test::open_record(test::fresh_postgresql(), clock_);
    test::Crowd::Options options;
    options.seed = filtered ? 2 : 1;
    options.filtered = filtered;
    options.faults = test::every_fault();
    test::Crowd(*record, options).run();
  }
}

}  // namespace
}  // namespace scalemart
