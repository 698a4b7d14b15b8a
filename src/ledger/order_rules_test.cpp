// Every command an order can get, in every state it can be in.
#include <gtest/gtest.h>

#include <algorithm>

#include "ledger/ledger_fixture.hpp"

namespace scalemart {
namespace {

using testing::buyer_id;
using testing::order_id;
using testing::Shop;

constexpr auto ok = Outcome::done;
constexpr auto no = Outcome::invalid_state;
constexpr auto old = Outcome::stale_fence;
constexpr auto bad = Outcome::invalid_value;
constexpr auto none = Outcome::order_not_found;

struct Column {
  const char* name;
  Command command;
};

// The order is number 1, the last lease was 5; "behind" and "ahead" are leases it never got.
const std::vector<Column> kColumns{
    {"cancel", Cancel{order_id(1), buyer_id(1)}},
    {"cancel by another", Cancel{order_id(1), buyer_id(2)}},
    {"begin 5", Begin{order_id(1), 5}},
    {"begin 6", Begin{order_id(1), 6}},
    {"confirm", Confirm{order_id(1), 5, "ch_1"}},
    {"confirm behind", Confirm{order_id(1), 4, "ch_1"}},
    {"confirm ahead", Confirm{order_id(1), 6, "ch_1"}},
    {"decline", Decline{order_id(1), 5}},
    {"decline behind", Decline{order_id(1), 4}},
    {"finish invoice", FinishStep{order_id(1), 5, Step::invoice}},
    {"finish mail", FinishStep{order_id(1), 5, Step::mail}},
    {"finish mail behind", FinishStep{order_id(1), 4, Step::mail}},
    {"finish payment", FinishStep{order_id(1), 5, Step::payment}},
    {"park payment", Park{order_id(1), 5, Step::payment, 3, "away"}},
    {"park payment behind", Park{order_id(1), 4, Step::payment, 3, "away"}},
    {"park invoice", Park{order_id(1), 5, Step::invoice, 3, "away"}},
    {"park mail", Park{order_id(1), 5, Step::mail, 3, "away"}},
    {"refund", Refund{order_id(1)}},
    {"unpark", Unpark{order_id(1)}},
    {"discard", Discard{order_id(1)}},
};

struct State {
  const char* name;
  std::vector<Command> steps;
  std::vector<Outcome> expected;
};

const Command kBuy = Reserve{order_id(1), buyer_id(1), ProductRef{0}, 2, 1000, {}};
const Command kBegin = Begin{order_id(1), 5};
const Command kConfirm = Confirm{order_id(1), 5, "ch_1"};
const Command kInvoice = FinishStep{order_id(1), 5, Step::invoice};
const Command kMail = FinishStep{order_id(1), 5, Step::mail};
const Command kParkPayment = Park{order_id(1), 5, Step::payment, 3, "away"};
const Command kParkMail = Park{order_id(1), 5, Step::mail, 3, "away"};

//                                                    cancel     begin     confirm        decline   finish
//                                                    park                 refund discard own  other 5    6 5
//                                                    4    6    5    4    inv  mail -4   pay  pay  -4   inv
//                                                    mail     unpark
const std::vector<State> kStates{
    {"unknown", {}, {none, none, none, none, none, none, none, none, none, none,
                     none, none, none, none, none, none, none, none, none, none}},
    {"pending", {kBuy}, {ok, none, ok, ok, no, no, no, no, no, no, no, no, no, no, no, no, no, no, no, no}},
    {"processing", {kBuy, kBegin}, {no, none, old, ok, ok,  old, old, ok, old, no,
                                    no, no,   no,  ok, old, no,  no,  no, no,  no}},
    {"parked unpaid", {kBuy, kBegin, kParkPayment}, {no, none, no, no, no, no, no, no, no, no,
                                                     no, no,   no, no, no, no, no, no, ok, ok}},
    {"confirmed", {kBuy, kBegin, kConfirm}, {no, none, old, ok, no, no, no, no, no, ok,
                                             ok, old,  bad, no, no, ok, ok, ok, no, no}},
    {"invoiced", {kBuy, kBegin, kConfirm, kInvoice}, {no, none, old, ok, no, no, no, no, no, ok,
                                                      ok, old,  bad, no, no, no, ok, ok, no, no}},
    {"parked paid", {kBuy, kBegin, kConfirm, kParkMail}, {no, none, no, no, no, no, no, no, no, no,
                                                          no, no,   no, no, no, no, no, ok, ok, ok}},
    {"finished", {kBuy, kBegin, kConfirm, kInvoice, kMail}, {no, none, no,  no, no, no, no, no, no, ok,
                                                             ok, old,  bad, no, no, no, no, ok, no, no}},
    {"failed", {kBuy, kBegin, Decline{order_id(1), 5}}, {no, none, no, no, no, no, no, no, no, no,
                                                         no, no,   no, no, no, no, no, no, no, no}},
    {"discarded", {kBuy, kBegin, kParkPayment, Discard{order_id(1)}}, {no, none, no, no, no, no, no, no, no, no,
                                                                       no, no,   no, no, no, no, no, no, no, no}},
    {"cancelled", {kBuy, Cancel{order_id(1), buyer_id(1)}}, {no, none, no, no, no, no, no, no, no, no,
                                                             no, no,   no, no, no, no, no, no, no, no}},
    {"refunded", {kBuy, kBegin, kConfirm, Refund{order_id(1)}}, {no, none, no, no, no, no, no, no, no, no,
                                                                 no, no,   no, no, no, no, no, no, no, no}},
};

/// A fresh shop with 10 lamps and order 1 in the given state.
Shop in_state(const State& state) {
  Shop shop;
  shop.product("lamp", 10);
  for (const Command& step : state.steps) EXPECT_EQ(shop(step).outcome, ok) << state.name;
  return shop;
}

TEST(OrderRules, EveryCommandInEveryState) {
  for (const State& state : kStates) {
    ASSERT_EQ(state.expected.size(), kColumns.size()) << state.name;
    for (std::size_t i = 0; i < kColumns.size(); ++i) {
      SCOPED_TRACE(std::string(state.name) + " x " + kColumns[i].name);
      Shop shop = in_state(state);
      const auto hash = shop.ledger.state_hash();
      const auto records = shop.records.size();
      const Answer answer = shop(kColumns[i].command);
      EXPECT_EQ(to_text(answer.outcome), to_text(state.expected[i]));
      EXPECT_EQ(answer.order, order_id(1));
      EXPECT_EQ(answer.sequence, shop.ledger.sequence());
      if (answer.outcome != ok) {
        EXPECT_EQ(shop.ledger.state_hash(), hash) << "a refusal left a trace";
        EXPECT_EQ(shop.records.size(), records);
      }
      EXPECT_TRUE(shop.ledger.recount().empty());
      EXPECT_EQ(shop.replayed().state_hash(), shop.ledger.state_hash());
    }
  }
}

TEST(OrderRules, UnitsAreWhereTheStatusSays) {
  struct Row {
    const char* state;
    Stock expected;
  };
  const std::vector<Row> rows{
      {"unknown", {10, 10, 0, 0}},      {"pending", {10, 8, 2, 0}},   {"processing", {10, 8, 2, 0}},
      {"parked unpaid", {10, 8, 2, 0}}, {"confirmed", {10, 8, 0, 2}}, {"finished", {10, 8, 0, 2}},
      {"parked paid", {10, 8, 0, 2}},   {"failed", {10, 10, 0, 0}},   {"discarded", {10, 10, 0, 0}},
      {"cancelled", {10, 10, 0, 0}},    {"refunded", {10, 10, 0, 0}},
  };
  for (const Row& row : rows) {
    const auto state = std::find_if(kStates.begin(), kStates.end(),
                                    [&](const State& s) { return std::string_view(s.name) == row.state; });
    ASSERT_NE(state, kStates.end());
    EXPECT_EQ(in_state(*state).stock(), row.expected) << row.state;
  }
}

TEST(OrderRules, OnlyPendingHoldsExpire) {
  for (const State& state : kStates) {
    Shop shop = in_state(state);
    shop.now = shop.now + std::chrono::hours(1);
    const bool pending = std::string_view(state.name) == "pending";
    EXPECT_EQ(shop(ExpireDue{}).count, pending ? 1U : 0U) << state.name;
    EXPECT_EQ(shop(ExpireDue{}).count, 0U) << state.name << ": a hold ends once";
    EXPECT_FALSE(shop.ledger.next_expiry().has_value()) << state.name;
  }
}

TEST(OrderRules, AHoldEndsAtItsInstantAndNotBefore) {
  Shop shop;
  shop.product("lamp", 5);
  shop(shop.buy(1));
  EXPECT_EQ(shop.ledger.next_expiry(), WallTime{1'001'000});
  shop.now = {1'000'999};
  EXPECT_EQ(shop(ExpireDue{}).count, 0U);
  shop.now = {1'001'000};
  EXPECT_EQ(shop(ExpireDue{}).count, 1U);
  EXPECT_EQ(shop.status(1), OrderStatus::expired);
  EXPECT_EQ(shop.ledger.find(order_id(1))->reason, StatusReason::hold_expired);
}

TEST(OrderRules, HoldsEndOldestFirstWhateverTheirLengths) {
  Shop shop;
  shop.product("lamp", 10);
  const std::vector<std::uint32_t> holds{50, 10, 40, 10, 30};
  for (std::uint64_t i = 0; i < holds.size(); ++i) {
    Reserve r = shop.buy(i + 1);
    r.hold_ms = holds[i];
    shop(r);
  }
  shop.now = shop.now + std::chrono::milliseconds(45);
  EXPECT_EQ(shop(ExpireDue{3}).count, 3U);
  std::vector<OrderId> ended;
  for (const Record& record : shop.records)
    if (const auto* expired = std::get_if<record::Expired>(&record.payload)) ended.push_back(expired->order);
  EXPECT_EQ(ended, (std::vector<OrderId>{order_id(2), order_id(4), order_id(5)}));
  EXPECT_EQ(shop(ExpireDue{3}).count, 1U);
  EXPECT_EQ(shop.ledger.next_expiry(), WallTime{1'000'050});
}

TEST(OrderRules, AnotherLeaseMakesTheFirstWorkerStale) {
  Shop shop;
  shop.product("lamp", 10);
  shop(shop.buy(1));
  shop(Begin{order_id(1), 1});
  shop(Begin{order_id(1), 2});
  EXPECT_EQ(shop(Confirm{order_id(1), 1, "ch"}).outcome, Outcome::stale_fence);
  EXPECT_EQ(shop(Confirm{order_id(1), 2, "ch"}).outcome, Outcome::done);
  EXPECT_EQ(shop(Begin{order_id(1), 3}).outcome, Outcome::done) << "the papers are still to be made";
  EXPECT_EQ(shop.status(1), OrderStatus::confirmed);
  EXPECT_EQ(shop(FinishStep{order_id(1), 2, Step::invoice}).outcome, Outcome::stale_fence);
  EXPECT_EQ(shop(FinishStep{order_id(1), 3, Step::invoice}).outcome, Outcome::done);
  const auto records = shop.records.size();
  EXPECT_EQ(shop(FinishStep{order_id(1), 3, Step::invoice}).outcome, Outcome::done);
  EXPECT_EQ(shop.records.size(), records) << "twice is done, without a record";
}

TEST(OrderRules, DeadLettersKeepTheirReasonUntilDecided) {
  Shop shop;
  shop.product("lamp", 10);
  shop(shop.buy(1));
  shop(shop.buy(2));
  shop(Begin{order_id(2), 1});
  shop.now = shop.now + std::chrono::seconds(5);
  shop(Park{order_id(2), 1, Step::payment, 8, "provider away"});
  const auto parked = shop.ledger.parked();
  ASSERT_EQ(parked.size(), 1U);
  EXPECT_EQ(parked[0].order, order_id(2));
  EXPECT_EQ(parked[0].attempts, 8U);
  EXPECT_EQ(parked[0].reason, "provider away");
  EXPECT_EQ(parked[0].since, shop.now);
  shop(Unpark{order_id(2)});
  EXPECT_EQ(shop.ledger.parked_count(), 0U);
  EXPECT_EQ(shop(Begin{order_id(2), 2}).outcome, Outcome::done) << "it is tried again under a new lease";
}

TEST(OrderRules, ALongReasonIsCutBetweenCharacters) {
  Shop shop;
  shop.product("lamp", 1);
  shop(shop.buy(1));
  shop(Begin{order_id(1), 1});
  std::string reason(kReasonMax - 1, 'x');
  reason += "\u00e4 and more";
  EXPECT_EQ(shop(Park{order_id(1), 1, Step::payment, 1, reason}).outcome, Outcome::done);
  EXPECT_EQ(shop.ledger.parked()[0].reason, std::string(kReasonMax - 1, 'x'));
}

TEST(OrderRules, DiscardingAPaidOrderSkipsTheParkedStepOnly) {
  Shop shop;
  shop.product("lamp", 10);
  shop(shop.buy(1));
  shop(Begin{order_id(1), 1});
  shop(Confirm{order_id(1), 1, "ch"});
  shop(Park{order_id(1), 1, Step::invoice, 9, "no font"});
  EXPECT_EQ(shop(Discard{order_id(1)}).outcome, Outcome::done);
  EXPECT_EQ(shop.status(1), OrderStatus::confirmed);
  EXPECT_EQ(shop.stock().sold, 1);
  int seen = 0;
  shop.ledger.for_each_unfinished([&](const UnfinishedOrder& u) {
    ++seen;
    EXPECT_TRUE(u.invoice_done);
    EXPECT_FALSE(u.mail_done);
    EXPECT_FALSE(u.parked);
  });
  EXPECT_EQ(seen, 1);
  EXPECT_TRUE(std::get<record::StepFinished>(shop.records.back().payload).skipped);
}

TEST(OrderRules, HistoryTellsEveryStatusWithItsTime) {
  Shop shop;
  shop.product("lamp", 10);
  shop(shop.buy(1));
  shop.now = {1'000'100};
  shop(Begin{order_id(1), 1});
  shop.now = {1'000'200};
  shop(Begin{order_id(1), 2});
  shop.now = {1'000'300};
  shop(Confirm{order_id(1), 2, "ch"});
  shop.now = {900'000'000'000};  // refunds come late
  shop(Refund{order_id(1)});
  const auto view = shop.ledger.find(order_id(1));
  const std::vector<std::pair<OrderStatus, std::int64_t>> expected{{OrderStatus::pending, 1'000'000},
                                                                   {OrderStatus::processing, 1'000'100},
                                                                   {OrderStatus::confirmed, 1'000'300},
                                                                   {OrderStatus::refunded, 900'000'000'000}};
  ASSERT_EQ(view->history.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(view->history[i].status, expected[i].first);
    EXPECT_EQ(view->history[i].at.ms, expected[i].second);
  }
  EXPECT_EQ(view->product_id, "lamp");
  EXPECT_EQ(view->total(), 1999);
}

}  // namespace
}  // namespace scalemart
