#include "admission/proxies.hpp"
#include "admission/limit_key.hpp"

#include <gtest/gtest.h>

namespace scalemart {
namespace {

IpAddress ip(const char* text) {
  const auto address = IpAddress::parse(text);
  EXPECT_TRUE(address) << text;
  return address.value_or(IpAddress{});
}

TEST(LimitKey, OneSlash64IsOneClient) {
  EXPECT_EQ(limit_key(ip("2001:db8:1:2::1")), limit_key(ip("2001:db8:1:2:ffff:ffff:ffff:ffff")));
  EXPECT_FALSE(limit_key(ip("2001:db8:1:2::1")) == limit_key(ip("2001:db8:1:3::1")));
  EXPECT_FALSE(limit_key(ip("192.0.2.1")) == limit_key(ip("192.0.2.2")));
  EXPECT_FALSE(limit_key(ip("0.0.0.0")) == limit_key(ip("::")));
}

TEST(TrustedProxies, ReadsNetworks) {
  const auto proxies = TrustedProxies::parse("10.0.0.0/8, 192.0.2.7 ,2001:db8::/33,198.51.100.128/25");
  ASSERT_TRUE(proxies) << proxies.error().message;
  for (const char* text :
       {"10.0.0.0", "10.255.255.255", "192.0.2.7", "2001:db8:7fff::1", "198.51.100.255", "::ffff:10.1.2.3"})
    EXPECT_TRUE(proxies->trusts(ip(text))) << text;
  for (const char* text : {"11.0.0.0", "192.0.2.8", "2001:db8:8000::1", "198.51.100.127", "::", "::10.0.0.1"})
    EXPECT_FALSE(proxies->trusts(ip(text))) << text;
  EXPECT_TRUE(TrustedProxies::parse("0.0.0.0/0")->trusts(ip("8.8.8.8")));
  EXPECT_FALSE(TrustedProxies::parse("0.0.0.0/0")->trusts(ip("2001:db8::1")));
  EXPECT_TRUE(TrustedProxies::parse(" ")->empty());
}

TEST(TrustedProxies, NamesTheWrongEntry) {
  for (const char* text : {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "2001:db8::/129", "proxy",
                           "10.0.0.1,", ",10.0.0.1", "10.0.0.0/8;11.0.0.0/8", "10.0.0.1,*"}) {
    const auto proxies = TrustedProxies::parse(text);
    ASSERT_FALSE(proxies) << text;
    EXPECT_NE(proxies.error().message.find("allowed"), std::string::npos);
  }
}

TEST(TrustedProxies, ClientIsTheRightmostHopThatIsNotOurs) {
  const auto proxies = *TrustedProxies::parse("10.0.0.0/8,2001:db8::/32");
  struct Row {
    const char* peer;
    const char* xff;
    const char* forwarded;
    const char* client;
  };
  for (const Row& row : {
           // nobody we trust: the peer, whatever it claims
           Row{"203.0.113.9", "1.2.3.4", "", "203.0.113.9"},
           Row{"203.0.113.9", "", "for=1.2.3.4", "203.0.113.9"},
           Row{"10.0.0.1", "", "", "10.0.0.1"},
           // X-Forwarded-For
           Row{"10.0.0.1", "203.0.113.5", "", "203.0.113.5"},
           Row{"10.0.0.1", "1.1.1.1, 203.0.113.5", "", "203.0.113.5"},
           Row{"10.0.0.1", "1.1.1.1,203.0.113.5,10.2.2.2", "", "203.0.113.5"},
           Row{"10.0.0.1", "10.9.9.9, 10.2.2.2", "", "10.9.9.9"},
           Row{"10.0.0.1", "203.0.113.5:4711", "", "203.0.113.5"},
           Row{"10.0.0.1", "2a00::5", "", "2a00::5"},
           Row{"10.0.0.1", "[2a00::5]:80", "", "2a00::5"},
           Row{"10.0.0.1", "1.1.1.1, unknown", "", "10.0.0.1"},
           Row{"10.0.0.1", "1.1.1.1, , 10.3.3.3", "", "10.3.3.3"},
           Row{"10.0.0.1", "<script>", "", "10.0.0.1"},
           Row{"10.0.0.1", ",,,,", "", "10.0.0.1"},
           Row{"2001:db8::1", "203.0.113.5", "", "203.0.113.5"},
           // Forwarded
           Row{"10.0.0.1", "", "for=203.0.113.5", "203.0.113.5"},
           Row{"10.0.0.1", "", "For=\"[2a00::5]:4711\";proto=https;by=10.0.0.1", "2a00::5"},
           Row{"10.0.0.1", "", "for=1.1.1.1, proto=http; for=203.0.113.5, for=10.2.2.2", "203.0.113.5"},
           Row{"10.0.0.1", "", "for=_hidden", "10.0.0.1"},
           Row{"10.0.0.1", "", "proto=https", "10.0.0.1"},
           // both: only when they agree
           Row{"10.0.0.1", "203.0.113.5", "for=203.0.113.5", "203.0.113.5"},
           Row{"10.0.0.1", "203.0.113.5", "for=8.8.8.8", "10.0.0.1"},
       })
    EXPECT_EQ(proxies.client_of(ip(row.peer), row.xff, row.forwarded), ip(row.client))
        << row.peer << " | " << row.xff << " | " << row.forwarded;
}

TEST(TrustedProxies, EndlessChainsAreCut) {
  const auto proxies = *TrustedProxies::parse("10.0.0.0/8");
  std::string chain = "203.0.113.5";
  for (int i = 0; i < 10'000; ++i) chain += ",10.0.0.2";
  EXPECT_EQ(proxies.client_of(ip("10.0.0.1"), chain, ""), ip("10.0.0.2"));
}

}  // namespace
}  // namespace scalemart
