#include "backend/webhook/address_guard.hpp"

#include <gtest/gtest.h>

namespace scalemart {
namespace {

TEST(AddressGuard, KnowsWhatIsPublic) {
  for (const char* text : {"1.1.1.1", "8.8.8.8", "93.184.216.34", "172.32.0.1", "2606:4700::1111", "2a00:1450::1"})
    EXPECT_TRUE(is_public(*IpAddress::parse(text))) << text;
  for (const char* text : {"0.0.0.0",
                           "127.0.0.1",
                           "127.255.1.1",
                           "10.1.2.3",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.168.0.1",
                           "169.254.1.1",
                           "169.254.169.254",
                           "100.64.0.1",
                           "198.18.0.1",
                           "192.0.2.1",
                           "224.0.0.1",
                           "240.0.0.1",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "fe80::1",
                           "fc00::1",
                           "fd12::1",
                           "ff02::1",
                           "::ffff:127.0.0.1",
                           "::ffff:10.0.0.1",
                           "64:ff9b::a00:1",
                           "2002:a00:1::1",
                           "2001::1",
                           "2001:db8::1",
                           "::127.0.0.1",
                           "100::1",
                           "3fff::1"})
    EXPECT_FALSE(is_public(*IpAddress::parse(text))) << text;
}

TEST(AddressGuard, AllowsNamedNetworksAlsoWithoutTls) {
  const AddressGuard guard(*parse_networks("10.0.0.0/8"));
  EXPECT_FALSE(guard.objection(*IpAddress::parse("10.1.1.1"), false));
  EXPECT_TRUE(guard.objection(*IpAddress::parse("192.168.1.1"), true));
  EXPECT_FALSE(guard.objection(*IpAddress::parse("1.1.1.1"), true));
  EXPECT_TRUE(guard.objection(*IpAddress::parse("1.1.1.1"), false)) << "in public only with TLS";
}

TEST(AddressGuard, ReadsAddressesAsTheyAreConnectedTo) {
  const AddressGuard guard({});
  for (const char* url : {"https://127.1/", "https://0x7f.1/", "https://2130706433/", "https://017700000001/",
                          "https://[::ffff:7f00:1]/", "https://[fe80::1%25eth0]/"})
    EXPECT_TRUE(guard.fault_of_url(url)) << url;
  EXPECT_FALSE(guard.fault_of_url("https://shop.example:8443/hooks?x=1"));
  EXPECT_TRUE(guard.fault_of_url("https://a.example/" + std::string(2048, 'x')));
}

}  // namespace
}  // namespace scalemart
