#include "backend/embedded/query_store.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "backend/embedded/test_folder.hpp"

namespace scalemart {
namespace {

using std::chrono::milliseconds;
using test::product_created;
using test::reserved;

OrderId order_of(Sequence sequence) {
  return std::get<record::Reserved>(reserved(sequence).payload).order;
}

template <class Payload>
Record change(Sequence sequence, Payload payload) {
  return {sequence, {1'700'000'000'000 + static_cast<std::int64_t>(sequence)}, std::move(payload)};
}

/// A journal of everything that happened, and a store that follows it.
class QueryStoreTest : public testing::Test {
 protected:
  QueryStore::Options options() {
    QueryStore::Options made;
    made.idle = false;
    made.file = folder_.path() / "query.db";
    made.backlog_records = 64;
    made.transaction_records = 16;
    made.catch_up_records = 50;
    made.poll = milliseconds(1);
    made.retry = milliseconds(5);
    made.on_note = [this](const std::string& line) {
      const std::lock_guard guard(mutex_);
      notes_.push_back(line);
    };
    made.read_records = [this](Sequence after, std::size_t max, std::vector<Record>& out, std::function<void()> done) {
      const std::lock_guard guard(mutex_);
      ++reads_;
      for (Sequence s = after; s < journal_.size() && out.size() < max; ++s) out.push_back(journal_[s]);
      done();
      return true;
    };
    return made;
  }
  void open(bool running = true) {
    auto opened = QueryStore::open(options(), journal_.size());
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
    if (running) store_->start();
  }
  void add(std::vector<Record> records) {
    {
      const std::lock_guard guard(mutex_);
      journal_.insert(journal_.end(), records.begin(), records.end());
    }
    if (store_) store_->offer(records);
  }
  /// Two products, then 40 orders (3..42) of ten buyers, alternating products; some go on.
  void shop() {
    add({product_created(1, 0, 100), product_created(2, 1, 100)});
    std::vector<Record> orders;
    for (Sequence s = 3; s <= 42; ++s) {
      Record record = reserved(s, s % 10 + 1, 2);
      std::get<record::Reserved>(record.payload).product = ProductRef{static_cast<std::uint32_t>(s % 2)};
      orders.push_back(record);
    }
    add(orders);
    add({change(43, record::Begun{order_of(3), 1}), change(44, record::Confirmed{order_of(3), "pay-3"}),
         change(45, record::Begun{order_of(4), 1}),
         change(46, record::Failed{order_of(4), StatusReason::payment_declined}),
         change(47, record::Expired{order_of(5)}), change(48, record::Cancelled{order_of(6)}),
         change(49, record::Begun{order_of(7), 1}), change(50, record::Begun{order_of(7), 2}),
         change(51, record::Confirmed{order_of(7), "pay-7"}), change(52, record::Refunded{order_of(7)}),
         change(53, record::StepFinished{order_of(3), Step::invoice, false}),
         change(54, record::Parked{order_of(3), Step::mail, 3, "no route"})});
    ASSERT_TRUE(store_->wait_for(54, milliseconds(5000)));
  }
  std::vector<Sequence> all_pages(OrderSearch search) {
    std::vector<Sequence> found;
    do {
      auto page = store_->search(search);
      EXPECT_TRUE(page) << page.error().message;
      if (!page) break;
      EXPECT_LE(page->orders.size(), search.limit);
      for (const auto& o : page->orders) found.push_back(o.order.sequence);
      search.cursor = page->next_cursor;
    } while (!search.cursor.empty());
    return found;
  }
  [[nodiscard]] std::size_t reads() {
    const std::lock_guard guard(mutex_);
    return reads_;
  }

  test::TestFolder folder_;
  std::mutex mutex_;
  std::vector<Record> journal_;
  std::vector<std::string> notes_;
  std::size_t reads_ = 0;
  std::unique_ptr<QueryStore> store_;
};

TEST_F(QueryStoreTest, OrderHasItsWholeStory) {
  open();
  shop();
  auto found = store_->find(order_of(7));
  ASSERT_TRUE(found && *found);
  const OrderView& order = (*found)->order;
  EXPECT_EQ(order.status, OrderStatus::refunded);
  EXPECT_EQ(order.reason, StatusReason::refunded_by_admin);
  EXPECT_EQ(order.product_id, "product-1");
  EXPECT_EQ(order.quantity, 2U);
  EXPECT_EQ(order.unit_price, 1999);
  EXPECT_EQ(order.sequence, 7U);
  EXPECT_EQ((*found)->payment_reference, "pay-7");
  std::vector<std::pair<OrderStatus, std::int64_t>> story;
  for (const auto& step : order.history) story.emplace_back(step.status, step.at.ms - 1'700'000'000'000);
  EXPECT_EQ(story, (std::vector<std::pair<OrderStatus, std::int64_t>>{{OrderStatus::pending, 7},
                                                                      {OrderStatus::processing, 49},
                                                                      {OrderStatus::confirmed, 51},
                                                                      {OrderStatus::refunded, 52}}));
  found = store_->find(order_of(4));
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->order.reason, StatusReason::payment_declined);
  EXPECT_EQ((*found)->payment_reference, "");
  found = store_->find(OrderId{1, 1});
  ASSERT_TRUE(found);
  EXPECT_FALSE(*found);
}

TEST_F(QueryStoreTest, SearchesFindWhatAPlainScanFinds) {
  open();
  shop();
  std::vector<ArchivedOrder> everything;
  ASSERT_TRUE(store_->for_each({}, [&](const ArchivedOrder& o) {
    everything.push_back(o);
    return true;
  }));
  ASSERT_EQ(everything.size(), 40U);
  EXPECT_EQ(everything.front().order.sequence, 42U) << "newest first";
  const std::pair<int, int> times[] = {{-1, -1}, {11, -1}, {-1, 11}, {11, 30}, {43, -1}, {-1, 3}, {20, 21}};
  const std::string prefixes[] = {"", to_string(order_of(11)), to_string(order_of(3)).substr(0, 10),
                                  to_string(order_of(35)).substr(0, 25)};
  for (const char* product : {"", "product-0", "product-1", "nothing"}) {
    for (int status = -1; status < kOrderStatusCount; ++status) {
      for (const std::uint64_t buyer : {0U, 4U, 77U}) {
        for (std::size_t i = 0; i < std::size(prefixes) * std::size(times); ++i) {
          const std::string& prefix = prefixes[i % std::size(prefixes)];
          const auto [from, to] = times[i / std::size(prefixes)];
          OrderSearch search;
          if (from >= 0) search.from = WallTime{1'700'000'000'000 + from};
          if (to >= 0) search.to = WallTime{1'700'000'000'000 + to};
          search.product_id = product;
          if (status >= 0) search.status = static_cast<OrderStatus>(status);
          if (buyer > 0) search.buyer = UserId{7, buyer};
          search.id_prefix = prefix;
          search.limit = 3;
          std::vector<Sequence> expected;
          for (const ArchivedOrder& o : everything) {
            if (search.status && o.order.status != *search.status) continue;
            if (search.buyer && o.order.buyer != *search.buyer) continue;
            if (!search.product_id.empty() && o.order.product_id != search.product_id) continue;
            if (!to_string(o.order.id).starts_with(prefix)) continue;
            const WallTime created = o.order.history.front().at;
            if ((search.from && created < *search.from) || (search.to && created >= *search.to)) continue;
            expected.push_back(o.order.sequence);
          }
          EXPECT_EQ(all_pages(search), expected) << product << " status " << status << " buyer " << buyer << " id "
                                                 << prefix << " from " << from << " to " << to;
        }
      }
    }
  }
  OrderSearch wrong;
  EXPECT_TRUE(store_->search(wrong)->is_cursor_known);
  for (const char* text : {"x", "0", "-1", "9999999999999999999"}) {
    wrong.cursor = text;
    EXPECT_FALSE(store_->search(wrong)->is_cursor_known) << text;
    EXPECT_TRUE(store_->search(wrong)->orders.empty()) << text;
  }
  OrderSearch lower;
  for (const char c : to_string(order_of(11))) lower.id_prefix += static_cast<char>(std::tolower(c));
  EXPECT_EQ(all_pages(lower), (std::vector<Sequence>{11}));
  lower.id_prefix = "not an id!";
  EXPECT_TRUE(all_pages(lower).empty());
}

TEST_F(QueryStoreTest, SumsAreThoseOfTheOrders) {
  open();
  shop();
  auto sales = store_->sales();
  ASSERT_TRUE(sales);
  ASSERT_EQ(sales->size(), 2U);
  EXPECT_EQ((*sales)[0].by_status[static_cast<std::size_t>(OrderStatus::pending)].orders, 18U);
  EXPECT_EQ((*sales)[0].by_status[static_cast<std::size_t>(OrderStatus::failed)].units, 2U);
  EXPECT_EQ((*sales)[1].by_status[static_cast<std::size_t>(OrderStatus::pending)].orders, 17U);
  EXPECT_EQ((*sales)[1].by_status[static_cast<std::size_t>(OrderStatus::processing)].orders, 0U);
}

TEST_F(QueryStoreTest, GoesOnWhereItStopped) {
  open();
  shop();
  store_.reset();
  add(test::reservations(55, 30));
  open();
  ASSERT_TRUE(store_->wait_for(84, milliseconds(5000)));
  EXPECT_EQ(all_pages({}).size(), 70U);
  add(test::reservations(85, 5));
  ASSERT_TRUE(store_->wait_for(89, milliseconds(5000)));
  EXPECT_TRUE(notes_.empty()) << notes_[0];
  EXPECT_EQ(all_pages({}).size(), 75U);
}

TEST_F(QueryStoreTest, OverflowIsReadFromTheJournal) {
  open(false);  // nobody empties the ring of 64
  add({product_created(1, 0, 100'000)});
  for (Sequence s = 2; s < 1002; s += 10) add(test::reservations(s, 10));
  EXPECT_EQ(reads(), 0U);
  store_->start();
  ASSERT_TRUE(store_->wait_for(1001, milliseconds(5000)));
  EXPECT_GT(reads(), 0U);
  EXPECT_EQ(all_pages({}).size(), 1000U);
  add(test::reservations(1002, 10));
  ASSERT_TRUE(store_->wait_for(1011, milliseconds(5000)));
}

TEST_F(QueryStoreTest, BatchLargerThanTheRingIsReadFromTheJournal) {
  open();
  add({product_created(1, 0, 100'000)});
  add(test::reservations(2, 500));
  ASSERT_TRUE(store_->wait_for(501, milliseconds(5000)));
  EXPECT_EQ(all_pages({}).size(), 500U);
}

TEST_F(QueryStoreTest, FileAheadOfTheJournalShowsThatRecordsAreMissing) {
  open();
  shop();
  store_.reset();
  QueryStore::Options options;
  options.file = folder_.path() / "query.db";
  EXPECT_EQ(QueryTables::look_at_applied(options.file).value(), 54U);
  const auto ahead = QueryStore::open(options, 42);
  ASSERT_FALSE(ahead);
  EXPECT_NE(ahead.error().message.find("ends at 42, query.db knows 54: records are missing"), std::string::npos);
  EXPECT_TRUE(QueryStore::open(options, 54));
}

TEST_F(QueryStoreTest, DamagedFileIsMadeAnew) {
  open();
  shop();
  store_.reset();
  std::ofstream(folder_.path() / "query.db") << "this is not a database, and longer than a header of one hundred bytes "
                                                "would be, so that it is read.";
  open();
  ASSERT_TRUE(store_->wait_for(54, milliseconds(5000)));
  EXPECT_EQ(notes_.size(), 1U);
  EXPECT_EQ(all_pages({}).size(), 40U);
}

TEST_F(QueryStoreTest, ContradictionIsMadeAnewWhileRunning) {
  open();
  shop();
  store_.reset();
  {
    auto db = sqlite::Connection::open(folder_.path() / "query.db");
    ASSERT_TRUE(db);
    ASSERT_TRUE(db->execute("DELETE FROM orders WHERE sequence = 20"));
  }
  open();
  add({change(55, record::Cancelled{order_of(20)})});
  ASSERT_TRUE(store_->wait_for(55, milliseconds(5000)));
  EXPECT_EQ(all_pages({}).size(), 40U);
  EXPECT_EQ(notes_.size(), 1U);
}

TEST_F(QueryStoreTest, FullDiskMakesItWait) {
  auto made = options();
  std::atomic<bool> room{false};
  made.has_room = [&] { return room.load(); };
  auto opened = QueryStore::open(std::move(made), 0);
  ASSERT_TRUE(opened);
  store_ = std::move(*opened);
  add({product_created(1, 0, 100)});
  store_->start();
  EXPECT_FALSE(store_->wait_for(1, milliseconds(20)));
  room = true;
  EXPECT_TRUE(store_->wait_for(1, milliseconds(5000)));
}

}  // namespace
}  // namespace scalemart
