#include "auth/keys.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>

namespace scalemart {
namespace {

constexpr const char* kGood = "pQ7vX2mZ9rT4wK8sD1fG6hJ3lB5nC0yE";

class KeysTest : public ::testing::Test {
 protected:
  KeysTest() {
    std::string name = (std::filesystem::temp_directory_path() / "scalemart-keys-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  ~KeysTest() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path file() const { return folder_ / "token.keys"; }
  std::filesystem::path folder_;
  SeededRandom random_{11};
};

TEST_F(KeysTest, SecretIsMadeOnceAndOnlyTheOwnerReadsIt) {
  const auto first = KeyRing::open(folder_, random_);
  ASSERT_TRUE(first) << first.error().message;
  struct stat info {};
  ASSERT_EQ(::stat(file().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  const auto second = KeyRing::open(folder_, random_);
  EXPECT_EQ((*first)->get()->current.kid, (*second)->get()->current.kid);
  EXPECT_FALSE((*first)->get()->previous);
}

TEST_F(KeysTest, RotationMakesTheCurrentKeyThePreviousOne) {
  const auto ring = *KeyRing::open(folder_, random_);
  const std::string first = ring->get()->current.kid;
  const std::uint64_t version = ring->version();
  ASSERT_TRUE(ring->rotate(random_));
  EXPECT_GT(ring->version(), version);
  const std::string second = ring->get()->current.kid;
  EXPECT_NE(first, second);
  EXPECT_EQ(ring->get()->previous->kid, first);
  ASSERT_TRUE(ring->rotate(random_));
  EXPECT_EQ(ring->get()->previous->kid, second);
  EXPECT_EQ(ring->get()->find(first), nullptr);
  EXPECT_EQ((*KeyRing::open(folder_, random_))->get()->previous->kid, second);
}

TEST_F(KeysTest, AnotherProcessesRotationIsSeenAfterReload) {
  const auto ours = *KeyRing::open(folder_, random_);
  const auto theirs = *KeyRing::open(folder_, random_);
  ASSERT_TRUE(theirs->rotate(random_));
  ASSERT_TRUE(ours->reload());
  EXPECT_EQ(ours->get()->current.kid, theirs->get()->current.kid);
}

TEST_F(KeysTest, FileThatOthersCanReadIsRefused) {
  ASSERT_TRUE(KeyRing::open(folder_, random_));
  ::chmod(file().c_str(), 0640);
  const auto ring = KeyRing::open(folder_, random_);
  ASSERT_FALSE(ring);
  EXPECT_NE(ring.error().message.find("chmod 600"), std::string::npos);
}

TEST_F(KeysTest, DamagedFileIsRefusedAndNotReplaced) {
  for (const char* text : {"", "current\n", "current AAAA\n", "current !!!!\n", "rubbish\n",
                           "previous cFE3dlgybVo5clQ0d0s4c0QxZkc2aEozbEI1bkMweUU\n",
                           "current cFE3dlgybVo5clQ0d0s4c0QxZkc2aEozbEI1bkMweUU\ncurrent "
                           "cFE3dlgybVo5clQ0d0s4c0QxZkc2aEozbEI1bkMweUU\n"}) {
    std::ofstream(file()) << text;
    ::chmod(file().c_str(), 0600);
    EXPECT_FALSE(KeyRing::open(folder_, random_)) << text;
    std::ifstream in(file());
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), text);
  }
}

TEST_F(KeysTest, SymbolicLinkIsNotFollowed) {
  std::filesystem::create_symlink("/dev/null", file());
  EXPECT_FALSE(KeyRing::open(folder_, random_));
}

TEST(Secrets, GoodOnesAreTaken) {
  for (const char* secret :
       {kGood, "k3J!x-92hd_QpLmZ7vR#t5Yb0Wc8NgAe", "c2VjcmV0LWtleS1vZi1zb21lLWxlbmd0aC1hbmQtbm9pc2U",
        "3f9a1c7be8d24f60a5b9c0d1e2738495a6f7e8d9c0b1a2938475665748392a1b",
        "correct horse battery staple ninety7 violet"}) {
    const auto weakness = weakness_of_secret(secret);
    EXPECT_FALSE(weakness) << secret << ": " << weakness.value_or("");
  }
}

TEST(Secrets, WeakAndWellKnownOnesAreRefused) {
  for (const std::string& secret :
       {std::string(), std::string("secret"), std::string("changeme"), std::string("your-256-bit-secret"),
        std::string(kGood).substr(0, 31), std::string("your-256-bit-secret-your-256-bit-secret"),
        std::string("a-string-secret-at-least-256-bits-long"), std::string("changeme-changeme-changeme-changeme"),
        std::string("super-secret-key-please-change-me-123"), std::string(32, 'a'), std::string(64, '0'),
        std::string("abababababababababababababababababab"), std::string("0123456789012345678901234567890123456789"),
        std::string("abcdefghijklmnopqrstuvwxyz0123456789"), std::string("thisisaverylongsecretkeyfortesting"),
        std::string("my_super_secret_jwt_key_for_development"), std::string("secretsecretsecretsecretsecretsecret"),
        std::string("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")})
    EXPECT_TRUE(weakness_of_secret(secret)) << secret;
}

TEST(Secrets, FromTheEnvironmentTheyAreCheckedAndNotRotated) {
  EXPECT_FALSE(KeyRing::from_secret("changeme"));
  EXPECT_FALSE(KeyRing::from_secret(kGood, "secret"));
  const auto ring = KeyRing::from_secret(kGood, "k3J!x-92hd_QpLmZ7vR#t5Yb0Wc8NgAe");
  ASSERT_TRUE(ring);
  EXPECT_TRUE((*ring)->get()->previous);
  SeededRandom random(1);
  EXPECT_FALSE((*ring)->rotate(random));
  EXPECT_TRUE((*ring)->reload());
}

}  // namespace
}  // namespace scalemart
