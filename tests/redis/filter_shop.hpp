#pragma once
// A shop with a record in memory and filters of several gateways over one Redis.

#include <gtest/gtest.h>

#include "backend/redis/stock_filter.hpp"
#include "sequencer/ledger_record.hpp"
#include "tests/servers/redis_server.hpp"

namespace scalemart {

class FilterShop {
 public:
  static constexpr std::chrono::milliseconds kWithin{2000};

  explicit FilterShop(const std::string& url, std::uint32_t partitions = 1, std::size_t gateways = 1)
      : partitions_(partitions) {
    const auto address = redis::Address::parse(url);
    RedisFilterSettings settings;
    settings.partitions = partitions;
    settings.key_words = 1u << 14;
    for (std::size_t i = 0; i < gateways; ++i) {
      auto filter = RedisStockFilter::make(*address, clock, random, settings);
      EXPECT_TRUE(filter);
      filters.push_back(std::move(*filter));
    }
  }

  [[nodiscard]] RedisStockFilter& filter(std::size_t gateway = 0) { return *filters[gateway]; }

  /// An administrator's command, told to the filter as a lane tells it.
  Answer command(const Command& command) {
    const RecordedBatch batch = record.commit({&command, 1}, now, kWithin);
    EXPECT_EQ(batch.fate, Fate::committed);
    tell(batch);
    return batch.answers.at(0);
  }
  void tell(const RecordedBatch& batch, std::size_t gateway = 0) {
    for (std::uint32_t p = 0; p < partitions_; ++p) {
      std::vector<StockRecord> stocks;
      std::vector<OrderChange> changes;
      for (const StockRecord& stock : batch.stocks)
        if (partition_of(stock.product, partitions_) == p) stocks.push_back(stock);
      for (const OrderChange& change : batch.changes)
        if (partition_of(change.product, partitions_) == p) changes.push_back(change);
      if (!stocks.empty()) filter(gateway).settle(p, 0, {}, stocks, changes, kWithin);
    }
    for (const ProductRecord& product : *record.products(kWithin))
      if (std::find(batch.terms.begin(), batch.terms.end(), product.product) != batch.terms.end())
        filter(gateway).publish(partition_of(product.product, partitions_), {&product, 1}, kWithin);
  }
  ProductRef product(const std::string& id, std::int64_t total, std::uint32_t cap = 0) {
    auto spec = std::make_shared<ProductSpec>();
    spec->id = id;
    spec->details.name = id;
    spec->terms.per_user_limit = cap;
    const Answer answer = command(CreateProduct{spec, total});
    EXPECT_EQ(answer.outcome, Outcome::done);
    return answer.product;
  }
  [[nodiscard]] std::vector<ProductRecord> products(std::uint32_t partition = 0) {
    auto all = *record.products(kWithin);
    std::erase_if(all, [&](const auto& p) { return partition_of(p.product, partitions_) != partition; });
    return all;
  }
  [[nodiscard]] bool rebuild(std::uint32_t partition = 0, std::size_t gateway = 0) {
    return filter(gateway).rebuild(partition, products(partition), kWithin);
  }
  void open() {
    for (std::uint32_t p = 0; p < partitions_; ++p) ASSERT_TRUE(rebuild(p)) << filter().why_away(p);
  }

  /// Order and buyer `n`; key 0: none.
  [[nodiscard]] Reserve buy(std::uint64_t n, ProductRef product = ProductRef{0}, std::uint32_t quantity = 1,
                            std::uint64_t key = 0) {
    ++orders_;
    return {{1, orders_}, {2, n}, product, quantity, 60'000, key == 0 ? KeyDigest{} : digest_key(std::to_string(key))};
  }
  [[nodiscard]] Screening screen(std::span<const Reserve> buys, std::size_t gateway = 0, std::uint32_t partition = 0,
                                 std::chrono::milliseconds within = kWithin) {
    return filter(gateway).screen(partition, buys, now, within);
  }
  [[nodiscard]] Verdict verdict(const Reserve& buy, std::size_t gateway = 0) {
    const Screening screening = screen({&buy, 1}, gateway, partition_of(buy.product, partitions_));
    EXPECT_EQ(screening.state, Screening::State::open);
    return screening.verdicts.empty() ? Verdict{} : screening.verdicts.front();
  }

  /// What a lane does with one batch. Refused buys are answered by the filter.
  std::vector<Answer> sell(std::span<const Reserve> buys, std::size_t gateway = 0, std::uint32_t partition = 0) {
    const Screening screening = screen(buys, gateway, partition);
    EXPECT_EQ(screening.state, Screening::State::open);
    std::vector<Answer> answers(buys.size());
    std::vector<Command> commands;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < screening.verdicts.size(); ++i) {
      const Verdict& v = screening.verdicts[i];
      answers[i].outcome = v.outcome;
      answers[i].final = v.final;
      answers[i].sequence = v.sequence;
      if (v.kind == Verdict::Kind::refuse) continue;
      commands.emplace_back(buys[i]);
      places.push_back(i);
    }
    const RecordedBatch batch = record.commit(commands, now, kWithin);
    std::vector<Settlement> settlements;
    for (std::size_t i = 0; i < places.size(); ++i) {
      answers[places[i]] = batch.answers[i];
      if (screening.verdicts[places[i]].kind != Verdict::Kind::taken) continue;
      settlements.push_back(settlement(buys[places[i]], batch.answers[i].outcome));
    }
    filter(gateway).settle(partition, screening.epoch, settlements, batch.stocks, batch.changes, kWithin);
    asked_record += places.size();
    return answers;
  }
  static Settlement settlement(const Reserve& buy, Outcome outcome) {
    const auto kind = outcome == Outcome::done       ? Settlement::Kind::sold
                      : outcome == Outcome::replayed ? Settlement::Kind::replayed
                                                     : Settlement::Kind::refused;
    return {&buy, kind, outcome};
  }

  SystemClock clock;
  SeededRandom random{20'261'122};
  WallTime now{1'700'000'000'000};
  LedgerRecord record;
  std::vector<std::unique_ptr<RedisStockFilter>> filters;
  std::size_t asked_record = 0;

 private:
  std::uint32_t partitions_;
  std::uint64_t orders_ = 0;
};

}  // namespace scalemart
