#include "port/trace_book.hpp"

#include <gtest/gtest.h>

namespace scalemart {
namespace {

TraceContext caller(std::uint8_t number) {
  TraceContext context;
  context.trace[15] = context.span[7] = number;
  return context;
}

TEST(TraceBook, RemembersByOrder) {
  TraceBook book;
  EXPECT_FALSE(book.find({1, 1}));
  book.remember({1, 1}, caller(1));
  book.remember({1, 2}, caller(2));
  EXPECT_EQ(book.find({1, 1}), caller(1));
  EXPECT_EQ(book.find({1, 2}), caller(2));
  EXPECT_FALSE(book.find({2, 1}));
}

TEST(TraceBook, ForgetsTheOldestOfTooMany) {
  TraceBook book(3);
  for (std::uint8_t i = 1; i <= 5; ++i) {
    book.remember({0, i}, caller(i));
    book.remember({0, i}, caller(i));  // said again it counts once
  }
  EXPECT_FALSE(book.find({0, 1}));
  EXPECT_FALSE(book.find({0, 2}));
  for (std::uint8_t i = 3; i <= 5; ++i) EXPECT_EQ(book.find({0, i}), caller(i));
}

}  // namespace
}  // namespace scalemart
