#include "port/audit_chain.hpp"

#include <gtest/gtest.h>

namespace scalemart {
namespace {

AuditEntry entry() {
  return {"ann", "product_paused", "lamp", WallTime{1'700'000'000'000}, "192.0.2.1", "", "{\"paused\":true}"};
}

std::vector<AuditRow> trail(std::size_t rows) {
  std::vector<AuditRow> all;
  for (std::size_t i = 1; i <= rows; ++i) {
    AuditRow row;
    row.sequence = i;
    row.entry = entry();
    row.hash = audit_hash(all.empty() ? Digest256{} : all.back().hash, i, row.entry);
    all.push_back(row);
  }
  return all;
}

AuditCheck check(const std::vector<AuditRow>& rows, std::uint64_t head) {
  AuditWalk walk;
  for (const AuditRow& row : rows)
    if (!walk.take(row)) break;
  return walk.finish(head);
}

TEST(AuditChain, HashIsWhatItAlwaysWas) {
  const Digest256 hash = audit_hash({}, 1, entry());
  std::string text;
  for (const std::byte b : hash) {
    constexpr char kDigits[] = "0123456789abcdef";
    text += kDigits[std::to_integer<int>(b >> 4)];
    text += kDigits[std::to_integer<int>(b & std::byte{15})];
  }
  EXPECT_EQ(text, "daaa25f42e60b9ad0f10617de82e3796f7762e5991b790e0ed3dd43c9e76af28");
}

TEST(AuditChain, EveryChangeIsNoticed) {
  EXPECT_EQ(check(trail(4), 4).first_bad, 0u);
  EXPECT_EQ(check(trail(4), 4).rows, 4u);
  EXPECT_EQ(check({}, 0).first_bad, 0u);
  auto edited = trail(4);
  edited[2].entry.who = "bob";
  EXPECT_EQ(check(edited, 4).first_bad, 3u);
  auto moved = trail(4);
  moved[1].entry.who = "an";
  moved[1].entry.what = "nproduct_paused";
  EXPECT_EQ(check(moved, 4).first_bad, 2u) << "a letter moved from one text to the next";
  auto missing = trail(4);
  missing.erase(missing.begin() + 1);
  EXPECT_EQ(check(missing, 4).first_bad, 2u);
  EXPECT_EQ(check(trail(3), 4).first_bad, 4u) << "the end was cut off";
}

}  // namespace
}  // namespace scalemart
