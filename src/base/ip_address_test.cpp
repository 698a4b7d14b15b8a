#include "base/ip_address.hpp"

#include <gtest/gtest.h>

namespace scalemart {
namespace {

TEST(IpAddress, TextFormsRoundTrip) {
  for (const char* text : {"192.0.2.1", "127.0.0.1", "2001:db8::1", "::1", "::"})
    EXPECT_EQ(IpAddress::parse(text).value().text(), text);
  EXPECT_EQ(IpAddress::parse("::ffff:192.0.2.1"), IpAddress::parse("192.0.2.1"));
  EXPECT_EQ(IpAddress::parse("[2001:db8::1]"), IpAddress::parse("2001:db8::1"));
  for (const char* text : {"", "localhost", "1.2.3", "1.2.3.4:80", "fe80::1%eth0", "01.2.3.4.5", "[", "[]"})
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  EXPECT_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0x", 9)));
}

TEST(IpAddress, NetworksContainTheirAddressesOnly) {
  const auto in = [](const char* network, const char* address) {
    return IpNetwork::parse(network).value().contains(IpAddress::parse(address).value());
  };
  EXPECT_TRUE(in("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(in("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(in("192.0.2.128/25", "192.0.2.129"));
  EXPECT_FALSE(in("192.0.2.128/25", "192.0.2.127"));
  EXPECT_TRUE(in("0.0.0.0/0", "8.8.8.8"));
  EXPECT_FALSE(in("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(in("::/0", "8.8.8.8"));
  EXPECT_TRUE(in("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(in("2001:db8::/33", "2001:db8:8000::1"));
  for (const char* text : {"10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "ten/8"})
    EXPECT_FALSE(IpNetwork::parse(text)) << text;
  EXPECT_EQ(parse_networks(" 10.0.0.0/8 , ::1").value().size(), 2u);
  EXPECT_FALSE(parse_networks("10.0.0.0/8,")) << "half a list is a mistake";
  EXPECT_TRUE(parse_networks("").value().empty());
}

TEST(IpAddress, LimitsCountIPv6ByItsSlash64) {
  const auto key = [](const char* text) { return IpAddress::parse(text).value().limit_key(); };
  EXPECT_EQ(key("2001:db8:0:1::1"), key("2001:db8:0:1:ffff::2"));
  EXPECT_NE(key("2001:db8:0:1::1"), key("2001:db8:0:2::1"));
  EXPECT_NE(key("192.0.2.1"), key("192.0.2.2"));
  EXPECT_TRUE(IpAddress::parse("127.9.9.9")->is_loopback());
  EXPECT_TRUE(IpAddress::parse("::1")->is_loopback());
  EXPECT_FALSE(IpAddress::parse("::2")->is_loopback());
}

}  // namespace
}  // namespace scalemart
