#pragma once
// What two records say, compared member by member.

#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>

#include "port/system_of_record.hpp"

namespace scalemart::test {

inline auto all_of(const Answer& a) {
  return std::tuple(a.outcome, a.final, a.quantity, a.sequence, a.order, a.product, a.unit_price, a.count);
}
inline auto all_of(const StockRecord& s) {
  return std::tuple(s.product, s.stock.total, s.stock.available, s.stock.held, s.stock.sold, s.sequence);
}
inline auto all_of(const OrderChange& c) {
  return std::tuple(c.order, c.buyer, c.product, c.quantity, c.status, c.reason, c.at, c.sequence);
}
inline auto all_of(const OpenOrder& o) {
  return std::tuple(o.id, o.buyer, o.created, o.confirmed, o.sequence, o.unit_price, o.product, o.fence, o.quantity,
                    o.lane, o.begun, o.unresolved, o.invoice_done);
}

inline std::string show(const Answer& a) {
  return std::string(to_text(a.outcome)) + " final " + std::to_string(a.final) + " quantity " +
         std::to_string(a.quantity) + " sequence " + std::to_string(a.sequence) + " order " + to_string(a.order) +
         " product " + std::to_string(index_of(a.product)) + " price " + std::to_string(a.unit_price) + " count " +
         std::to_string(a.count);
}
inline std::string show(const OrderChange& c) {
  return to_string(c.order) + " " + std::string(to_text(c.status)) + " " + std::string(to_text(c.reason)) + " at " +
         std::to_string(c.at.ms) + " sequence " + std::to_string(c.sequence) + " product " +
         std::to_string(index_of(c.product));
}

/// The changes of one product are in one order; between products there is none.
inline std::vector<OrderChange> by_product(std::vector<OrderChange> changes) {
  std::sort(changes.begin(), changes.end(), [](const OrderChange& a, const OrderChange& b) {
    return std::tuple(a.product, a.sequence) < std::tuple(b.product, b.sequence);
  });
  return changes;
}

inline void expect_same(const std::vector<Command>& commands, const RecordedBatch& expected,
                        const RecordedBatch& found) {
  ASSERT_EQ(expected.answers.size(), found.answers.size());
  for (std::size_t i = 0; i < commands.size(); ++i)
    EXPECT_EQ(all_of(expected.answers[i]), all_of(found.answers[i]))
        << "command " << i << " of " << commands.size() << ", kind " << commands[i].index()
        << "\n  expected: " << show(expected.answers[i]) << "\n  found:    " << show(found.answers[i]);
  ASSERT_EQ(expected.stocks.size(), found.stocks.size());
  for (std::size_t i = 0; i < expected.stocks.size(); ++i)
    EXPECT_EQ(all_of(expected.stocks[i]), all_of(found.stocks[i]))
        << "product " << index_of(expected.stocks[i].product);
  const auto wanted = by_product(expected.changes), seen = by_product(found.changes);
  ASSERT_EQ(wanted.size(), seen.size());
  for (std::size_t i = 0; i < wanted.size(); ++i)
    EXPECT_EQ(all_of(wanted[i]), all_of(seen[i])) << "expected " << show(wanted[i]) << ", found " << show(seen[i]);
  EXPECT_EQ(expected.terms, found.terms);
}

inline void expect_same(const OrderView& a, const OrderView& b) {
  EXPECT_EQ(std::tuple(a.id, a.buyer, a.product, a.product_id, a.quantity, a.unit_price, a.currency, a.status, a.reason,
                       a.sequence),
            std::tuple(b.id, b.buyer, b.product, b.product_id, b.quantity, b.unit_price, b.currency, b.status, b.reason,
                       b.sequence))
      << to_string(a.id) << " " << to_text(a.status) << " " << a.sequence << ", found " << to_text(b.status) << " "
      << b.sequence;
  ASSERT_EQ(a.history.size(), b.history.size()) << to_string(a.id) << " " << to_text(a.status);
  for (std::size_t i = 0; i < a.history.size(); ++i) {
    EXPECT_EQ(a.history[i].status, b.history[i].status);
    EXPECT_EQ(a.history[i].at, b.history[i].at) << to_string(a.id) << " " << to_text(a.history[i].status);
  }
}
inline void expect_same(const std::optional<OrderView>& a, const std::optional<OrderView>& b) {
  ASSERT_EQ(a.has_value(), b.has_value());
  if (a) expect_same(*a, *b);
}
inline void expect_same(const std::optional<WallTime>& a, const std::optional<WallTime>& b) {
  EXPECT_EQ(a, b);
}
inline void expect_same(const ProductRecord& a, const ProductRecord& b) {
  EXPECT_EQ(a.product, b.product);
  EXPECT_EQ(*a.spec, *b.spec);
  EXPECT_EQ(a.stock, b.stock);
  EXPECT_EQ(std::tuple(a.paused, a.removed, a.sequence, a.accepted),
            std::tuple(b.paused, b.removed, b.sequence, b.accepted));
}
inline void expect_same(const DeadLetter& a, const DeadLetter& b) {
  EXPECT_EQ(all_of(a.order), all_of(b.order));
  EXPECT_EQ(std::tuple(a.step, a.attempts, a.reason, a.at), std::tuple(b.step, b.attempts, b.reason, b.at));
}
inline void expect_same(const SweptOrder& a, const SweptOrder& b) {
  EXPECT_EQ(all_of(a.order), all_of(b.order)) << to_string(a.order.id) << ", found " << to_string(b.order.id);
  EXPECT_EQ(std::tuple(a.key, a.mail_done, a.parked, a.hold_ends),
            std::tuple(b.key, b.mail_done, b.parked, b.hold_ends));
}
inline void expect_same(const UsedKey& a, const UsedKey& b) {
  EXPECT_EQ(std::tuple(a.order, a.key.buyer, a.key.key, a.product),
            std::tuple(b.order, b.key.buyer, b.key.key, b.product));
}
template <class T>
void expect_same(const std::vector<T>& a, const std::vector<T>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) expect_same(a[i], b[i]);
}
template <class T>
void expect_same(const Result<T>& a, const Result<T>& b) {
  ASSERT_TRUE(a.has_value()) << a.error().message;
  ASSERT_TRUE(b.has_value()) << b.error().message;
  expect_same(*a, *b);
}

/// A whole walk over the unfinished orders, so many at a time.
inline std::vector<SweptOrder> swept(SystemOfRecord& record, std::size_t at_a_time) {
  std::vector<SweptOrder> orders;
  SweepCursor cursor;
  for (bool finished = false; !finished;) {
    auto page = record.unfinished(cursor, at_a_time, std::chrono::seconds(10));
    if (!page) {
      ADD_FAILURE() << page.error().message;
      break;
    }
    orders.insert(orders.end(), page->orders.begin(), page->orders.end());
    cursor = page->next;
    finished = page->finished;
  }
  return orders;
}

}  // namespace scalemart::test
