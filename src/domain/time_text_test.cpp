#include "domain/time_text.hpp"

#include <gtest/gtest.h>

namespace scalemart {
namespace {

TEST(TimeText, WritesMillisecondsInUtc) {
  EXPECT_EQ(to_rfc3339({0}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(to_rfc3339({1'795'773'600'123}), "2026-11-27T10:00:00.123Z");
  EXPECT_EQ(to_rfc3339({951'782'400'000}), "2000-02-29T00:00:00.000Z");
}

TEST(TimeText, ReadsWhatItWrites) {
  for (std::int64_t ms = 0; ms < 5'000'000'000'000; ms += 86'399'999'877)
    EXPECT_EQ(parse_rfc3339(to_rfc3339({ms}))->ms, ms);
}

TEST(TimeText, ReadsOffsetsAndFractions) {
  EXPECT_EQ(parse_rfc3339("2026-11-27T11:00:00+01:00"), parse_rfc3339("2026-11-27T10:00:00Z"));
  EXPECT_EQ(parse_rfc3339("2026-11-27t05:00:00.5-05:00")->ms, parse_rfc3339("2026-11-27T10:00:00z")->ms + 500);
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.123456789Z")->ms, 123);
}

TEST(TimeText, RefusesWhatIsNoInstant) {
  for (const char* text :
       {"", "2026-11-27", "2026-11-27T10:00:00", "2026-02-29T10:00:00Z", "2026-13-01T00:00:00Z", "2026-11-27T24:00:00Z",
        "2026-11-27T10:60:00Z", "2026-11-27T10:00:60Z", "2026-11-27 10:00:00Z", "2026-11-27T10:00:00.Z",
        "2026-11-27T10:00:00ZZ", "26-11-27T10:00:00Z", "2026-11-27T10:00:00+1:00", "2026-11-27T10:00:00.1234567890Z"})
    EXPECT_FALSE(parse_rfc3339(text)) << text;
}

}  // namespace
}  // namespace scalemart
