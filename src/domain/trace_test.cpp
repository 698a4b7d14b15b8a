#include "domain/trace.hpp"

#include <gtest/gtest.h>

#include <set>

namespace scalemart {
namespace {

constexpr std::string_view kGood = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST(Trace, AGoodHeaderIsReadAndWritten) {
  const auto context = parse_trace_parent(kGood);
  ASSERT_TRUE(context);
  EXPECT_EQ(trace_id(*context), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(span_id(*context), "b7ad6b7169203331");
  EXPECT_TRUE(context->is_sampled);
  EXPECT_EQ(to_trace_parent(*context), kGood);
}

TEST(Trace, OnlyTheSampledFlagIsKept) {
  for (const auto& [flags, sampled] :
       {std::pair{"00", false}, {"01", true}, {"02", false}, {"03", true}, {"ff", true}}) {
    const auto context = parse_trace_parent(std::string(kGood.substr(0, 53)) + flags);
    ASSERT_TRUE(context) << flags;
    EXPECT_EQ(context->is_sampled, sampled) << flags;
  }
}

TEST(Trace, WhatIsNotOneIsIgnored) {
  for (const std::string_view bad : {
           "", "00", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",   // version 00 ends there
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",  //
           "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",    // no version
           "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x",   // a later one, badly continued
           "00-00000000000000000000000000000000-b7ad6b7169203331-01",    // no trace
           "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",    // no span
           "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",    // upper case
           "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01",    // no digit
           "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",    //
           "0x-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",    //
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-zz",    //
           " 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",   //
       })
    EXPECT_FALSE(parse_trace_parent(bad)) << bad;
}

TEST(Trace, OfLaterVersionsTheKnownPartIsRead) {
  EXPECT_TRUE(parse_trace_parent("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
  const auto longer = parse_trace_parent("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-is-to-come");
  ASSERT_TRUE(longer);
  EXPECT_EQ(to_trace_parent(*longer), kGood);
}

TEST(Trace, AnOrdersOwnTraceIsItsId) {
  const auto order = parse_ulid<OrderId>("01ARZ3NDEKTSV4RRFFQ69G5FAV");
  ASSERT_TRUE(order);
  EXPECT_EQ(trace_id(trace_of(*order)), "01563e3ab5d3d6764c61efb99302bd5b");
}

TEST(Trace, EveryTryOfAStepHasASpanOfItsOwnThatIsTheSameAgain) {
  const auto order = *parse_ulid<OrderId>("01ARZ3NDEKTSV4RRFFQ69G5FAV");
  std::set<std::string> spans;
  for (int step = 0; step < kStepCount; ++step)
    for (std::uint32_t attempt = 0; attempt < 300; ++attempt) {
      const auto child = step_of_trace(trace_of(order), order, static_cast<Step>(step), attempt);
      EXPECT_EQ(child.trace, trace_of(order).trace);
      EXPECT_EQ(child, step_of_trace(trace_of(order), order, static_cast<Step>(step), attempt));
      EXPECT_EQ(parse_trace_parent(to_trace_parent(child)), child);
      spans.insert(span_id(child));
    }
  EXPECT_EQ(spans.size(), 1200U);
}

}  // namespace
}  // namespace scalemart
