#include "telemetry/log.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <limits>
#include <mutex>
#include <thread>

#include "telemetry/redact.hpp"

namespace scalemart {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

std::string field_text(std::string_view value) {
  return log::render_fields("e", {{"v", value}});
}

class LogCapture {
 public:
  explicit LogCapture(log::Level level = log::Level::info) {
    log::start({.level = level, .queue_max = 1024, .sink = [this](std::string_view line) {
                  const std::lock_guard guard(mutex_);
                  lines_.emplace_back(line);
                }});
  }
  ~LogCapture() { log::stop(); }
  std::vector<std::string> finish() {
    log::stop();
    const std::lock_guard guard(mutex_);
    return lines_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

TEST(Log, LineIsOneJsonObjectWithTimeLevelAndEvent) {
  LogCapture capture;
  log::info("server_started", {{"listen", "127.0.0.1:3000"}, {"threads", 4}, {"ratio", 0.5}, {"tls", false}});
  const auto lines = capture.finish();
  ASSERT_EQ(lines.size(), 1U);
  ASSERT_TRUE(lines[0].ends_with("}\n"));
  const auto object = json::parse(lines[0]).as_object();
  EXPECT_EQ(object.at("level"), "info");
  EXPECT_EQ(object.at("event"), "server_started");
  EXPECT_EQ(object.at("listen"), "127.0.0.1:3000");
  EXPECT_EQ(object.at("threads"), 4);
  EXPECT_EQ(object.at("ratio"), 0.5);
  EXPECT_EQ(object.at("tls"), false);
  const std::string ts(object.at("ts").as_string());
  EXPECT_EQ(ts.size(), 24U);
  EXPECT_EQ(ts.back(), 'Z');
}

TEST(Log, LevelsBelowTheThresholdWriteNothing) {
  LogCapture capture(log::Level::warn);
  log::info("quiet");
  log::warn("loud");
  EXPECT_FALSE(log::enabled(log::Level::info));
  const auto lines = capture.finish();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_NE(lines[0].find("\"event\":\"loud\""), std::string::npos);
}

TEST(Log, NothingIsLostOnStopWhileTheQueueHolds) {
  LogCapture capture;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 200; ++i) log::info("tick", {{"i", i}});
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(capture.finish().size() + log::lost(), 800U);
}

TEST(Log, ForgedLinesStayInsideTheirValue) {
  EXPECT_EQ(field_text("a\n{\"level\":\"error\"}"), R"("event":"e","v":"a\n{\"level\":\"error\"}"})");
  EXPECT_EQ(field_text(std::string_view("\0\x1b[31m\x7f", 7)), R"("event":"e","v":"\u0000\u001b[31m\u007f"})");
}

TEST(Log, BrokenUtf8IsReplacedAndGoodUtf8Kept) {
  EXPECT_EQ(field_text("gr\xc3\xbc\xc3\x9f"), "\"event\":\"e\",\"v\":\"gr\xc3\xbc\xc3\x9f\"}");
  EXPECT_EQ(field_text("\xff"), R"("event":"e","v":"\ufffd"})");
  EXPECT_EQ(field_text("\xc0\xaf"), R"("event":"e","v":"\ufffd\ufffd"})");            // overlong
  EXPECT_EQ(field_text("\xed\xa0\x80"), R"("event":"e","v":"\ufffd\ufffd\ufffd"})");  // surrogate
  EXPECT_EQ(field_text("\xe2\x82"), R"("event":"e","v":"\ufffd\ufffd"})");            // cut short
}

TEST(Log, LongValuesAreCut) {
  const auto line = field_text(std::string(100'000, 'x'));
  EXPECT_LT(line.size(), log::kValueMax + 100);
  EXPECT_TRUE(line.ends_with("\xe2\x80\xa6\"}"));
}

TEST(Log, NumbersThatJsonLacksBecomeNull) {
  EXPECT_EQ(log::render_fields("e", {{"v", std::numeric_limits<double>::infinity()}}), R"("event":"e","v":null})");
}

TEST(Log, SecretsAreRedactedByFieldName) {
  for (const char* name : {"password", "Access_Token", "jwt_secret", "Authorization", "cookie", "stripe_API_KEY"}) {
    const auto line = log::render_fields("e", {{name, "hunter2"}});
    EXPECT_EQ(line.find("hunter2"), std::string::npos) << name;
    EXPECT_NE(line.find("[redacted]"), std::string::npos) << name;
  }
}

TEST(Log, CredentialsInsideUrlsAreRedacted) {
  EXPECT_EQ(redact_url_credentials("redis://u:p@ss@h:1/0 and smtp://h:25"), "redis://[redacted]@h:1/0 and smtp://h:25");
  EXPECT_EQ(redact_url_credentials("http://h/a@b"), "http://h/a@b");
  EXPECT_EQ(field_text("mongodb://root:pw@db/x").find("pw"), std::string::npos);
}

TEST(Log, AddressesAreRedacted) {
  EXPECT_EQ(redact_addresses("550 no such mailbox: <ann.b+x@shop.example>"), "550 no such mailbox: <[redacted]>");
  EXPECT_EQ(redact_addresses("ann@a.test,bob@b.test"), "[redacted],[redacted]");
  EXPECT_EQ(redact_addresses("\xc3\xa4nn@\xc3\xb6.test"), "[redacted]");
  EXPECT_EQ(redact_addresses("a @ b, @c and d@"), "a @ b, @c and d@");
  EXPECT_EQ(redact_addresses("a@b@c"), "[redacted]");
  EXPECT_EQ(field_text("mail to=ann@a.test"), R"("event":"e","v":"mail to=[redacted]"})");
  EXPECT_EQ(field_text("redis://u:p@h:1/0 by ann@a.test"),
            R"("event":"e","v":"redis://[redacted]@h:1/0 by [redacted]"})");
}

TEST(LogSampler, LetsOneThroughEachPeriodAndCountsTheRest) {
  ManualClock clock;
  log::Sampler sampler(1s);
  EXPECT_EQ(sampler.pass(clock.steady()), 0U);
  EXPECT_EQ(sampler.pass(clock.steady()), std::nullopt);
  clock.advance(999ms);
  EXPECT_EQ(sampler.pass(clock.steady()), std::nullopt);
  clock.advance(1ms);
  EXPECT_EQ(sampler.pass(clock.steady()), 2U);
}

TEST(Log, LevelNamesRoundTrip) {
  for (const char* name : {"trace", "debug", "info", "warn", "error", "off"}) {
    ASSERT_TRUE(log::parse_level(name)) << name;
    EXPECT_EQ(log::to_text(*log::parse_level(name)), name);
  }
  EXPECT_EQ(log::parse_level("INFO"), std::nullopt);
}

}  // namespace
}  // namespace scalemart
