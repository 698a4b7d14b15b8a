#include "notify/hub.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

namespace scalemart {
namespace {

using namespace std::chrono_literals;

struct HubTest : ::testing::Test {
  Hub make(HubSettings settings = {}) {
    return Hub(clock,
               {[this](ProductRef ref) {
                  ++formatted;
                  return "p" + std::to_string(index_of(ref)) + "=" + std::to_string(state[index_of(ref)]);
                },
                [](const OrderNotice& notice) { return std::string(to_text(notice.status)) + ";"; }},
               settings);
  }
  void change(Hub& hub, std::uint32_t product) {
    ++state[product];
    hub.product_changed(ProductRef{product});
  }
  Hub::Reader reader(std::size_t n) {
    if (heard.size() <= n) heard.resize(n + 1);
    return [this, n](const Hub::Text& text) {
      heard[n].push_back(*text);
      return true;
    };
  }
  /// Pumps for that long, every 10 ms.
  void pump(Hub& hub, std::chrono::milliseconds time) {
    for (auto t = 0ms; t < time; t += 10ms) {
      clock.advance(10ms);
      hub.pump();
    }
  }
  ManualClock clock;
  std::map<std::uint32_t, int> state;
  std::vector<std::vector<std::string>> heard;
  int formatted = 0;
};

TEST_F(HubTest, AReaderHearsTheLatestStateOnly) {
  Hub hub = make();
  EXPECT_EQ(hub.pump(), SteadyTime::max()) << "nobody watches: nothing to wake up for";
  change(hub, 3);
  auto seat = hub.subscribe(ProductRef{3}, reader(0));
  ASSERT_TRUE(seat);
  pump(hub, 200ms);
  EXPECT_TRUE(heard[0].empty()) << "what was before is in the head of the stream";
  for (int i = 0; i < 1000; ++i) change(hub, 3);
  change(hub, 4);
  pump(hub, 200ms);
  EXPECT_EQ(heard[0], std::vector<std::string>{"p3=1001"});
}

TEST_F(HubTest, StatesOfOneProductAreAtLeastTheIntervalApart) {
  Hub hub = make();
  auto seat = hub.subscribe(ProductRef{0}, reader(0));
  for (int i = 0; i < 100; ++i) {
    change(hub, 0);
    pump(hub, 10ms);
  }
  EXPECT_GE(heard[0].size(), 9u);
  EXPECT_LE(heard[0].size(), 11u);
}

TEST_F(HubTest, AnEndedSubscriptionIsNotCalledAndOthersMissNothing) {
  HubSettings settings;
  settings.writes_per_s = 1000;
  settings.burst = 10;
  Hub hub = make(settings);
  std::vector<Hub::Subscription> seats;
  for (std::size_t n = 0; n < 50; ++n) seats.push_back(hub.subscribe(ProductRef{0}, reader(n)));
  EXPECT_EQ(hub.stats().product_readers, 50u);
  change(hub, 0);
  hub.pump();  // ten are served
  EXPECT_EQ(hub.stats().writes, 10u);
  for (const std::size_t n : {3u, 9u, 10u, 49u, 30u}) seats[n].end();
  seats[3].end();
  pump(hub, 100ms);
  for (std::size_t n = 0; n < 50; ++n) {
    const bool before_end = n < 10;
    const bool ended = n == 3 || n == 9 || n == 10 || n == 49 || n == 30;
    EXPECT_EQ(heard[n].size(), ended && !before_end ? 0u : 1u) << n;
  }
  seats.clear();
  EXPECT_EQ(hub.stats().product_readers, 0u);
  EXPECT_EQ(hub.pump(), SteadyTime::max());
}

TEST_F(HubTest, TenThousandReadersCostTenThousandWritesASecond) {
  Hub hub = make();
  std::vector<Hub::Subscription> seats;
  for (std::size_t n = 0; n < 10'000; ++n) seats.push_back(hub.subscribe(ProductRef{0}, reader(n)));
  for (int i = 0; i < 500; ++i) {  // five seconds of a sale
    change(hub, 0);
    pump(hub, 10ms);
  }
  EXPECT_LE(hub.stats().writes, 50'300u);
  EXPECT_LE(formatted, 52) << "one buffer for all";
  std::size_t least = 99, most = 0;
  for (const auto& texts : heard) {
    least = std::min(least, texts.size());
    most = std::max(most, texts.size());
    for (std::size_t i = 1; i < texts.size(); ++i) EXPECT_NE(texts[i], texts[i - 1]);
  }
  EXPECT_GE(least, 4u);
  EXPECT_LE(most, 6u) << "served in turn";
  pump(hub, 1500ms);
  for (const auto& texts : heard) EXPECT_EQ(texts.back(), "p0=500");
}

TEST_F(HubTest, ABusyProductDoesNotStarveAQuietOne) {
  HubSettings settings;
  settings.writes_per_s = 1000;
  settings.burst = 20;
  Hub hub = make(settings);
  std::vector<Hub::Subscription> seats;
  for (std::size_t n = 0; n < 5000; ++n) seats.push_back(hub.subscribe(ProductRef{0}, reader(n)));
  seats.push_back(hub.subscribe(ProductRef{1}, reader(5000)));
  for (int i = 0; i < 50; ++i) {
    change(hub, 0);
    change(hub, 1);
    pump(hub, 10ms);
  }
  EXPECT_GE(heard[5000].size(), 4u);
}

TEST_F(HubTest, AReaderThatIsGoneIsForgotten) {
  Hub hub = make();
  auto gone = hub.subscribe(ProductRef{0}, [](const Hub::Text&) { return false; });
  auto stays = hub.subscribe(ProductRef{0}, reader(0));
  auto gone_order = hub.subscribe(OrderId{1, 1}, [](const Hub::Text&) { return false; });
  change(hub, 0);
  hub.order_changed({{1, 1}, OrderStatus::confirmed, {}, {}});
  pump(hub, 200ms);
  EXPECT_EQ(hub.stats().product_readers, 1u);
  EXPECT_EQ(hub.stats().order_readers, 0u);
  gone.end();  // harmless
  change(hub, 0);
  pump(hub, 200ms);
  EXPECT_EQ(heard[0].size(), 2u);
}

TEST_F(HubTest, EveryChangeOfAWatchedOrderIsToldInOrder) {
  Hub hub = make();
  const OrderId watched{1, 1}, other{2, 2};
  hub.order_changed({watched, OrderStatus::pending, {}, {}});
  auto a = hub.subscribe(watched, reader(0));
  auto b = hub.subscribe(watched, reader(1));
  hub.order_changed({watched, OrderStatus::processing, {}, {}});
  hub.order_changed({other, OrderStatus::cancelled, {}, {}});
  hub.order_changed({watched, OrderStatus::confirmed, {}, {}});
  EXPECT_LE(hub.pump() - clock.steady(), 20ms);
  EXPECT_EQ(heard[0], std::vector<std::string>{"processing;confirmed;"});
  EXPECT_EQ(heard[1], heard[0]);
  b.end();
  hub.order_changed({watched, OrderStatus::refunded, {}, {}});
  pump(hub, 20ms);
  EXPECT_EQ(heard[0].size(), 2u);
  EXPECT_EQ(heard[1].size(), 1u);
  a = {};
  EXPECT_EQ(hub.stats().order_readers, 0u);
}

TEST_F(HubTest, ReadersAreBounded) {
  HubSettings settings;
  settings.readers_max = 2;
  Hub hub = make(settings);
  auto a = hub.subscribe(ProductRef{0}, reader(0));
  auto b = hub.subscribe(OrderId{1, 1}, reader(1));
  EXPECT_FALSE(hub.subscribe(ProductRef{0}, reader(2)));
  a.end();
  EXPECT_TRUE(hub.subscribe(ProductRef{0}, reader(2)));
  EXPECT_FALSE(hub.subscribe(ProductRef{1'000'000}, reader(2))) << "no such product";
}

TEST_F(HubTest, PublishersReadersAndThePumpMeetWithoutHarm) {
  SystemClock real;
  Hub hub(real,
          {[](ProductRef) { return std::string("state"); }, [](const OrderNotice&) { return std::string("order"); }},
          {});
  std::atomic<bool> stop{false};
  std::thread live([&] {
    while (!stop) {
      hub.pump();
      std::this_thread::yield();
    }
  });
  std::atomic<int> heard_count{0};
  std::thread ledger([&] {
    for (std::uint64_t i = 0; !stop; ++i) {
      hub.product_changed(ProductRef{static_cast<std::uint32_t>(i % 3)});
      hub.order_changed({{1, i % 50}, OrderStatus::confirmed, {}, {}});
      if (i % 64 == 0) std::this_thread::yield();
    }
  });
  const auto count = [&](const Hub::Text&) {
    ++heard_count;
    heard_count.notify_all();
    return true;
  };
  {
    std::vector<Hub::Subscription> seats;
    for (std::uint64_t i = 0; i < 3000; ++i) {
      if (i % 2 == 0) {
        seats.push_back(hub.subscribe(ProductRef{static_cast<std::uint32_t>(i % 3)}, count));
      } else {
        seats.push_back(hub.subscribe(OrderId{1, i % 50}, count));
      }
      if (seats.size() > 100) seats.erase(seats.begin() + static_cast<std::ptrdiff_t>(i % 100));
    }
    for (int seen = heard_count; seen < 200; seen = heard_count) heard_count.wait(seen);
  }
  stop = true;
  ledger.join();
  live.join();
  EXPECT_EQ(hub.stats().product_readers + hub.stats().order_readers, 0u);
}

}  // namespace
}  // namespace scalemart
