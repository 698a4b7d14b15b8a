#pragma once
// What an archive over a shared record must find, as tests over any database:
// INSTANTIATE_TYPED_TEST_SUITE_P(Name, SharedArchive, World). A World is default-constructible, is a fresh database,
// and has `SystemOfRecord& record()` and `OrderArchive& archive()`.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "port/order_archive.hpp"
#include "port/sale_totals.hpp"
#include "port/system_of_record.hpp"

namespace scalemart::test {

template <class World>
class SharedArchive : public ::testing::Test {
 protected:
  static constexpr WallTime kBegin{1'700'000'000'000};
  static constexpr std::chrono::seconds kPatience{20};

  static WallTime at(std::int64_t n) { return kBegin + std::chrono::milliseconds(n); }
  static OrderId order(std::uint64_t n) { return {(static_cast<std::uint64_t>(at(0).ms) + n) << 16, n}; }
  static std::string reference(std::uint64_t n) { return "pay-" + std::to_string(n); }

  Answer decide(const Command& command, WallTime now) {
    const RecordedBatch batch = world_.record().commit(std::span(&command, 1), now, kPatience);
    EXPECT_EQ(batch.fate, Fate::committed) << batch.why;
    EXPECT_EQ(batch.answers.size(), 1u);
    return batch.answers.empty() ? Answer{} : batch.answers.front();
  }
  void done(const Command& command, WallTime now) {
    const Answer answer = decide(command, now);
    EXPECT_EQ(answer.outcome, Outcome::done) << to_text(answer.outcome) << ", command " << command.index();
  }
  void product(std::uint32_t ref, MinorUnits price, std::string_view currency) {
    auto spec = std::make_shared<ProductSpec>();
    spec->id = "product-" + std::to_string(ref);
    spec->details.name = "Product";
    currency.copy(spec->currency.code.data(), 3);
    spec->terms.price = price;
    done(CreateProduct{spec, 1000}, at(0));
  }
  void pay(std::uint64_t n, std::int64_t when) {
    done(Begin{order(n), 1}, at(when));
    done(Confirm{order(n), 1, reference(n)}, at(when + 1));
  }
  /// Three products, then 40 orders (1..40) of ten buyers, at 1..40 ms; some go on, and end in every way.
  void shop() {
    product(0, 1999, "EUR");
    product(1, 1'000'000'000'000, "EUR");
    product(2, 500, "USD");
    for (std::uint64_t n = 1; n <= 40; ++n)
      done(Reserve{order(n),
                   {7, n % 10 + 1},
                   ProductRef{static_cast<std::uint32_t>(n % 2)},
                   2,
                   n == 5 ? 100u : 600'000u,
                   {n, n}},
           at(static_cast<std::int64_t>(n)));
    pay(3, 1000);
    pay(4, 1010);
    pay(8, 1020);
    pay(9, 1030);
    done(FinishStep{order(8), 1, Step::invoice}, at(1040));
    done(FinishStep{order(8), 1, Step::mail}, at(1041));
    done(Refund{order(4)}, at(1050));
    done(Refund{order(9)}, at(1060));
    done(Begin{order(6), 1}, at(1070));
    done(Decline{order(6), 1, StatusReason::payment_declined}, at(1071));
    done(Begin{order(7), 1}, at(1080));
    done(Decline{order(7), 1, StatusReason::hold_expired}, at(1081));
    done(Begin{order(10), 1}, at(1090));
    done(Park{order(10), 1, Step::payment, 5, "no answer"}, at(1091));
    done(Discard{order(10)}, at(1092));
    done(Begin{order(11), 1}, at(1100));
    done(Cancel{order(12), {7, 3}}, at(1110));
    done(ExpireDue{10}, at(1120));
  }
  std::vector<OrderId> all_pages(OrderSearch search) {
    std::vector<OrderId> found;
    for (int pages = 0; pages < 100; ++pages) {
      const auto page = world_.archive().search(search);
      EXPECT_TRUE(page.has_value()) << page.error().message;
      if (!page) break;
      EXPECT_LE(page->orders.size(), search.limit);
      for (const auto& each : page->orders) found.push_back(each.order.id);
      search.cursor = page->next_cursor;
      if (search.cursor.empty()) return found;
    }
    ADD_FAILURE() << "it has no end";
    return found;
  }
  std::vector<ArchivedOrder> everything() {
    OrderSearch all;
    all.limit = 1000;
    const auto page = world_.archive().search(all);
    EXPECT_TRUE(page.has_value()) << page.error().message;
    return page ? page->orders : std::vector<ArchivedOrder>();
  }
  static bool matches(const OrderView& order, const OrderSearch& search) {
    const WallTime created = order.history.front().at;
    return (!search.status || order.status == *search.status) && (!search.buyer || order.buyer == *search.buyer) &&
           (search.product_id.empty() || order.product_id == search.product_id) &&
           to_string(order.id).starts_with(search.id_prefix) && (!search.from || created >= *search.from) &&
           (!search.to || created < *search.to);
  }
  World& world() { return world_; }
  OrderArchive& archive() { return world_.archive(); }
  SystemOfRecord& record() { return world_.record(); }
  Result<SaleTotals> totals() { return dynamic_cast<SaleTotalsSource&>(world_.archive()).totals(); }
  /// Orders by status, one by one.
  std::array<std::uint64_t, kOrderStatusCount> counted() {
    std::array<std::uint64_t, kOrderStatusCount> count{};
    for (const ArchivedOrder& each : everything()) ++count.at(static_cast<std::size_t>(each.order.status));
    return count;
  }

 private:
  World world_;
};

TYPED_TEST_SUITE_P(SharedArchive);

TYPED_TEST_P(SharedArchive, OrderHasItsWholeStory) {
  this->shop();
  const auto found = this->archive().find(this->order(4));
  ASSERT_TRUE(found && *found);
  const OrderView& order = (*found)->order;
  EXPECT_EQ(order.status, OrderStatus::refunded);
  EXPECT_EQ(order.reason, StatusReason::refunded_by_admin);
  EXPECT_EQ(order.product_id, "product-0");
  EXPECT_EQ(order.currency.text(), "EUR");
  EXPECT_EQ(order.quantity, 2u);
  EXPECT_EQ(order.unit_price, 1999);
  EXPECT_EQ((*found)->payment_reference, "pay-4");
  std::vector<std::pair<OrderStatus, WallTime>> story;
  for (const auto& step : order.history) story.emplace_back(step.status, step.at);
  EXPECT_EQ(story, (std::vector<std::pair<OrderStatus, WallTime>>{{OrderStatus::pending, this->at(4)},
                                                                  {OrderStatus::processing, this->at(1010)},
                                                                  {OrderStatus::confirmed, this->at(1011)},
                                                                  {OrderStatus::refunded, this->at(1050)}}));
  const auto failed = this->archive().find(this->order(6));
  ASSERT_TRUE(failed && *failed);
  EXPECT_EQ((*failed)->order.reason, StatusReason::payment_declined);
  EXPECT_EQ((*failed)->payment_reference, "");
  const auto none = this->archive().find({1, 1});
  ASSERT_TRUE(none);
  EXPECT_FALSE(*none);
}

TYPED_TEST_P(SharedArchive, SearchesFindWhatAPlainScanFinds) {
  this->shop();
  const auto all = this->everything();
  ASSERT_EQ(all.size(), 40u);
  EXPECT_EQ(all.front().order.id, this->order(40)) << "newest first";
  std::vector<int> of_status(kOrderStatusCount, 0);
  for (const auto& each : all) ++of_status[static_cast<std::size_t>(each.order.status)];
  EXPECT_EQ(of_status, (std::vector<int>{30, 1, 2, 3, 1, 1, 2})) << "orders ended in every way";

  std::vector<OrderSearch> searches;
  for (const char* product : {"", "product-0", "product-1", "product-2", "nothing"})
    for (int status = -1; status < kOrderStatusCount; ++status)
      for (const std::uint64_t buyer : {0u, 4u, 77u}) {
        OrderSearch search;
        search.product_id = product;
        if (status >= 0) search.status = static_cast<OrderStatus>(status);
        if (buyer > 0) search.buyer = UserId{7, buyer};
        search.limit = 3;
        searches.push_back(search);
      }
  const std::string prefixes[] = {"", to_string(this->order(11)), to_string(this->order(3)).substr(0, 9),
                                  to_string(this->order(35)).substr(0, 25)};
  const std::pair<int, int> times[] = {{-1, -1}, {11, -1}, {-1, 11}, {11, 30}, {41, -1}, {-1, 1}, {20, 21}};
  std::size_t turn = 0;
  for (OrderSearch search : searches) {
    // Every prefix and every time with every other search, in turns: all of them would take long.
    for (std::size_t i = 0; i < 3; ++i, ++turn) {
      const auto [from, to] = times[turn % std::size(times)];
      search.id_prefix = prefixes[turn % std::size(prefixes)];
      search.from = from >= 0 ? std::optional(this->at(from)) : std::nullopt;
      search.to = to >= 0 ? std::optional(this->at(to)) : std::nullopt;
      std::vector<OrderId> expected;
      for (const auto& each : all)
        if (this->matches(each.order, search)) expected.push_back(each.order.id);
      EXPECT_EQ(this->all_pages(search), expected)
          << search.product_id << " status " << (search.status ? to_text(*search.status) : "any") << " buyer "
          << (search.buyer ? search.buyer->lo : 0) << " id " << search.id_prefix << " from " << from << " to " << to;
    }
  }
  OrderSearch lower;
  for (const char c : to_string(this->order(11))) lower.id_prefix += static_cast<char>(std::tolower(c));
  EXPECT_EQ(this->all_pages(lower), (std::vector<OrderId>{this->order(11)}));
  for (const char* nonsense : {"not an id!", "01ARZ3NDEKTSV4RRFFQ69G5FAVX", "Z", "\xff"}) {
    lower.id_prefix = nonsense;
    EXPECT_TRUE(this->all_pages(lower).empty()) << nonsense;
  }
  OrderSearch far;
  far.from = WallTime{INT64_MIN};
  far.to = WallTime{INT64_MAX};
  far.limit = 100;
  EXPECT_EQ(this->all_pages(far).size(), 40u);
}

TYPED_TEST_P(SharedArchive, CursorOfAnotherListIsNoneOfThisOne) {
  this->shop();
  for (const char* text : {"x", "17", "01ARZ3NDEKTSV4RRFFQ69G5FA", "'; DROP TABLE orders --"}) {
    OrderSearch search;
    search.cursor = text;
    const auto page = this->archive().search(search);
    ASSERT_TRUE(page) << page.error().message;
    EXPECT_FALSE(page->is_cursor_known) << text;
    EXPECT_TRUE(page->orders.empty());
  }
}

TYPED_TEST_P(SharedArchive, PagesGoOnWhereTheyStoppedWhileOrdersComeIn) {
  this->shop();
  OrderSearch search;
  search.limit = 7;
  std::vector<OrderId> found;
  std::uint64_t next = 41;
  do {
    const auto page = this->archive().search(search);
    ASSERT_TRUE(page) << page.error().message;
    for (const auto& each : page->orders) found.push_back(each.order.id);
    search.cursor = page->next_cursor;
    this->done(Reserve{this->order(next), {7, 99}, ProductRef{2}, 1, 600'000, {next, 1}},
               this->at(static_cast<std::int64_t>(2000 + next)));
    ++next;
  } while (!search.cursor.empty());
  ASSERT_EQ(found.size(), 40u);
  EXPECT_TRUE(std::is_sorted(found.rbegin(), found.rend()));
  EXPECT_EQ(std::adjacent_find(found.begin(), found.end()), found.end());
}

TYPED_TEST_P(SharedArchive, SumsAreThoseOfTheOrders) {
  this->shop();
  this->done(Reserve{this->order(41), {7, 1}, ProductRef{2}, 3, 600'000, {41, 41}}, this->at(2000));
  this->pay(41, 2001);
  const auto totals = this->totals();
  ASSERT_TRUE(totals) << totals.error().message;
  ASSERT_EQ(totals->money.size(), 2u);
  EXPECT_EQ(totals->money[0].currency, "EUR");
  EXPECT_EQ(totals->money[0].confirmed, 2 * 1'000'000'000'000 + 2 * 1999);
  EXPECT_EQ(totals->money[0].refunded, 2 * 1'000'000'000'000 + 2 * 1999);
  EXPECT_EQ(totals->money[1].currency, "USD");
  EXPECT_EQ(totals->money[1].confirmed, 3 * 500);
  EXPECT_EQ(totals->money[1].refunded, 0);
  EXPECT_EQ(totals->money[1].units, 3u);
  EXPECT_EQ(totals->orders, this->counted());
  EXPECT_EQ(totals->drift, 0);
  const auto recount = this->record().recount(this->kPatience);
  ASSERT_TRUE(recount) << recount.error().message;
  for (const RecordDrift& drift : recount->drift)
    ADD_FAILURE() << drift.what << ": " << drift.expected << ", found " << drift.found;
}

REGISTER_TYPED_TEST_SUITE_P(SharedArchive, OrderHasItsWholeStory, SearchesFindWhatAPlainScanFinds,
                            CursorOfAnotherListIsNoneOfThisOne, PagesGoOnWhereTheyStoppedWhileOrdersComeIn,
                            SumsAreThoseOfTheOrders);

}  // namespace scalemart::test
