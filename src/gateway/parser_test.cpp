#include "gateway/parser.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

namespace scalemart {
namespace {

using State = RequestParser::State;

struct Outcome {
  State state = State::need_more;
  int status = 0;
  std::size_t consumed = 0;
  std::string target;
  std::string body;
  bool operator==(const Outcome&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Outcome& o) {
  return out << "state " << static_cast<int>(o.state) << " status " << o.status << " consumed " << o.consumed
             << " body '" << o.body << "'";
}

/// Feeds `bytes` in pieces that end at `cuts`; every feed sees a fresh buffer of exactly the right size, so
/// that a sanitizer notices a byte read too far and a view that was not moved along.
Outcome parse(const std::string& bytes, const std::vector<std::size_t>& cuts, const ParserLimits& limits = {}) {
  RequestParser parser(limits);
  std::unique_ptr<char[]> buffer;
  std::size_t have = 0;
  Outcome out;
  for (const std::size_t cut : cuts) {
    auto bigger = std::make_unique<char[]>(cut);
    if (have > 0) std::copy_n(buffer.get(), have, bigger.get());  // What the parser closed up stays so.
    std::copy(bytes.begin() + static_cast<std::ptrdiff_t>(have), bytes.begin() + static_cast<std::ptrdiff_t>(cut),
              bigger.get() + have);
    if (have > 0) parser.rebase(buffer.get(), bigger.get());
    buffer = std::move(bigger);
    have = cut;
    out.state = parser.feed(buffer.get(), have);
    if (out.state != State::need_more) break;
  }
  if (out.state == State::refused) out.status = parser.refusal().status;
  if (out.state == State::complete) {
    out.consumed = parser.consumed();
    out.target = std::string(parser.target());
    out.body = std::string(parser.body());
  }
  return out;
}

std::vector<std::size_t> every_byte(std::size_t size) {
  std::vector<std::size_t> cuts;
  for (std::size_t i = 1; i <= size; ++i) cuts.push_back(i);
  return cuts;
}

/// The same verdict however the bytes arrive.
Outcome parse_all_ways(const std::string& bytes) {
  const Outcome whole = parse(bytes, {bytes.size()});
  for (std::size_t cut = 1; cut < bytes.size(); ++cut)
    EXPECT_EQ(parse(bytes, {cut, bytes.size()}), whole) << "cut at " << cut << " of " << bytes;
  EXPECT_EQ(parse(bytes, every_byte(bytes.size())), whole) << bytes;
  return whole;
}

struct Case {
  const char* name;
  std::string bytes;
  int status;
};

std::string with(const std::string& fields, const std::string& rest = "") {
  return "POST /x HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + rest;
}

TEST(Parser, OddFramingIsRefusedHoweverItArrives) {
  using namespace std::string_literals;
  const std::string chunk = "5\r\nhello\r\n0\r\n\r\n";
  const std::vector<Case> cases{
      {"te gzip", with("Transfer-Encoding: gzip\r\n", chunk), 501},
      {"te identity", with("Transfer-Encoding: identity\r\n", chunk), 501},
      {"te gzip, chunked", with("Transfer-Encoding: gzip, chunked\r\n", chunk), 400},
      {"te chunked, gzip", with("Transfer-Encoding: chunked, gzip\r\n", chunk), 400},
      {"te chunked twice in one", with("Transfer-Encoding: chunked, chunked\r\n", chunk), 400},
      {"te chunked twice", with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", chunk), 400},
      {"te with comma", with("Transfer-Encoding: chunked,\r\n", chunk), 400},
      {"te empty", with("Transfer-Encoding:\r\n", chunk), 400},
      {"te xchunked", with("Transfer-Encoding: xchunked\r\n", chunk), 501},
      {"te chunked;q=1", with("Transfer-Encoding: chunked;q=1\r\n", chunk), 400},
      {"te quoted", with("Transfer-Encoding: \"chunked\"\r\n", chunk), 400},
      {"te vertical tab",
       with("Transfer-Encoding: \x0b"
            "chunked\r\n",
            chunk),
       400},
      {"te then cl", with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", chunk), 400},
      {"cl then te", with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", chunk), 400},
      {"te gzip then cl", with("Transfer-Encoding: gzip\r\nContent-Length: 5\r\n", "hello"), 501},
      {"te on 1.0", "POST /x HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk, 400},
      {"te space before colon", with("Transfer-Encoding : chunked\r\n", chunk), 400},
      {"cl +5", with("Content-Length: +5\r\n", "hello"), 400},
      {"cl -1", with("Content-Length: -1\r\n"), 400},
      {"cl 5, 5", with("Content-Length: 5, 5\r\n", "hello"), 400},
      {"cl 5 twice", with("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), 400},
      {"cl 5 and 6", with("Content-Length: 5\r\nContent-Length: 6\r\n", "hello"), 400},
      {"cl 0x5", with("Content-Length: 0x5\r\n", "hello"), 400},
      {"cl 5.0", with("Content-Length: 5.0\r\n", "hello"), 400},
      {"cl 5 5", with("Content-Length: 5 5\r\n", "hello"), 400},
      {"cl empty", with("Content-Length:\r\n"), 400},
      {"cl comma", with("Content-Length: ,5\r\n", "hello"), 400},
      {"cl 2^64", with("Content-Length: 18446744073709551616\r\n"), 400},
      {"cl 2^64-1", with("Content-Length: 18446744073709551615\r\n"), 413},
      {"cl over the limit", with("Content-Length: 65537\r\n"), 413},
      {"no host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"two equal hosts", "GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", 400},
      {"empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
      {"host with path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
      {"host with user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400},
      {"host with space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
      {"host with bad port", "GET / HTTP/1.1\r\nHost: a:8o\r\n\r\n", 400},
      {"host list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400},
      {"obs-fold", with("X: a\r\n b\r\n"), 400},
      {"obs-fold tab", with("X: a\r\n\tb\r\n"), 400},
      {"obs-fold of empty", with("X:\r\n b\r\n"), 400},
      {"obs-fold blank", with("X: a\r\n \r\n"), 400},
      {"folded te", with("Transfer-Encoding:\r\n chunked\r\n", chunk), 400},
      {"first field folded", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
      {"bare lf line", "GET / HTTP/1.1\nHost: a\n\n", 400},
      {"bare lf in fields", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400},
      {"bare cr in value", with("X: a\rb\r\n"), 400},
      {"nul in value", with("X: a\0b\r\n"s), 400},
      {"nul in name", with("X\0: a\r\n"s), 400},
      {"del in value", with("X: a\x7f\r\n"), 400},
      {"space before colon", with("X : a\r\n"), 400},
      {"no colon", with("Xa\r\n"), 400},
      {"empty name", with(": a\r\n"), 400},
      {"space in name", with("X Y: a\r\n"), 400},
      {"leading crlf", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"lower case version", "GET / http/1.1\r\nHost: a\r\n\r\n", 400},
      {"no version", "GET /\r\nHost: a\r\n\r\n", 400},
      {"http/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"http/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505},
      {"http/1.10", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400},
      {"two spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"tab between", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"trailing space", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400},
      {"absolute form", "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"authority form", "GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"asterisk", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"fragment", "GET /#x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"backslash", "GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"utf-8 in target", "GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"nul in target", "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"s, 400},
      {"expect other", with("Expect: the-best\r\n"), 417},
      {"chunk not hex", with("Transfer-Encoding: chunked\r\n", "x\r\nhello\r\n0\r\n\r\n"), 400},
      {"chunk 0x", with("Transfer-Encoding: chunked\r\n", "0x5\r\nhello\r\n0\r\n\r\n"), 400},
      {"chunk minus", with("Transfer-Encoding: chunked\r\n", "-5\r\nhello\r\n0\r\n\r\n"), 400},
      {"chunk too short", with("Transfer-Encoding: chunked\r\n", "4\r\nhello\r\n0\r\n\r\n"), 400},
      {"chunk lf", with("Transfer-Encoding: chunked\r\n", "5\nhello\n0\n\n" + std::string(600, 'x')), 400},
      {"chunk 2^64", with("Transfer-Encoding: chunked\r\n", "10000000000000000\r\n"), 400},
      {"chunk 2^64-1", with("Transfer-Encoding: chunked\r\n", "ffffffffffffffff\r\n"), 413},
      {"chunk over limit", with("Transfer-Encoding: chunked\r\n", "10001\r\n"), 413},
      {"chunk size space", with("Transfer-Encoding: chunked\r\n", "5 \r\nhello\r\n0\r\n\r\n"), 400},
      {"chunk extension lf", with("Transfer-Encoding: chunked\r\n", "5;a=\"\n\"\r\nhello\r\n0\r\n\r\n"), 400},
      {"chunk extension bare cr", with("Transfer-Encoding: chunked\r\n", "5;a\rb\r\nhello\r\n0\r\n\r\n"), 400},
      {"trailer folded garbage", with("Transfer-Encoding: chunked\r\n", "0\r\nX y\r\n\r\n"), 400},
  };
  for (const Case& c : cases) {
    const Outcome o = parse_all_ways(c.bytes);
    EXPECT_EQ(o.state, State::refused) << c.name;
    EXPECT_EQ(o.status, c.status) << c.name;
  }
}

TEST(Parser, PlainRequestsAreReadHoweverTheyArrive) {
  const std::vector<Case> cases{
      {"get", "GET /a?b=c HTTP/1.1\r\nHost: a\r\n\r\n", 0},
      {"1.0 without host", "GET / HTTP/1.0\r\n\r\n", 0},
      {"cl", with("Content-Length: 5\r\n", "hello"), 0},
      // RFC 9110 section 5.5: white space around a value is not part of it.
      {"cl with trailing space", with("Content-Length: 5 \r\n", "hello"), 0},
      {"cl with zeros", with("Content-Length: 0005\r\n", "hello"), 0},
      {"chunks", with("Transfer-Encoding: chunked\r\n", "3\r\nhel\r\n2;a=b;c=\"d\"\r\nlo\r\n0\r\n\r\n"), 0},
      {"chunks upper case", with("TRANSFER-ENCODING: CHUNKED\r\n", "00005\r\nhello\r\n000;x\r\nX: y\r\n\r\n"), 0},
      {"host forms", "GET / HTTP/1.1\r\nHost: [2001:db8::1]:8080\r\n\r\n", 0},
  };
  for (const Case& c : cases) {
    const Outcome o = parse_all_ways(c.bytes + "GET /next");
    EXPECT_EQ(o.state, State::complete) << c.name;
    EXPECT_EQ(o.consumed, c.bytes.size()) << c.name;
    if (c.bytes.starts_with("POST")) {
      EXPECT_EQ(o.body, "hello") << c.name;
    }
  }
}

TEST(Parser, HeaderBombsEndAtTheirBounds) {
  const auto status = [](const std::string& bytes) {
    const Outcome whole = parse(bytes, {bytes.size()});
    EXPECT_EQ(parse(bytes, every_byte(bytes.size())).status, whole.status);
    return whole.status;
  };
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(17'000, 'x')), 431);
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(17'000, 'x') + "\r\n\r\n"), 431);
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: a\r\n" + std::string(17'000, 'x')), 431);
  std::string many = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 100; ++i) many += "a: b\r\n";
  EXPECT_EQ(status(many + "\r\n"), 431);
  std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 99; ++i) bytes += "X: " + std::string(200, 'y') + "\r\n";
  EXPECT_EQ(status(bytes + "\r\n"), 431) << "small fields that are too much together";
  EXPECT_EQ(status("GET /" + std::string(8 * 1024, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n"), 414);
  EXPECT_EQ(status("GET /" + std::string(40'000, 'x')), 414);
  EXPECT_EQ(status(std::string(20'000, 'G')), 414);
  EXPECT_EQ(status("GET /" + std::string(8 * 1024 - 1, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(15'000, 'x') + "\r\n\r\n"), 0);
}

TEST(Parser, ChunkFramingIsBounded) {
  const std::string head = with("Transfer-Encoding: chunked\r\n");
  EXPECT_EQ(parse(head + "5;" + std::string(600, 'a'), {head.size() + 602}).status, 400) << "an endless extension";
  EXPECT_EQ(parse(head + "0\r\nX: " + std::string(600, 'a'), {head.size() + 606}).status, 400) << "an endless trailer";
  std::string tiny = head;
  for (int i = 0; i < 6000; ++i) tiny += "1\r\nx\r\n";
  EXPECT_EQ(parse(tiny, {tiny.size()}).status, 400) << "more framing than body";
  std::string extended = head;
  for (int i = 0; i < 100; ++i) extended += "1;" + std::string(300, 'a') + "\r\nx\r\n";
  EXPECT_EQ(parse(extended, {extended.size()}).status, 400);
  std::string large = head;
  for (int i = 0; i < 5; ++i) large += "4000\r\n" + std::string(0x4000, 'x') + "\r\n";
  EXPECT_EQ(parse(large, {large.size()}).status, 413) << "over the limit by chunks";
  std::string trailers = head + "0\r\n";
  for (int i = 0; i < 9; ++i) trailers += "A: b\r\n";
  EXPECT_EQ(parse(trailers + "\r\n", {trailers.size() + 2}).status, 400) << "more trailers than anybody needs";
}

/// Random damage to good requests: never a crash, and never a request that depends on how its bytes arrived.
TEST(Parser, DamagedRequestsAreReadTheSameWayHoweverTheyArrive) {
  const unsigned seed = 1122;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const std::vector<std::string> good{
      with("Content-Length: 5\r\nX-Y: z\r\n", "hello"),
      with("Transfer-Encoding: chunked\r\n", "3\r\nhel\r\n2;a=\"b\"\r\nlo\r\n0\r\nT: u\r\n\r\n"),
      "GET /a/b?c=d HTTP/1.1\r\nHost: [::1]:80\r\nConnection: close\r\nExpect: 100-continue\r\n\r\n",
  };
  const std::string pieces = std::string("\r\n\r\n :;,=\"\t0159afx/%", 20) + std::string(1, '\0') + "\x7f\xff";
  int complete = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = good[random() % good.size()];
    for (std::size_t n = 1 + random() % 3; n > 0; --n) {
      const std::size_t at = random() % bytes.size();
      switch (random() % 4) {
        case 0:
          bytes[at] = pieces[random() % pieces.size()];
          break;
        case 1:
          bytes.erase(at, 1 + random() % 3);
          break;
        case 2:
          bytes.insert(at, 1, pieces[random() % pieces.size()]);
          break;
        default:
          bytes.insert(at, bytes.substr(random() % bytes.size(), random() % 12));
          break;
      }
      if (bytes.empty()) bytes = "x";
    }
    const Outcome whole = parse(bytes, {bytes.size()});
    const std::size_t cut = 1 + random() % bytes.size();
    const Outcome cut_once = parse(bytes, {cut, bytes.size()});
    const Outcome by_byte = parse(bytes, every_byte(bytes.size()));
    // A refusal may have to wait for more bytes than came; a request that is complete is one and the same.
    if (whole.state == State::complete) {
      ++complete;
      ASSERT_EQ(cut_once, whole) << bytes;
      ASSERT_EQ(by_byte, whole) << bytes;
    } else {
      ASSERT_NE(cut_once.state, State::complete) << bytes;
      ASSERT_NE(by_byte.state, State::complete) << bytes;
    }
  }
  EXPECT_GT(complete, 1000) << "damage that always shows tests little";
}

}  // namespace
}  // namespace scalemart
