#include "backend/redis/address.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace scalemart::redis {
namespace {

Address good(std::string_view url) {
  auto address = Address::parse(url);
  EXPECT_TRUE(address) << url << ": " << (address ? "" : address.error().message);
  return address ? *address : Address{};
}

std::string fault(std::string_view url) {
  const auto address = Address::parse(url);
  EXPECT_FALSE(address) << url;
  return address ? "" : address.error().message;
}

TEST(RedisAddress, OneServer) {
  const Address a = good("redis://cache.example:7000/2");
  EXPECT_EQ(a.kind, Address::Kind::single);
  EXPECT_EQ(a.hosts, (std::vector<Endpoint>{{"cache.example", 7000}}));
  EXPECT_EQ(a.database, 2);
  EXPECT_FALSE(a.tls);
  EXPECT_EQ(good("redis://h").hosts.front().port, 6379);
  EXPECT_EQ(good("redis://[::1]:7").hosts, (std::vector<Endpoint>{{"::1", 7}}));
  EXPECT_EQ(good("redis://[::1]:7").text(), "redis://[::1]:7");
}

TEST(RedisAddress, SentinelsNameTheirMaster) {
  const Address a = good("redis+sentinel://s1,s2:5000,s3/mymaster/1");
  EXPECT_EQ(a.kind, Address::Kind::sentinel);
  EXPECT_EQ(a.hosts, (std::vector<Endpoint>{{"s1", 26379}, {"s2", 5000}, {"s3", 26379}}));
  EXPECT_EQ(a.master, "mymaster");
  EXPECT_EQ(a.database, 1);
  EXPECT_NE(fault("redis+sentinel://s1,s2").find("master is missing"), std::string::npos);
}

TEST(RedisAddress, ClusterHasNoDatabase) {
  EXPECT_EQ(good("redis+cluster://a,b:1").hosts.size(), 2u);
  EXPECT_NE(fault("redis+cluster://a,b/3").find("one database"), std::string::npos);
}

TEST(RedisAddress, PasswordIsDecodedAndNeverShown) {
  const Address a = good("rediss://shop:p%40ss:w%2Frd@h/0");
  EXPECT_TRUE(a.tls);
  EXPECT_EQ(a.credentials.user, "shop");
  EXPECT_EQ(a.credentials.password, "p@ss:w/rd");
  EXPECT_EQ(a.text(), "rediss://shop@h:6379");
  EXPECT_EQ(good("redis://:secret@h").credentials.password, "secret");
  EXPECT_EQ(fault("redis://u:secret%zz@h").find("secret"), std::string::npos);
}

TEST(RedisAddress, PasswordComesFromAFile) {
  const std::string path = testing::TempDir() + "redis_address_" + std::to_string(getpid());
  std::ofstream(path) << "from a file\n";
  const Address a = good("redis://shop@h?password_file=" + path);
  EXPECT_EQ(a.credentials.password, "from a file");
  EXPECT_EQ(a.credentials.user, "shop");
  unlink(path.c_str());
  EXPECT_NE(fault("redis://h?password_file=" + path).find("cannot read"), std::string::npos);
}

TEST(RedisAddress, WrongOnesSayWhatIsAllowed) {
  for (const char* url : {"", "h:6379", "http://h", "redis+proxy://h", "memcached://h"})
    EXPECT_NE(fault(url).find("redis+sentinel://h1,h2,h3/master"), std::string::npos) << url;
  for (const char* url : {"redis://", "redis://h:0", "redis://h:70000", "redis://h:x", "redis://[::1", "redis://h,",
                          "redis+cluster://a,,b", "redis://a b"})
    EXPECT_NE(fault(url).find("not a host"), std::string::npos) << url;
  EXPECT_NE(fault("redis://a,b").find("one host"), std::string::npos);
  EXPECT_NE(fault("redis://h/x").find("number"), std::string::npos);
  EXPECT_NE(fault("redis://h?speed=9").find("no option speed"), std::string::npos);
  EXPECT_NE(fault("redis://h?ca=x").find("rediss"), std::string::npos);
}

}  // namespace
}  // namespace scalemart::redis
