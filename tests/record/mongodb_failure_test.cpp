// A database of MongoDB's protocol that dies, freezes or is shared by many: what is said is true, and nothing is sold
// twice.
#include <gtest/gtest.h>

#include <map>
#include <mutex>
#include <thread>

#include "sequencer/ledger_record.hpp"
#include "tests/record/crowd.hpp"
#include "tests/record/mongodb_shop.hpp"

namespace scalemart {
namespace {

using namespace std::chrono_literals;

class MongoFailure : public test::MongoShop {
 protected:
  void wait_for_server() {
    for (int i = 0; i < 400; ++i) {
      if (one(ExpireDue{1}).fate == Fate::committed) return;
      std::this_thread::sleep_for(25ms);
    }
    FAIL() << "the server does not come back";
  }
  static void server(const std::string& command) { test::mongodb_server()->command(command); }
};

TEST_F(MongoFailure, KilledServerLosesNoYesAndRemembersNoRefusal) {
  create("shoe", 1'000'000);
  std::mutex mutex;
  std::map<Fate, std::vector<OrderId>> fates;
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&] {
      while (!stop) {
        std::vector<Command> batch;
        for (int i = 0; i < 10; ++i) batch.emplace_back(buy(1 + orders_));
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
  std::this_thread::sleep_for(300ms);
  stop = true;
  for (std::thread& thread : threads) thread.join();

  ASSERT_GT(fates[Fate::committed].size(), 50U);
  const auto exist = [&](Fate fate) {
    const auto found = record_->find(fates[fate], 20s);
    EXPECT_TRUE(found.has_value()) << found.error().message;
    return std::count_if(found->begin(), found->end(), [](const auto& order) { return order.has_value(); });
  };
  EXPECT_EQ(exist(Fate::committed), static_cast<std::ptrdiff_t>(fates[Fate::committed].size())) << "a lost yes";
  EXPECT_EQ(exist(Fate::unavailable), 0) << "it was said that nothing happened";
  std::printf("committed %zu, unavailable %zu, unknown %zu of which %td happened\n", fates[Fate::committed].size(),
              fates[Fate::unavailable].size(), fates[Fate::unknown].size(), exist(Fate::unknown));
  expect_no_drift();
}

TEST_F(MongoFailure, FrozenServerIsUnknownNotARefusal) {
  create("shoe", 10);
  std::atomic<bool> freeze{false};
  record_ = another([&](mongo::Writing next) {
    if (next == mongo::Writing::claim && freeze.exchange(false)) server("freeze");
  });
  freeze = true;
  const Reserve lost = buy(1);
  const SteadyTime begin = clock_.steady();
  const RecordedBatch batch = one(lost, 1s);
  EXPECT_EQ(batch.fate, Fate::unknown);
  EXPECT_FALSE(batch.why.empty());
  EXPECT_LT(clock_.steady() - begin, 4s) << "the deadline holds, and the client's patience";
  server("thaw");
  wait_for_server();
  EXPECT_EQ(one(buy(2)).fate, Fate::committed);
  const auto found = find(lost.order);  // it was on its way: the server may have done it since
  EXPECT_EQ(product(ProductRef{0}).stock.held, found ? 2 : 1);
  expect_no_drift();
}

TEST_F(MongoFailure, AbsentServerIsUnavailableAtOnceAndIsFoundAgain) {
  create("shoe", 10);
  server("stop");
  const Reserve refused = buy(1);
  for (int i = 0; i < 3 && !record_->is_cut_off(); ++i) EXPECT_EQ(one(refused).fate, Fate::unavailable);
  EXPECT_TRUE(record_->is_cut_off());
  const SteadyTime begin = clock_.steady();
  for (int i = 0; i < 50; ++i) EXPECT_EQ(one(buy(1)).fate, Fate::unavailable);
  EXPECT_FALSE(record_->products(1s).has_value());
  EXPECT_LT(clock_.steady() - begin, 4s) << "nobody runs against a closed door";
  server("start");
  wait_for_server();
  EXPECT_FALSE(record_->is_cut_off());
  EXPECT_FALSE(find(refused.order).has_value());
  EXPECT_EQ(one(buy(1)).fate, Fate::committed);
}

TEST_F(MongoFailure, OneKeyInTwoProductsAtOnceIsOneOrder) {
  create("shoe", 100'000);
  create("hat", 100'000);
  const auto second = another();
  std::vector<std::thread> threads;
  std::atomic<int> undecided{0};
  for (std::uint32_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (std::uint64_t round = 0; round < 12; ++round) {
        std::vector<Command> batch;
        for (std::uint64_t b = 1; b <= 10; ++b)
          batch.emplace_back(buy(round * 10 + b, ProductRef{t % 2}, round * 10 + b));
        const RecordedBatch result = (t < 2 ? *record_ : *second).commit(batch, now_, kPatience);
        undecided += result.fate != Fate::committed;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(undecided, 0);
  EXPECT_EQ(record_->recount(kPatience)->orders, 120U);
  expect_no_drift();
}

TEST_F(MongoFailure, CrowdOfProcessesKeepsCapsAndStock) {
  create("shoe", 100, 2);
  create("hat", 100, 2);
  std::vector<std::unique_ptr<mongo::MongoRecord>> gateways;
  for (int g = 0; g < 2; ++g) gateways.push_back(another());
  std::vector<std::thread> threads;
  std::atomic<int> accepted{0};
  std::mutex mutex;
  std::map<std::pair<std::uint64_t, ProductRef>, int> bought;
  for (std::uint32_t t = 0; t < 6; ++t)
    threads.emplace_back([&, t] {
      SeededRandom random(t + 1);
      for (int round = 0; round < 14; ++round) {
        std::vector<Command> batch;
        for (int b = 0; b < 15; ++b)
          batch.emplace_back(buy(1 + random.below(80), ProductRef{static_cast<std::uint32_t>(random.below(2))}));
        if (round % 7 == 3) batch.emplace_back(ExpireDue{5});
        const RecordedBatch result = gateways[t % 2]->commit(batch, now_, kPatience);
        ASSERT_EQ(result.fate, Fate::committed) << result.why;
        const std::lock_guard guard(mutex);
        for (std::size_t i = 0; i < batch.size(); ++i) {
          const auto* buy = std::get_if<Reserve>(&batch[i]);
          if (buy == nullptr || result.answers[i].outcome != Outcome::done) continue;
          ++accepted;
          EXPECT_LE(++(bought[{buy->buyer.lo, buy->product}]), 2) << "over the cap";
        }
      }
    });
  for (std::thread& thread : threads) thread.join();
  const std::int64_t held = product(ProductRef{0}).stock.held + product(ProductRef{1}).stock.held;
  EXPECT_EQ(held, accepted);
  EXPECT_EQ(held, 200) << "80 buyers ask for more than two each, until nothing is left";
  expect_no_drift();
}

TEST_F(MongoFailure, RecountFindsWhatDoesNotFollowFromTheOrders) {
  create("shoe", 10);
  ASSERT_EQ(one(buy(1)).fate, Fate::committed);
  mongo::Document all, update, set;
  update.add("$set", set.add("quantity", std::int32_t{2}));
  ASSERT_EQ(*other()->update("orders", all, update, mongo::Client::Which::all), 1);
  const auto recount = record_->recount(5s);
  ASSERT_TRUE(recount.has_value());
  ASSERT_EQ(recount->drift.size(), 2U);
  EXPECT_EQ(recount->drift[0].what, "held of shoe");
  EXPECT_EQ(recount->drift[0].expected, 2);
  EXPECT_EQ(recount->drift[0].found, 1);
  EXPECT_EQ(recount->drift[1].what, "available of shoe");
}

TEST_F(MongoFailure, RecountOfASaleThatGoesOnIsRight) {
  create("shoe", 100'000);
  create("hat", 10);
  std::atomic<bool> stop{false};
  std::thread sale([&] {
    while (!stop) {
      EXPECT_EQ(one(buy(1 + orders_)).fate, Fate::committed);
      std::this_thread::sleep_for(15ms);
    }
  });
  while (orders_ < 20 && !HasFailure()) expect_no_drift();
  stop = true;
  sale.join();
}

TEST_F(MongoFailure, DamagedDocumentIsAnErrorAndNotTheEnd) {
  create("shoe", 10);
  const Reserve bought = buy(1, ProductRef{0}, 1);
  ASSERT_EQ(one(bought).fate, Fate::committed);
  mongo::Document which, update, set;
  which.add("_id", to_string(bought.order));
  update.add("$set", set.add("status", "sold"));
  ASSERT_TRUE(other()->update("orders", which, update));
  const RecordedBatch batch = one(Cancel{bought.order, bought.buyer});
  EXPECT_EQ(batch.fate, Fate::unavailable);
  EXPECT_NE(batch.why.find("damaged"), std::string::npos) << batch.why;
  EXPECT_FALSE(record_->unfinished({}, 10, 5s).has_value());
  EXPECT_EQ(one(buy(2)).fate, Fate::committed) << "others go on";
}

TEST_F(MongoFailure, TextsThatCannotBeStoredAreInvalidAndHarmNobody) {
  create("shoe", 10);
  const Reserve bought = buy(1);
  auto hat = spec("hat");
  hat->details.name = std::string("a\0b", 3);
  const std::vector<Command> batch{bought,
                                   CreateProduct{hat, 1},
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

TEST_F(MongoFailure, FlakyNetworkLosesNoYesAndBuysNothingTwice) {
  for (const bool filtered : {false, true}) {
    SCOPED_TRACE(filtered ? "filtered" : "unfiltered");
    const auto record = test::open_record(test::fresh_mongodb(), clock_);
    test::Crowd::Options options;
    options.seed = filtered ? 2 : 1;
    options.filtered = filtered;
    options.buyers = 80;
    options.stock = 30;
    options.faults = test::every_fault();
    test::Crowd(*record, options).run();
  }
}

// --- what stops the start ------------------------------------------------------------------------------

class MongoStart : public ::testing::Test {
 protected:
  /// The line with which opening fails, or "" when it does not.
  std::string refusal(mongo::MongoRecord::Options options) {
    const auto record = mongo::MongoRecord::open(std::move(options), clock_);
    if (record) return "";
    EXPECT_EQ(record.error().message.find('\n'), std::string::npos) << "one line";
    EXPECT_EQ(record.error().message.find("secret"), std::string::npos) << "no password in it";
    return record.error().message;
  }
  static void expect_says(const std::string& line, const std::string& words) {
    EXPECT_NE(line.find(words), std::string::npos) << "'" << line << "' does not say '" << words << "'";
  }
  SystemClock clock_;
  const mongo::Client::Options where_ = test::fresh_mongodb(std::chrono::milliseconds(1000));
};

TEST_F(MongoStart, MakesItsIndexesOnceAndFindsThemAgain) {
  expect_says(refusal({.client = where_, .create = false}), "unique index on orders (once) is missing");
  EXPECT_EQ(refusal({.client = where_}), "");
  EXPECT_EQ(refusal({.client = where_}), "");
  EXPECT_EQ(refusal({.client = where_, .create = false}), "");
}

TEST_F(MongoStart, LonelyServerIsNoMajorityOfTwo) {
  const std::string line = refusal({.client = where_, .copies = 2});
  expect_says(line, "stands alone");
  expect_says(line, "replica set");
  EXPECT_EQ(refusal({.client = where_, .copies = 1}), "");
}

TEST_F(MongoStart, WrongAddressOrPasswordIsNamed) {
  auto wrong = where_;
  wrong.url = "mongodb://127.0.0.1:1/";
  expect_says(refusal({.client = wrong}), "MongoDB: No suitable servers found");
  wrong.url = "mongodb://";
  expect_says(refusal({.client = wrong}), "the address is not valid");
  wrong.url = "mongodb://nobody:secret@" + where_.url.substr(std::string("mongodb://").size());
  expect_says(refusal({.client = wrong}), "password");
}

}  // namespace
}  // namespace scalemart
