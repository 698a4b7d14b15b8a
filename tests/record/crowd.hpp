#pragma once
// A crowd that buys, retries and pays through a shared ledger whose record fails now and then; and what must hold
// afterwards.

#include <gtest/gtest.h>

#include <future>
#include <map>
#include <thread>

#include "backend/flaky/flaky_record.hpp"
#include "sequencer/shared_ledger.hpp"
#include "tests/record/memory_filter.hpp"

namespace scalemart::test {

class Crowd {
 public:
  struct Options {
    std::uint64_t seed = 1;
    std::int64_t stock = 60;  ///< Of each of two products; more than that is asked for.
    std::uint64_t buyers = 160;
    std::size_t threads = 8;
    std::uint32_t cap = 3;
    bool filtered = false;
    FlakyRecord::Faults faults;
  };

  Crowd(SystemOfRecord& truth, Options options)
      : truth_(truth), options_(options), random_(options.seed), flaky_(truth, random_, options.faults) {
    SharedLedger::Options how;
    how.partitions = 2;
    ledger_ = std::make_unique<SharedLedger>(
        flaky_, options.filtered ? &filter_ : nullptr, [this] { return clock_.wall(); }, clock_, how);
    create();
    ledger_->start();
  }

  void run() {
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < options_.threads; ++t)
      threads.emplace_back([this, t] {
        for (std::uint64_t b = t; b < options_.buyers; b += options_.threads) shop(b);
      });
    for (std::thread& thread : threads) thread.join();
    flaky_.heal();
    filter_.forget();  // as the rebuild after a sweep would: nothing is taken any more
    for (std::uint64_t b = 0; b < options_.buyers; ++b) settle(b);
    check();
    EXPECT_GT(flaky_.unknown(), 0U) << "nothing failed: proves nothing";
  }

 private:
  using Step = std::chrono::milliseconds;
  static constexpr std::chrono::seconds kPatience{20};

  void create() {
    for (const char* id : {"shoe", "hat"}) {
      auto spec = std::make_shared<ProductSpec>();
      spec->id = id;
      spec->details.name = id;
      spec->terms.price = 500;
      spec->terms.per_user_limit = options_.cap;
      const Command command = CreateProduct{spec, options_.stock};
      ASSERT_EQ(truth_.commit(std::span(&command, 1), clock_.wall(), kPatience).fate, Fate::committed);
    }
  }

  Answer ask(Command command) {
    class Sink final : public AnswerSink {
     public:
      void answers(std::span<const Item> items) noexcept override { promise.set_value(items.front().answer); }
      std::promise<Answer> promise;
    };
    Sink sink;
    auto answer = sink.promise.get_future();
    if (!ledger_->submit({std::move(command), &sink, 0, {}})) return {};
    return answer.get();
  }

  [[nodiscard]] Reserve buy(std::uint64_t buyer, int attempt) const {
    Reserve reserve;
    reserve.order = {options_.seed * 1'000'000 + buyer, 1 + static_cast<std::uint64_t>(attempt)};
    reserve.buyer = {5, buyer + 1};
    reserve.product = ProductRef{static_cast<std::uint32_t>(buyer % 2)};
    reserve.quantity = static_cast<std::uint32_t>(1 + buyer % 2);
    reserve.hold_ms = 600'000;
    reserve.key = {7, buyer + 1};
    return reserve;
  }

  static bool is_decided(Outcome outcome) {
    return outcome != Outcome::unknown && outcome != Outcome::unavailable && outcome != Outcome::overloaded;
  }

  /// Buys under one key until it knows; every attempt under another order id, as gateways do.
  Answer insist(std::uint64_t buyer, int first, int most) {
    Answer answer;
    for (int attempt = first; attempt < first + most; ++attempt) {
      const Reserve reserve = buy(buyer, attempt);
      answer = ask(reserve);
      if (is_success(answer.outcome)) {
        const std::lock_guard guard(mutex_);
        const auto [known, is_new] = bought_.try_emplace(buyer, answer.order);
        EXPECT_EQ(known->second, answer.order) << "one key, two orders";
      }
      if (is_decided(answer.outcome)) break;
      if (answer.outcome == Outcome::unavailable) std::this_thread::sleep_for(Step(5));
    }
    return answer;
  }

  void shop(std::uint64_t buyer) {
    const Answer answer = insist(buyer, 0, 4);
    if (!is_success(answer.outcome) || buyer % 3 == 0) return;
    pay(answer.order, 2);
  }

  void pay(OrderId order, int most) {
    for (int attempt = 0; attempt < most; ++attempt)
      if (is_decided(ask(Begin{order, 1}).outcome)) break;
    for (int attempt = 0; attempt < most; ++attempt)
      if (is_decided(ask(Confirm{order, 1, "paid"}).outcome)) break;
  }

  void settle(std::uint64_t buyer) {
    const Answer answer = insist(buyer, 100, 400);
    EXPECT_TRUE(is_decided(answer.outcome)) << to_text(answer.outcome);
    if (is_success(answer.outcome) && buyer % 3 != 0) pay(answer.order, 1);
  }

  void check() {
    const auto products = truth_.products(kPatience);
    ASSERT_TRUE(products.has_value());
    std::map<ProductRef, std::int64_t> held, sold;
    for (std::uint64_t b = 0; b < options_.buyers; ++b) {
      const BuyerKey key[] = {{{5, b + 1}, {7, b + 1}}};
      const auto found = truth_.find_by_key(key, kPatience);
      ASSERT_TRUE(found.has_value());
      const bool was_answered = bought_.contains(b);
      ASSERT_EQ((*found)[0].has_value(), was_answered) << "buyer " << b << ": a lost yes, or an order nobody was told";
      if (!was_answered) continue;
      const OrderView& order = *(*found)[0];
      EXPECT_EQ(order.id, bought_[b]);
      EXPECT_EQ(order.status, b % 3 == 0 ? OrderStatus::pending : OrderStatus::confirmed) << "buyer " << b;
      (order.status == OrderStatus::confirmed ? sold : held)[order.product] += order.quantity;
      const auto all = truth_.of_buyer({5, b + 1}, {}, 10, kPatience);
      EXPECT_EQ(all->size(), 1U) << "buyer " << b << " bought twice";
    }
    for (const ProductRecord& product : *products) {
      EXPECT_EQ(product.stock.held, held[product.product]);
      EXPECT_EQ(product.stock.sold, sold[product.product]);
      EXPECT_LT(product.stock.available, 2) << "units that nobody could buy";
    }
    const auto recount = truth_.recount(kPatience);
    ASSERT_TRUE(recount.has_value());
    EXPECT_TRUE(recount->drift.empty());
  }

  SystemOfRecord& truth_;
  const Options options_;
  SystemClock clock_;
  SeededRandom random_;
  FlakyRecord flaky_;
  MemoryFilter filter_;
  std::unique_ptr<SharedLedger> ledger_;
  std::mutex mutex_;
  std::map<std::uint64_t, OrderId> bought_;  ///< Guarded by mutex_.
};

/// Every kind of failure, often enough.
inline FlakyRecord::Faults every_fault() {
  return {.refused = 60, .lost_before = 60, .lost_after = 60, .late = 60, .repeated = 100, .read_fails = 100};
}

}  // namespace scalemart::test
