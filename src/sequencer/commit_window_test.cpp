#include "sequencer/commit_window.hpp"

#include <gtest/gtest.h>

namespace scalemart {
namespace {

using std::chrono::microseconds;

TEST(CommitWindow, OneClientNeverWaits) {
  CommitWindow window({});
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(window.target(), 1U);
    window.ended(1, 0, false);
  }
}

TEST(CommitWindow, ClosedLoopFillsMostOfTheBatch) {
  // 64 clients: everyone who is not decided in a round has come by its end.
  CommitWindow window({.max = microseconds(2000), .fill = 0.75});
  std::size_t decided = 1;
  for (int i = 0; i < 50; ++i) {
    window.ended(decided, 64 - decided, false);
    decided = window.target();
  }
  EXPECT_EQ(decided, 48U);
}

TEST(CommitWindow, OpenLoopWaitsInProportionToTheCommit) {
  // 30 commands arrive during a commit, whatever we do.
  CommitWindow window({.max = microseconds(2000), .fill = 0.75});
  std::size_t decided = 30;
  for (int i = 0; i < 200; ++i) {
    window.ended(decided, 30, false);
    decided = std::max<std::size_t>(30, window.target());
  }
  EXPECT_NEAR(static_cast<double>(decided), 90, 8);
}

TEST(CommitWindow, CrowdThatLeftIsForgottenAfterOneTimeOut) {
  CommitWindow window({});
  window.ended(500, 500, false);
  EXPECT_EQ(window.target(), 500U);
  window.ended(1, 0, true);
  EXPECT_EQ(window.target(), 1U);
}

TEST(CommitWindow, ZeroMeansNever) {
  CommitWindow window({.max = microseconds(0)});
  window.ended(500, 500, false);
  EXPECT_EQ(window.target(), 1U);
}

}  // namespace
}  // namespace scalemart
