#include "app/queue_screen.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace scalemart {
namespace {

boost::json::object parse(const char* text) {
  return boost::json::parse(text).as_object();
}

std::string plain(const std::vector<Line>& lines) {
  std::string out;
  for (const Line& line : lines) {
    for (const Span& span : line) out += span.text;
    out.erase(out.find_last_not_of(' ') + 1);
    out += "\n";
  }
  return out;
}

QueueScreen sample() {
  QueueScreen screen;
  screen.overview = parse(R"({"depth":1204,"oldest_age_seconds":12.34,"drain_seconds":25.1,"paused":false,"away":false,
    "dead_letters":3,"declined":2,
    "stages":[{"stage":"payment","depth":1200,"waiting":1136,"delayed":4,"in_flight":64,"finished":9000,"per_second":48.2,
               "oldest_age_seconds":12.34},
              {"stage":"confirm","depth":4,"waiting":0,"delayed":0,"in_flight":4,"finished":8996,"per_second":48.1,
               "oldest_age_seconds":0}],
    "workers":[{"id":"night-1","draining":false,"concurrency":64,"concurrency_min":8,"concurrency_max":200,"in_flight":32,
                "papers_in_flight":3,"confirmed":8996,"declined":2,"retries":5,"parked":3,"breakers":{"payment":"closed"},
                "last_error":"timeout","last_error_at":"2026-11-27T09:59:01.000Z"},
               {"id":"night-2","draining":false,"concurrency":50,"concurrency_min":50,"concurrency_max":50,"in_flight":0,
                "papers_in_flight":0,"confirmed":0,"declined":0,"retries":0,"parked":0,"breakers":{"payment":"open"},
                "last_error":null,"last_error_at":null}]})");
  screen.letters =
      parse(R"({"letters":[{"order_id":"01M81M21ZBEZVTPZG50S97QFBW","product_id":"mug","step":"payment","attempts":12,
    "reason":"bad\u001b[2Jreason","since":"2026-11-27T09:58:00.000Z"}],"remaining":2})");
  screen.seen = WallTime{1'795'773'600'000};
  screen.address = "./data";
  for (const double value : {0.0, 12.0, 24.0, 48.0}) screen.confirmed.add(value);
  screen.confirmed.add(std::nullopt);
  screen.depth.add(1204);
  return screen;
}

TEST(QueueScreen, ShowsEverythingWhereThereIsRoom) {
  const std::string shown = plain(compose(sample(), {120, 30}));
  const std::string_view expected =
      R"( ScaleMart queue  ./data                                                                          running  10:00:00 UTC

 1,204 orders in it, the oldest waits for 12 s; empty in 25 s

 confirmed/s                                                                               ▁▃▅█·     48.1  most 48
 in the queue                                                                                  █    1,204  most 1,204

 STAGE    DEPTH  WAITING  TO RETRY  IN HAND  OLDEST  A SECOND  FINISHED
 payment  1,200    1,136         4       64    12 s      48.2     9,000
 confirm      4        0         0        4       –      48.1     8,996

 LOAD        WORKER   STATE            IN HAND      AT ONCE  CONFIRMED  DECLINED  RETRIES  PARKED  LAST ERROR
 █████░░░░░  night-1  working             32+3  64 (8..200)      8,996         2        5       3  09:59:01 timeout
 ░░░░░░░░░░  night-2  payment failing        0           50          0         0        0       0

 Dead letters: 3, each waits for a person
 ORDER                       PRODUCT  STEP     TRIES  SINCE                REASON
 01M81M21ZBEZVTPZG50S97QFBW  mug      payment     12  2026-11-27 09:58:00  bad?[2Jreason
)";
  EXPECT_EQ(shown.substr(0, expected.size()), expected) << shown;
  EXPECT_TRUE(shown.ends_with("\n q quit   p pause   r retry the dead letters\n")) << shown;
}

TEST(QueueScreen, FitsAnySize) {
  for (std::size_t columns = 1; columns < 150; columns += 7) {
    for (std::size_t rows = 1; rows < 40; rows += 3) {
      const auto lines = compose(sample(), {columns, rows});
      ASSERT_EQ(lines.size(), rows);
      for (const Line& line : lines) {
        std::size_t width = 0;
        for (const Span& span : line) width += width_of(span.text);
        ASSERT_LE(width, columns) << columns << "x" << rows;
      }
    }
  }
}

TEST(QueueScreen, SaysWhatIsWrong) {
  QueueScreen screen = sample();
  screen.overview["paused"] = true;
  screen.overview["workers"] = boost::json::array();
  EXPECT_NE(plain(compose(screen, {100, 30})).find("; paused"), std::string::npos);
  EXPECT_NE(plain(compose(screen, {100, 30})).find("No workers: orders wait until one comes."), std::string::npos);
  EXPECT_NE(plain(compose(screen, {100, 30})).find("p resume"), std::string::npos);
  screen.overview["away"] = true;
  EXPECT_NE(plain(compose(screen, {100, 30})).find("cannot be reached"), std::string::npos);
  screen.fault = "the server on control.sock: Couldn't connect";
  const std::string shown = plain(compose(screen, {100, 30}));
  EXPECT_NE(shown.find("no answer  10:00:00"), std::string::npos);
  EXPECT_NE(shown.find("Couldn't connect"), std::string::npos);
  EXPECT_EQ(in_a_line(screen), "10:00:00 no answer: the server on control.sock: Couldn't connect");
  EXPECT_EQ(in_a_line(sample()),
            "10:00:00 running: 1,204 orders in it, the oldest waits for 12 s; empty in 25 s; 48.1 confirmed a second; "
            "workers 2, in hand 32; dead letters 3");
}

/// Of a server of another version.
TEST(QueueScreen, LivesWithWhatIsMissingOrStrange) {
  QueueScreen screen;
  EXPECT_EQ(compose(screen, {80, 24}).size(), 24u);
  screen.overview = parse(R"({"stages":[1,{"stage":5}],"workers":[{}],"dead_letters":"x","depth":null})");
  screen.letters = parse(R"({"letters":[{}]})");
  EXPECT_EQ(compose(screen, {80, 24}).size(), 24u);
  EXPECT_FALSE(in_a_line(screen).empty());
  EXPECT_FALSE(describe_queue(screen.overview, screen.letters).empty());
  EXPECT_FALSE(describe_order({}).empty());
}

TEST(TextLine, CutsAndPadsByColumns) {
  EXPECT_EQ(width_of("abc"), 3u);
  EXPECT_EQ(width_of("äö–"), 3u);
  EXPECT_EQ(width_of("█░"), 2u);
  EXPECT_EQ(width_of("東京"), 4u);
  EXPECT_EQ(cut("abcdef", 4), "abc…");
  EXPECT_EQ(cut("東京都", 4), "東…");
  EXPECT_EQ(cut("abc", 3), "abc");
  EXPECT_EQ(cut("abc", 0), "");
  EXPECT_EQ(padded("7", 3, true), "  7");
  EXPECT_EQ(as_plain_line("a\x1b[31mb\nc\xff\x9b"
                          "d\xc2\x9b"),
            "a?[31mb?c??d?");
  EXPECT_EQ(as_plain_line("\xe2\x80\xae"
                          "evil"),
            "?evil")
      << "text that turns round";
}

TEST(TextLine, NumbersForPeople) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1204), "1,204");
  EXPECT_EQ(grouped(-1234567), "-1,234,567");
  EXPECT_EQ(lasting(0), "–");
  EXPECT_EQ(lasting(0.25), "0.2 s");
  EXPECT_EQ(lasting(59), "59 s");
  EXPECT_EQ(lasting(600), "10 min");
  EXPECT_EQ(lasting(36000), "10 h");
}

}  // namespace
}  // namespace scalemart
