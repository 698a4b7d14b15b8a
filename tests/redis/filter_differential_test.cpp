// Random buys and changes: whom the filter refuses, the record refuses in the same way; and nothing is ever sold that
// the record does not have, whatever happens to Redis.
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/redis/filter_shop.hpp"

namespace scalemart {
namespace {

using Kind = Verdict::Kind;

class FilterDifferential {
 public:
  FilterDifferential(testing_servers::RedisServer& server, std::uint64_t seed)
      : server_(server), shop_(server.url(), kPartitions, kGateways), dice_(seed) {
    for (std::uint32_t i = 0; i < kProducts; ++i) {
      // One after the other, so that each has its place: product i is in partition i % 2.
      refs_.push_back(shop_.product("p" + std::to_string(i), 5 + static_cast<std::int64_t>(roll(40)), i % 3));
    }
    shop_.open();
  }

  void run(int steps) {
    for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i) {
      const std::uint64_t what = roll(100);
      if (what < 60) {
        buy();
      } else if (what < 75) {
        end_an_order();
      } else if (what < 97) {
        change_a_product();
      } else if (what == 97) {
        forget();
      } else if (what == 98) {
        die();
      } else {
        shop_.now.ms += static_cast<std::int64_t>(roll(3000));
      }
    }
    const auto recount = shop_.record.recount(FilterShop::kWithin);
    ASSERT_TRUE(recount);
    EXPECT_TRUE(recount->drift.empty());
  }

  std::map<std::string, int> seen;

 private:
  static constexpr std::uint32_t kPartitions = 2;
  static constexpr std::size_t kGateways = 3;
  static constexpr std::uint32_t kProducts = 6;

  std::uint64_t roll(std::uint64_t sides) { return dice_.below(sides); }

  std::vector<Reserve> some_buys(std::uint32_t partition) {
    std::vector<Reserve> buys;
    for (std::uint64_t i = 0, n = 1 + roll(8); i < n; ++i) {
      const ProductRef ref = refs_[partition + kPartitions * roll(kProducts / kPartitions)];
      // A key belongs to one partition here: the filter of another one does not know it (see RedisStockFilter).
      const std::uint64_t key = roll(3) == 0 ? 0 : 1 + partition + kPartitions * roll(30);
      buys.push_back(shop_.buy(1 + roll(12), ref, 1 + static_cast<std::uint32_t>(roll(3)), key));
    }
    return buys;
  }

  void buy() {
    const auto partition = static_cast<std::uint32_t>(roll(kPartitions));
    const std::size_t gateway = roll(kGateways);
    const std::vector<Reserve> buys = some_buys(partition);
    const Screening screening = shop_.screen(buys, gateway, partition);
    ASSERT_EQ(screening.state, Screening::State::open);
    std::vector<Command> commands;
    std::vector<const Reserve*> passed;
    std::vector<bool> taken;
    for (std::size_t i = 0; i < buys.size(); ++i) {
      const Verdict& verdict = screening.verdicts[i];
      if (verdict.kind == Kind::refuse) {
        check_refusal(buys[i], verdict);
        continue;
      }
      ++seen[verdict.kind == Kind::taken ? "taken" : "ask"];
      commands.emplace_back(buys[i]);
      passed.push_back(&buys[i]);
      taken.push_back(verdict.kind == Kind::taken);
    }
    const RecordedBatch batch = shop_.record.commit(commands, shop_.now, FilterShop::kWithin);
    std::vector<Settlement> settlements;
    for (std::size_t i = 0; i < passed.size(); ++i) {
      const Answer& answer = batch.answers[i];
      if (answer.outcome == Outcome::done) sold_.push_back({answer.order, passed[i]->buyer});
      if (answer.outcome == Outcome::done || answer.outcome == Outcome::replayed)
        keys_.push_back({passed[i]->buyer, passed[i]->key});
      if (taken[i]) settlements.push_back(FilterShop::settlement(*passed[i], answer.outcome));
    }
    if (roll(40) == 0) {
      ++seen["a settlement that is never told"];
      return;
    }
    shop_.filter(gateway).settle(partition, screening.epoch, settlements, batch.stocks, batch.changes,
                                 FilterShop::kWithin);
  }

  /// The record, asked all the same, says the same.
  void check_refusal(const Reserve& buy, const Verdict& verdict) {
    ++seen[std::string(to_text(verdict.outcome))];
    const Command command = buy;
    const RecordedBatch batch = shop_.record.commit({&command, 1}, shop_.now, FilterShop::kWithin);
    const Answer& answer = batch.answers.at(0);
    EXPECT_EQ(answer.outcome, verdict.outcome)
        << "the filter " << to_text(verdict.outcome) << ", the record " << to_text(answer.outcome);
    EXPECT_LE(verdict.sequence, answer.sequence);
    EXPECT_TRUE(verdict.sequence != answer.sequence || verdict.final == answer.final);
  }

  void end_an_order() {
    if (sold_.empty()) return;
    const auto [order, buyer] = sold_[roll(sold_.size())];
    switch (roll(3)) {
      case 0:
        shop_.command(Cancel{order, buyer});
        break;
      case 1:
        shop_.command(Begin{order, 1});
        shop_.command(Confirm{order, 1, "paid"});
        break;
      default:
        shop_.command(Refund{order});
    }
  }

  void change_a_product() {
    const ProductRef ref = refs_[roll(refs_.size())];
    switch (roll(4)) {
      case 0:
        shop_.command(SetPaused{ref, roll(3) == 0});
        break;
      case 1:
        shop_.command(AdjustStock{ref, static_cast<std::int64_t>(roll(9)) - 2, "count"});
        break;
      default: {
        auto spec = std::make_shared<ProductSpec>(*(*shop_.record.products(FilterShop::kWithin))[index_of(ref)].spec);
        spec->terms.per_user_limit = static_cast<std::uint32_t>(roll(5));
        spec->terms.starts_at = shop_.now + std::chrono::milliseconds(roll(4) == 0 ? 500 : -5000);
        spec->terms.ends_at = shop_.now + std::chrono::milliseconds(roll(4) == 0 ? -1 : 60'000);
        shop_.command(ChangeProduct{ref, spec});
      }
    }
  }

  void forget() {
    ++seen["FLUSHALL"];
    server_.say({"FLUSHALL"});
    reopen();
  }
  void die() {
    ++seen["restart"];
    server_.kill();
    server_.start();
    reopen();
  }
  void reopen() {
    for (std::uint32_t p = 0; p < kPartitions; ++p) {
      Screening screening;
      for (int i = 0; i < 100 && screening.state == Screening::State::away; ++i) screening = shop_.screen({}, 0, p);
      ASSERT_EQ(screening.state, Screening::State::closed);
      ASSERT_TRUE(shop_.rebuild(p, roll(kGateways)));
      if (roll(2) == 0) continue;
      screening = shop_.screen({}, 0, p);
      ASSERT_TRUE(shop_.filter().remember(p, screening.epoch, keys_, true, FilterShop::kWithin));
    }
    for (std::size_t g = 1; g < kGateways; ++g)
      for (std::uint32_t p = 0; p < kPartitions; ++p)
        for (int i = 0; i < 100 && shop_.screen({}, g, p).state == Screening::State::away; ++i) {
        }
  }

  testing_servers::RedisServer& server_;
  FilterShop shop_;
  SeededRandom dice_;
  std::vector<ProductRef> refs_;
  std::vector<std::pair<OrderId, UserId>> sold_;
  std::vector<BuyerKey> keys_;
};

TEST(FilterDifferentialTest, RefusesOnlyWhomTheRecordRefuses) {
  SCALEMART_NEEDS_REDIS();
  const char* given = std::getenv("SCALEMART_TEST_SEED");
  const std::uint64_t first = given == nullptr ? 1 : std::strtoull(given, nullptr, 10);
  std::map<std::string, int> seen;
  for (std::uint64_t seed = first; seed < first + (given == nullptr ? 4 : 1); ++seed) {
    SCOPED_TRACE("SCALEMART_TEST_SEED=" + std::to_string(seed));
    testing_servers::RedisServer server;
    FilterDifferential run(server, seed);
    run.run(2000);
    for (const auto& [what, times] : run.seen) seen[what] += times;
    if (testing::Test::HasFailure()) return;
  }
  for (const char* what : {"taken", "ask", "sale_paused", "sale_not_started", "sale_ended", "out_of_stock",
                           "purchase_limit", "FLUSHALL", "restart", "a settlement that is never told"})
    EXPECT_GT(seen[what], 0) << "never happened: " << what;
}

}  // namespace
}  // namespace scalemart
