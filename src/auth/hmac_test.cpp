#include "auth/hmac.hpp"

#include <gtest/gtest.h>
#include <openssl/hmac.h>
#include <rapidcheck.h>

#include <string>

namespace scalemart {
namespace {

std::string hex(const HmacSha256::Mac& mac) {
  std::string text;
  for (const unsigned char byte : mac)
    for (const int nibble : {byte >> 4, byte & 15}) text.push_back("0123456789abcdef"[nibble]);
  return text;
}

TEST(HmacSha256, AgreesWithTheVectorsOfRfc4231) {
  EXPECT_EQ(hex(HmacSha256(std::string(20, '\x0b')).of("Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hex(HmacSha256("Jefe").of("what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hex(HmacSha256(std::string(131, '\xaa')).of("Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(HmacSha256, AgreesWithOpensslOnAnything) {
  rc::check("same code for any key and message", [](const std::string& key, const std::string& message) {
    unsigned char expected[32];
    HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(message.data()),
         message.size(), expected, nullptr);
    const HmacSha256::Mac mac = HmacSha256(key).of(message);
    RC_ASSERT(same_bytes(mac.data(), expected, mac.size()));
  });
}

TEST(HmacSha256, LongMessagesToo) {
  const std::string message(100'000, 'm');
  unsigned char expected[32];
  HMAC(EVP_sha256(), "k", 1, reinterpret_cast<const unsigned char*>(message.data()), message.size(), expected, nullptr);
  const HmacSha256::Mac mac = HmacSha256("k").of(message);
  EXPECT_TRUE(same_bytes(mac.data(), expected, mac.size()));
}

}  // namespace
}  // namespace scalemart
