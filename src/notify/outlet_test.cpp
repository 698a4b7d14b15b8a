#include "notify/outlet.hpp"

#include <gtest/gtest.h>

namespace scalemart {
namespace {

using namespace std::chrono_literals;
using Kind = DeliveryResult::Kind;

struct OutletTest : ::testing::Test {
  OutletTest() { settings.retry = {10s, 20s}; }

  Outlet& outlet() {
    if (!made) made = std::make_unique<Outlet>(settings, place, letters, random);
    return *made;
  }
  static Letter event(Sequence sequence, std::string subject) {
    Letter letter;
    letter.sequence = sequence;
    letter.subject = std::move(subject);
    letter.key = letter.subject + "_" + std::to_string(sequence);
    return letter;
  }
  static Letter stock(Sequence sequence, std::uint32_t product) {
    Letter letter = event(sequence, "stock_" + std::to_string(product));
    letter.stock = ProductRef{product};
    return letter;
  }
  void add(const Letter& letter) {
    outlet().add(letter);
    outlet().advance(std::max(outlet().read_to(), letter.sequence));
  }
  /// The keys of what may begin now.
  std::vector<std::string> begun() {
    std::vector<std::string> keys;
    while (auto letter = outlet().next(now)) {
      keys.push_back(letter->key);
      under_way[letter->key] = *letter;
    }
    return keys;
  }
  void end(const std::string& key, Kind kind, std::chrono::milliseconds retry_after = 0ms) {
    outlet().ended(under_way.at(key), {kind, kind == Kind::delivered ? 204 : 500, "why", retry_after}, now);
    under_way.erase(key);
  }
  Sequence cursor() { return outlet().place().cursor; }
  using Keys = std::vector<std::string>;

  OutletSettings settings;
  OutletPlace place;
  std::vector<Letter> letters;
  SeededRandom random{1};
  WallTime now{1'000'000};
  std::unique_ptr<Outlet> made;
  std::map<std::string, Letter> under_way;
};

TEST_F(OutletTest, CursorStandsBeforeTheFirstThatIsNotTaken) {
  for (Sequence s = 1; s <= 3; ++s) add(event(s, "o" + std::to_string(s)));
  EXPECT_EQ(cursor(), 0u);
  EXPECT_EQ(begun(), (Keys{"o1_1", "o2_2", "o3_3"}));
  end("o2_2", Kind::delivered);
  EXPECT_EQ(cursor(), 0u);
  end("o1_1", Kind::delivered);
  EXPECT_EQ(cursor(), 2u);
  end("o3_3", Kind::delivered);
  EXPECT_EQ(cursor(), 3u);
}

TEST_F(OutletTest, EventsOfOneSubjectKeepTheirOrderAlsoBehindARefusedOne) {
  add(event(1, "o1"));
  add(event(2, "o1"));
  add(event(3, "o2"));
  EXPECT_EQ(begun(), (Keys{"o1_1", "o2_3"}));
  end("o1_1", Kind::refused);
  end("o2_3", Kind::delivered);
  EXPECT_EQ(begun(), Keys{}) << "the second waits behind the first";
  EXPECT_EQ(cursor(), 3u) << "both are letters";
  now = now + 15s;
  EXPECT_EQ(begun(), Keys{"o1_1"});
  end("o1_1", Kind::delivered);
  EXPECT_EQ(begun(), Keys{"o1_2"});
}

TEST_F(OutletTest, RefusedEventIsGivenUpAfterItsLastPause) {
  add(event(1, "o1"));
  add(event(2, "o1"));
  for (int attempt = 0; attempt < 3; ++attempt) {
    EXPECT_EQ(begun(), Keys{"o1_1"}) << attempt;
    end("o1_1", Kind::refused);
    if (attempt < 2) {
      EXPECT_EQ(begun(), Keys{});
    }
    now = now + 25s;
  }
  const auto change = outlet().take_change();
  ASSERT_TRUE(change);
  ASSERT_EQ(change->dead.size(), 1u);
  EXPECT_EQ(change->dead[0].attempts, 3u);
  EXPECT_EQ(begun(), Keys{"o1_2"}) << "what was behind it goes on";
}

TEST_F(OutletTest, SilenceIsProbedEverMoreRarelyAndNotHeldAgainstEvents) {
  for (Sequence s = 1; s <= 20; ++s) add(event(s, "o" + std::to_string(s)));
  const Keys first = begun();
  EXPECT_EQ(first.size(), settings.in_flight_max);
  for (const std::string& key : first) end(key, Kind::unreachable);
  std::vector<std::chrono::milliseconds> pauses;
  for (int probe = 0; probe < 12; ++probe) {
    const WallTime since = now;
    Keys keys;
    while ((keys = begun()).empty()) now = now + 100ms;
    EXPECT_EQ(keys.size(), 1u) << "one at a time";
    pauses.emplace_back(now.ms - since.ms);
    end(keys[0], Kind::unreachable);
  }
  EXPECT_LT(pauses.front(), 2s);
  EXPECT_GT(pauses.back(), 3min);
  EXPECT_LE(pauses.back(), 6min + 1s);
  EXPECT_LE(outlet().letters().size(), settings.in_flight_max + 1) << "an outage does not fill the list";
  for (const auto& [at, letter] : outlet().letters()) EXPECT_LE(letter.refusals, 1u);
  now = now + 10min;
  const Keys probe = begun();
  ASSERT_EQ(probe.size(), 1u);
  end(probe[0], Kind::delivered);
  EXPECT_EQ(begun().size(), settings.in_flight_max) << "it is back";
}

TEST_F(OutletTest, EventThatNobodyAnswersWhileOthersAreTakenIsGivenUp) {
  Sequence s = 1;
  add(event(s, "poison"));
  for (int i = 0; i < 200; ++i) {
    add(event(++s, "o"));
    for (const std::string& key : begun()) end(key, key == "poison_1" ? Kind::unreachable : Kind::delivered);
    now = now + 2s;
  }
  const auto change = outlet().take_change();
  ASSERT_TRUE(change);
  ASSERT_EQ(change->dead.size(), 1u);
  EXPECT_EQ(change->dead[0].key, "poison_1");
  EXPECT_EQ(cursor(), s);
}

TEST_F(OutletTest, SilenceThatCountsAgainstAnEventWaitsAsARefusalDoes) {
  add(event(1, "o1"));
  EXPECT_EQ(begun(), Keys{"o1_1"});
  add(event(2, "o2"));
  end("o1_1", Kind::unreachable);
  now = now + 2s;
  EXPECT_EQ(begun(), Keys{"o2_2"}) << "another is asked about first";
  end("o2_2", Kind::delivered);
  EXPECT_EQ(begun(), Keys{}) << "its tries are not used up while somebody catches breath";
  now = now + 11s;
  EXPECT_EQ(begun(), Keys{"o1_1"});
}

TEST_F(OutletTest, ReceiverThatLimitsItsRateGetsEverything) {
  for (Sequence s = 1; s <= 200; ++s) add(event(s, "o" + std::to_string(s)));
  std::size_t taken = 0;
  for (int second = 0; second < 600 && taken < 200; ++second) {
    int allowed = 2;
    for (Keys keys = begun(); !keys.empty(); keys = begun())
      for (const std::string& key : keys) {
        const bool is_taken = allowed-- > 0;
        taken += is_taken ? 1 : 0;
        end(key, is_taken ? Kind::delivered : Kind::unreachable, 1s);
      }
    now = now + 1s;
  }
  EXPECT_EQ(taken, 200u);
  const auto change = outlet().take_change();
  ASSERT_TRUE(change);
  EXPECT_TRUE(change->dead.empty());
}

TEST_F(OutletTest, RetryAfterIsKept) {
  add(event(1, "o1"));
  begun();
  end("o1_1", Kind::unreachable, 1h);
  now = now + 59min;
  EXPECT_EQ(begun(), Keys{});
  now = now + 1min;
  EXPECT_EQ(begun(), Keys{"o1_1"});
}

TEST_F(OutletTest, StockIsToldOnceForManyChangesAndOncePerInterval) {
  add(stock(1, 7));
  add(stock(2, 7));
  add(stock(3, 8));
  EXPECT_EQ(begun(), (Keys{"stock_7_1", "stock_8_3"}));
  add(stock(4, 7));
  end("stock_7_1", Kind::delivered);
  end("stock_8_3", Kind::delivered);
  EXPECT_EQ(begun(), Keys{}) << "too early";
  EXPECT_EQ(cursor(), 3u);
  add(stock(5, 7));
  now = now + 1s;
  EXPECT_EQ(begun(), Keys{"stock_7_4"});
  end("stock_7_4", Kind::delivered);
  EXPECT_EQ(cursor(), 5u);
}

TEST_F(OutletTest, RefusedStockGivesWayToANewerOne) {
  add(stock(1, 7));
  begun();
  add(stock(2, 7));
  end("stock_7_1", Kind::refused);
  EXPECT_TRUE(outlet().letters().empty());
  now = now + 1s;
  EXPECT_EQ(begun(), Keys{"stock_7_2"});
}

TEST_F(OutletTest, GoneAndNothingTakenForLongAreVerdicts) {
  add(event(1, "o1"));
  begun();
  end("o1_1", Kind::gone);
  EXPECT_EQ(outlet().verdict(now), "it answered 410 Gone");
  outlet().disable("gone");
  now = now + 1h;
  EXPECT_EQ(begun(), Keys{});
  outlet().enable(now);
  EXPECT_EQ(begun(), Keys{"o1_1"});
  end("o1_1", Kind::unreachable);
  EXPECT_EQ(outlet().verdict(now), "");
  EXPECT_NE(outlet().verdict(now + 121h), "");
}

TEST_F(OutletTest, LettersOfTheLastProcessGoOnAndAreNotReadTwice) {
  place.cursor = 4;
  letters = {event(3, "o1"), event(6, "o2")};
  letters[0].next = now + 1h;
  add(event(5, "o3"));
  add(event(6, "o2"));
  EXPECT_EQ(begun(), (Keys{"o2_6", "o3_5"}));
  end("o2_6", Kind::delivered);
  end("o3_5", Kind::delivered);
  const auto change = outlet().take_change();
  ASSERT_TRUE(change);
  EXPECT_EQ(change->removed, Keys{"o2_6"});
  EXPECT_EQ(change->place.cursor, 6u);
}

TEST_F(OutletTest, FullListOfLettersStopsNewOnes) {
  settings.letters_max = 10;
  for (Sequence s = 1; s <= 40; ++s) add(event(s, "o" + std::to_string(s)));
  for (int i = 0; i < 10; ++i)
    for (const std::string& key : begun()) end(key, Kind::refused);
  EXPECT_EQ(outlet().letters().size(), 10u);
  EXPECT_EQ(cursor(), 10u) << "the journal keeps the others";
}

TEST_F(OutletTest, RevivedLetterIsTriedAtOnce) {
  Letter dead = event(1, "o1");
  dead.refusals = 3;
  dead.next = now + 1h;
  outlet().revive(dead);
  EXPECT_EQ(begun(), Keys{"o1_1"});
}

}  // namespace
}  // namespace scalemart
