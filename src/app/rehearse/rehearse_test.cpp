#include "app/rehearse/rehearsal.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mutex>
#include <numeric>
#include <set>
#include <thread>

#include "app/rehearse/answer_reader.hpp"
#include "domain/time_text.hpp"

namespace scalemart::rehearse {
namespace {

using namespace std::chrono_literals;
using State = AnswerReader::State;

TEST(AnswerReader, ReadsWhateverTheCuts) {
  const std::string text =
      "HTTP/1.1 503 Service Unavailable\r\ncontent-LENGTH: 5\r\nRetry-After: 3\r\nIdempotent-Replayed: "
      "true\r\n"
      "Connection: close\r\n\r\nhello";
  for (std::size_t cut = 0; cut < text.size(); ++cut) {
    AnswerReader reader;
    ASSERT_EQ(reader.feed(text.substr(0, cut)), State::need_more) << cut;
    ASSERT_EQ(reader.feed(text.substr(cut)), State::complete) << cut;
    EXPECT_EQ(reader.answer().status, 503);
    EXPECT_EQ(reader.answer().retry_after_s, 3U);
    EXPECT_TRUE(reader.answer().replayed);
    EXPECT_FALSE(reader.answer().keep_alive);
    EXPECT_EQ(reader.answer().body, "hello");
  }
}

TEST(AnswerReader, ReadsChunksByteByByteAndResets) {
  const std::string text =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n2;x=y\r\nef\r\n0\r\nT: v\r\n\r\n";
  AnswerReader reader;
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i + 1 < text.size(); ++i) ASSERT_EQ(reader.feed(text.substr(i, 1)), State::need_more) << i;
    EXPECT_EQ(reader.feed("\n"), State::complete);
    EXPECT_EQ(reader.answer().body, "abcdef");
    reader.reset();
  }
}

TEST(AnswerReader, NoContentHasNoBody) {
  AnswerReader reader;
  EXPECT_EQ(reader.feed("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"), State::complete);
  EXPECT_EQ(reader.answer().status, 204);
}

TEST(AnswerReader, RefusesWhatIsNotOneCleanAnswer) {
  for (const char* text :
       {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    EXPECT_EQ(AnswerReader().feed(text), State::broken) << text;
  }
}

TEST(JsonTextField, FindsTheFieldAndNotItsNeighbours) {
  EXPECT_EQ(json_text_field(R"({"xcode":"a","code" : "b"})", "code"), "b");
  EXPECT_EQ(json_text_field(R"({"x":"code","code":7})", "code"), "");
  EXPECT_EQ(json_text_field("{", "code"), "");
}

TEST(Target, OnlyPlainHttpAndLoopbackIsKnown) {
  EXPECT_TRUE(parse_target("http://127.0.0.1:3000").value().is_loopback());
  EXPECT_TRUE(parse_target("http://[::1]:3000/").value().is_loopback());
  EXPECT_TRUE(parse_target("http://localhost").value().is_loopback());
  EXPECT_FALSE(parse_target("http://shop.example:80").value().is_loopback());
  EXPECT_FALSE(parse_target("http://127.0.0.1.example").value().is_loopback());
  for (const char* wrong :
       {"", "https://127.0.0.1", "http://", "http://a/b", "http://u@a", "http://a:0", "http://a:99999", "http://a:b"}) {
    EXPECT_FALSE(parse_target(wrong)) << wrong;
  }
}

TEST(Mix, SumsToAHundred) {
  EXPECT_EQ(parse_mix("shoppers=100").value().shoppers, 100U);
  EXPECT_EQ(parse_mix("bots=10,shoppers=90").value().bots, 10U);
  for (const char* wrong : {"", "shoppers=99", "shoppers", "shoppers=50,cats=50", "shoppers=101"}) {
    EXPECT_FALSE(parse_mix(wrong)) << wrong;
  }
}

/// A shop on a thread: sells `stock` units, confirms at once, and misbehaves on request.
class FakeShop {
 public:
  struct Behaviour {
    int stock = 100;
    int busy_first = 0;     ///< So many buys are answered 503 first.
    int drop_answers = 0;   ///< So many buys are accepted, and the connection is closed instead of an answer.
    int doubts = 0;         ///< So many buys are accepted after that, and the answer is that nobody knows.
    bool oversell = false;  ///< Says yes for ever.
    std::chrono::milliseconds freeze{0};  ///< Once, before the tenth buy is read.
  };
  explicit FakeShop(Behaviour behaviour) : behaviour_(behaviour) {
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_, 128), 0);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~FakeShop() {
    stop_ = true;
    thread_.join();
    for (auto& [fd, text] : clients_) close(fd);
    close(listener_);
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  void serve() {
    while (!stop_) {
      std::vector<pollfd> fds{{listener_, POLLIN, 0}};
      for (const auto& [fd, text] : clients_) fds.push_back({fd, POLLIN, 0});
      if (poll(fds.data(), fds.size(), 10) <= 0) continue;
      if ((fds[0].revents & POLLIN) != 0) clients_[accept(listener_, nullptr, nullptr)] = "";
      for (std::size_t i = 1; i < fds.size(); ++i) {
        if (fds[i].revents != 0) read_from(fds[i].fd);
      }
    }
  }
  void read_from(int fd) {
    char buffer[8192];
    const ssize_t n = recv(fd, buffer, sizeof buffer, 0);
    std::string& text = clients_[fd];
    if (n > 0) text.append(buffer, static_cast<std::size_t>(n));
    const auto head = text.find("\r\n\r\n");
    if (n > 0 && head == std::string::npos) return;
    const bool has_body = text.find("Content-Length: ") < head;
    const std::size_t length = has_body ? std::stoul(text.substr(text.find("Content-Length: ") + 16)) : 0;
    if (n > 0 && text.size() < head + 4 + length) return;
    const std::string answer = n > 0 ? answer_to(text) : "";
    if (answer.empty() || send(fd, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) {
      close(fd);
      clients_.erase(fd);
    } else {
      text.clear();
    }
  }
  static std::string json(int status, const std::string& body, const std::string& headers = "") {
    return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: application/json\r\n" + headers +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  std::string answer_to(const std::string& request) {
    const auto header = [&](const std::string& name) {
      const auto at = request.find(name + ": ");
      return at == std::string::npos
                 ? ""
                 : request.substr(at + name.size() + 2, request.find("\r\n", at) - at - name.size() - 2);
    };
    if (request.starts_with("GET /api/products/tea ")) {
      const int sold = static_cast<int>(orders_.size());
      const int shown = std::min(sold, behaviour_.stock);
      return json(200, R"({"status":"success","data":{"id":"tea","total":)" + std::to_string(behaviour_.stock) +
                           R"(,"held":0,"sold":)" + std::to_string(shown) + R"(,"available":)" +
                           std::to_string(behaviour_.stock - shown) + "}}");
    }
    if (request.starts_with("GET /api/admin/stats ")) return json(200, R"({"status":"success","data":{"drift":0}})");
    if (request.starts_with("GET /api/orders/by-key/")) {
      const auto key = request.substr(23, request.find(' ', 23) - 23);
      if (!orders_.contains(key)) return json(404, R"({"code":"order_not_found"})");
      return json(200, R"({"status":"success","data":{"id":"O-)" + key + R"(","status":"confirmed"}})");
    }
    if (request.starts_with("GET /api/orders/"))
      return json(200, R"({"status":"success","data":{"id":"x","status":"confirmed"}})");
    if (!request.starts_with("POST /api/flash-buy ")) return json(404, R"({"code":"not_found"})");
    return buy(header("Idempotency-Key"));
  }
  std::string buy(const std::string& key) {
    if (++buys_ == 10 && behaviour_.freeze > 0ms) std::this_thread::sleep_for(behaviour_.freeze);
    if (behaviour_.busy_first-- > 0) return json(503, R"({"code":"overloaded"})", "Retry-After: 1\r\n");
    const bool replay = orders_.contains(key);
    if (!replay && static_cast<int>(orders_.size()) >= behaviour_.stock && !behaviour_.oversell) {
      return json(400, R"({"detail":"Out of stock!","code":"out_of_stock"})");
    }
    orders_.insert(key);
    if (behaviour_.drop_answers-- > 0) return "";
    if (behaviour_.doubts-- > 0) return json(503, R"({"code":"outcome_unknown"})", "Retry-After: 1\r\n");
    return json(200, R"({"status":"success","data":{"order_id":"O-)" + key + R"(","status":"pending"}})",
                replay ? "Idempotent-Replayed: true\r\n" : "");
  }

  Behaviour behaviour_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  int buys_ = 0;
  std::set<std::string> orders_;
  std::map<int, std::string> clients_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

Report rehearse(FakeShop& shop, const std::function<void(Options&)>& change = {}) {
  Options options;
  options.target = {"127.0.0.1", shop.port()};
  options.product = "tea";
  options.rate = 400;
  options.duration = 500ms;
  options.connections = 16;
  options.tokens = {"b1", "b2", "t1", "t2", "t3", "t4"};
  options.follow = false;
  options.patience = 10s;
  options.timeout = 5s;
  options.second = 50ms;
  options.settle = 200ms;
  if (change) change(options);
  const SystemClock clock;
  const std::atomic<bool> stop{false};
  auto report = run(options, clock, stop, {});
  if (!report) throw std::runtime_error(report.error().message);
  return *report;
}

TEST(Rehearsal, CountsWhatTheShopSaid) {
  FakeShop shop({.stock = 50});
  const Report report = rehearse(shop, [](Options& o) { o.admin_token = "a"; });
  EXPECT_EQ(report.tally.visits, 200U);
  EXPECT_EQ(report.tally.accepted, 50U);
  EXPECT_GT(report.tally.refused.at("out_of_stock"), 0U);
  EXPECT_EQ(report.tally.of(Measure::shopper_buy).count + report.tally.of(Measure::bot_buy).count +
                report.tally.of(Measure::refresh).count,
            200U);
  EXPECT_EQ(report.tally.error_count(), 0U);
  EXPECT_EQ(report.drift, 0);
  EXPECT_TRUE(report.ok());
  const auto json = to_json(report);
  EXPECT_EQ(json.at("accepted"), 50);
  EXPECT_GT(json.at("latency_ms").at("shopper_buy").at("p99").as_double(), 0.0);
}

TEST(Rehearsal, TheReportHasWhatADrawingNeeds) {
  FakeShop shop({.stock = 60, .busy_first = 3});
  const Report report = rehearse(shop, [](Options& o) {
    o.mix = {100, 0, 0}, o.follow = true, o.threads = 2, o.duration = 1500ms, o.rate = 200, o.admin_token = "a";
  });
  const auto json = to_json(report);
  EXPECT_EQ(json.at("kind"), "scalemart-rehearsal");
  EXPECT_EQ(json.at("version"), kReportVersion);
  EXPECT_TRUE(parse_rfc3339(json.at("begun_at").as_string()));
  EXPECT_GT(json.at("machine").at("cpus").to_number<int>(), 0);
  EXPECT_EQ(json.at("options").at("threads"), 2);
  std::uint64_t accepted = 0, confirmed = 0, busy = 0, out = 0, timed = 0;
  for (const auto& value : json.at("per_second").as_array()) {
    const auto& second = value.as_object();
    accepted += second.at("accepted").to_number<std::uint64_t>();
    confirmed += second.at("confirmed").to_number<std::uint64_t>();
    const auto& reasons = second.at("refused_by").as_object();
    if (const auto* n = reasons.if_contains("overloaded")) busy += n->to_number<std::uint64_t>();
    if (const auto* n = reasons.if_contains("out_of_stock")) out += n->to_number<std::uint64_t>();
    if (second.at("latency_ms").is_null()) continue;
    ++timed;
    EXPECT_LE(second.at("latency_ms").at("p50").as_double(), second.at("latency_ms").at("max").as_double());
  }
  EXPECT_EQ(accepted, 60U);
  EXPECT_EQ(confirmed, 60U);
  EXPECT_EQ(busy, 3U);
  EXPECT_EQ(out, report.tally.refused.at("out_of_stock"));
  EXPECT_GE(timed, 1U);
  std::uint64_t counted = 0;
  double before = 0;
  for (const auto& bucket : json.at("latency_ms").at("shopper_buy").at("histogram").as_array()) {
    EXPECT_GT(bucket.as_array().at(0).as_double(), before);
    before = bucket.as_array().at(0).as_double();
    counted += bucket.as_array().at(1).to_number<std::uint64_t>();
  }
  EXPECT_EQ(counted, report.tally.of(Measure::shopper_buy).count);
  const auto& stock = json.at("stock").as_array();
  ASSERT_GE(stock.size(), 3U) << "before, once a second, and after";
  EXPECT_EQ(stock.front().at("available"), 60);
  EXPECT_EQ(stock.back().at("available"), 0);
}

TEST(Second, ThreadsAddUp) {
  Second one, two;
  one.record_buy(1ms);
  two.record_buy(1ms);
  two.record_buy(50ms);
  two.refused_by["sale_paused"] = 2;
  two.confirmed = 4;
  one.add(two);
  EXPECT_EQ(std::accumulate(one.buys.begin(), one.buys.end(), 0U), 3U);
  EXPECT_EQ(one.refused_by.at("sale_paused"), 2U);
  EXPECT_EQ(one.confirmed, 4U);
  Second empty;
  empty.add(one);
  EXPECT_EQ(empty.buys, one.buys);
}

TEST(Rehearsal, OversellIsFound) {
  FakeShop shop({.stock = 50, .oversell = true});
  const Report report = rehearse(shop, [](Options& o) { o.mix = {100, 0, 0}, o.follow = true; });
  EXPECT_FALSE(report.ok());
  EXPECT_GT(report.tally.accepted, 50U);
}

TEST(Rehearsal, BusyShopIsAskedAgainWithTheSameKey) {
  FakeShop shop({.stock = 1000, .busy_first = 20});
  const Report report = rehearse(shop, [](Options& o) { o.mix = {100, 0, 0}; });
  EXPECT_EQ(report.tally.refused.at("overloaded"), 20U);
  EXPECT_EQ(report.tally.retries, 20U);
  EXPECT_EQ(report.tally.accepted, 200U);
  EXPECT_TRUE(report.ok());
}

TEST(Rehearsal, LostAnswerIsRetriedAndCountedOnce) {
  FakeShop shop({.stock = 1000, .drop_answers = 5});
  const Report report = rehearse(shop, [](Options& o) { o.mix = {100, 0, 0}; });
  EXPECT_EQ(report.tally.errors.at("connection"), 5U);
  EXPECT_EQ(report.tally.replayed, 5U);
  EXPECT_EQ(report.tally.accepted, 200U);
  EXPECT_TRUE(report.ok());
}

TEST(Rehearsal, DoubtIsResolvedByShoppersAndBots) {
  FakeShop shop({.stock = 1000, .doubts = 6});
  const Report report = rehearse(shop, [](Options& o) { o.mix = {50, 0, 50}; });
  EXPECT_EQ(report.tally.replayed + report.tally.resolved, 6U);
  EXPECT_EQ(report.tally.accepted, 200U);
  EXPECT_EQ(report.tally.unknown, 0U);
  EXPECT_TRUE(report.ok());
}

TEST(Rehearsal, LostAnswerOfABotIsResolvedByItsKey) {
  FakeShop shop({.stock = 1000, .drop_answers = 5});
  const Report report = rehearse(shop, [](Options& o) { o.mix = {0, 0, 100}; });
  EXPECT_EQ(report.tally.resolved, 5U);
  EXPECT_EQ(report.tally.accepted, 200U);
  EXPECT_EQ(report.tally.unknown, 0U);
  EXPECT_TRUE(report.ok());
}

TEST(Rehearsal, OrdersAreFollowedToTheirEnd) {
  FakeShop shop({.stock = 30});
  const Report report = rehearse(shop, [](Options& o) { o.mix = {100, 0, 0}, o.follow = true, o.threads = 2; });
  EXPECT_EQ(report.tally.accepted, 30U);
  EXPECT_EQ(report.tally.order_end.at("confirmed"), 30U);
  EXPECT_EQ(report.tally.unfollowed, 0U);
  EXPECT_EQ(report.tally.of(Measure::confirmation).count, 30U);
  EXPECT_TRUE(report.ok());
}

// A shop that stands still for 300 ms is felt by everybody who was due meanwhile, not by the one in flight
// alone.
TEST(Rehearsal, LatencyCountsFromWhenAVisitWasDue) {
  FakeShop shop({.stock = 1000, .freeze = 300ms});
  const Report report = rehearse(shop, [](Options& o) { o.mix = {100, 0, 0}, o.connections = 1; });
  const Latencies& buys = report.tally.of(Measure::shopper_buy);
  EXPECT_EQ(buys.count, 200U);
  EXPECT_GE(static_cast<double>(buys.max_us), 290'000.0);
  // 120 of 200 visits were due during the pause: the median waited about 100 ms.
  EXPECT_GT(buys.quantile_ms(0.5), 50.0);
}

TEST(Rehearsal, ShopThatIsNotThereIsAnError) {
  Options options;
  options.target = {"127.0.0.1", 1};
  options.product = "tea";
  const SystemClock clock;
  const std::atomic<bool> stop{false};
  EXPECT_FALSE(run(options, clock, stop, {}));
}

TEST(StockCheck, BoundsFollowWhatIsNotKnown) {
  Tally tally;
  tally.accepted = 10;
  const auto verdict = [&](StockView after) {
    for (const Check& check : check_stock({100, 100, 0, 0}, after, tally)) {
      if (!check.ok) return check.name;
    }
    return std::string("ok");
  };
  EXPECT_EQ(verdict({100, 90, 4, 6}), "ok");
  EXPECT_EQ(verdict({100, 89, 5, 6}), "units_match_answers");
  EXPECT_EQ(verdict({100, 90, 4, 7}), "conservation");
  EXPECT_EQ(verdict({100, -1, 0, 101}), "conservation");
  tally.unknown = 1;
  EXPECT_EQ(verdict({100, 89, 5, 6}), "ok");
  tally.order_end["failed"] = 3;
  EXPECT_EQ(verdict({100, 92, 2, 6}), "ok");
  EXPECT_EQ(verdict({100, 90, 4, 6}), "units_match_answers");
  tally.duplicate_orders = 1;
  EXPECT_EQ(verdict({100, 92, 2, 6}), "one_order_per_key");
}

}  // namespace
}  // namespace scalemart::rehearse
