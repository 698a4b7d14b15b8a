#include "auth/password.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <vector>

#include "auth/common_passwords.hpp"

namespace scalemart {
namespace {

constexpr Argon2Cost kCheap{.memory_kib = 8, .passes = 1, .lanes = 1};
constexpr Argon2Cost kDearer{.memory_kib = 16, .passes = 1, .lanes = 1};
constexpr PasswordSalt kSalt{};

TEST(Password, HashIsAnArgon2idPhcStringWithItsParameters) {
  const std::string phc = hash_password("correct horse", Argon2Cost{}, kSalt);
  EXPECT_EQ(phc.substr(0, 31), "$argon2id$v=19$m=19456,t=2,p=1$");
  EXPECT_TRUE(matches_password("correct horse", phc, Argon2Cost{}));
  EXPECT_FALSE(needs_rehash(phc, Argon2Cost{}));
  EXPECT_TRUE(needs_rehash(phc, kCheap));
}

TEST(Password, IsVerifiedExactlyAsSent) {
  const std::string phc = hash_password(" Pass Word\t", kCheap, kSalt);
  EXPECT_TRUE(matches_password(" Pass Word\t", phc, kCheap));
  for (const char* other : {"Pass Word", " pass word\t", " Pass Word", " Pass Word\t ", ""})
    EXPECT_FALSE(matches_password(other, phc, kCheap)) << other;
  const std::string with_nul("abcdefg\0hidden", 14);
  const std::string nul_hash = hash_password(with_nul, kCheap, kSalt);
  EXPECT_TRUE(matches_password(with_nul, nul_hash, kCheap));
  EXPECT_FALSE(matches_password(with_nul.substr(0, 7), nul_hash, kCheap)) << "a NUL ends nothing";
}

TEST(Password, RubbishInsteadOfAHashNeverMatches) {
  for (const char* phc :
       {"", "x", "$argon2id$", "$argon2i$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA", "$2b$12$abcdefghijklmnopqrstuv",
        "$argon2id$v=19$m=8,t=1,p=1$AAAA$AAAA", "$argon2id$v=19$m=99999999,t=1,p=1$", "plaintext"})
    EXPECT_FALSE(matches_password("plaintext", phc, kCheap)) << phc;
}

TEST(Password, LengthIsCountedInCharacters) {
  EXPECT_EQ(fault_of_password("abc4567", "a@b"), PasswordFault::too_short);
  EXPECT_EQ(fault_of_password("kqzvw8jx", "a@b"), PasswordFault::none);
  const std::string umlauts = "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\xc3\xa9\xc3\xa8\xc3\xaa";
  EXPECT_EQ(fault_of_password(umlauts, "a@b"), PasswordFault::too_short);
  EXPECT_EQ(fault_of_password(umlauts + "\xc3\xa1", "a@b"), PasswordFault::none);
  std::string longest;
  for (int i = 0; i < 128; ++i) longest += static_cast<char>('a' + i % 26);
  EXPECT_EQ(fault_of_password(longest, "a@b"), PasswordFault::none);
  EXPECT_EQ(fault_of_password(longest + "x", "a@b"), PasswordFault::too_long);
  EXPECT_EQ(fault_of_password(std::string(100'000, 'q'), "a@b"), PasswordFault::too_long);
}

TEST(Password, CommonOnesAndTheAddressItselfAreRefused) {
  for (const char* password : {"password", "Password", "PASSWORD1", "12345678", "qwertyuiop", "password!!", "!password",
                               "iloveyou2024", "letmein123", "aaaaaaaaaaaa", "scalemart1"}) {
    EXPECT_TRUE(is_common_password(password)) << password;
    EXPECT_EQ(fault_of_password(password, "a@b"), PasswordFault::common) << password;
  }
  EXPECT_EQ(fault_of_password("Ann.Smith@example.com", "ann.smith@example.com"), PasswordFault::same_as_email);
  EXPECT_EQ(fault_of_password("ann.smith", "ann.smith@example.com"), PasswordFault::same_as_email);
  for (const char* password : {"purple-Tractor-19", "tr0ub4dor&3x", "passwords are odd", "ann.smith.jr"})
    EXPECT_EQ(fault_of_password(password, "ann.smith@example.com"), PasswordFault::none) << password;
}

class PasswordPoolTest : public ::testing::Test {
 protected:
  SeededRandom random_{5};
};

TEST_F(PasswordPoolTest, HashesAndVerifies) {
  PasswordPool pool({.cost = kCheap}, random_);
  std::promise<std::string> first, second;
  ASSERT_TRUE(pool.hash("a password", [&](std::string phc) { first.set_value(std::move(phc)); }));
  ASSERT_TRUE(pool.hash("a password", [&](std::string phc) { second.set_value(std::move(phc)); }));
  const std::string phc = first.get_future().get();
  EXPECT_NE(phc, second.get_future().get()) << "each has its salt";
  const auto check = [&](const std::string& password, const std::string& stored) {
    std::promise<PasswordPool::Check> done;
    EXPECT_TRUE(pool.verify(password, stored, [&](PasswordPool::Check c) { done.set_value(std::move(c)); }));
    return done.get_future().get();
  };
  EXPECT_TRUE(check("a password", phc).matches);
  EXPECT_TRUE(check("a password", phc).rehashed.empty());
  EXPECT_FALSE(check("b password", phc).matches);
  EXPECT_FALSE(check("a password", "").matches);
}

TEST_F(PasswordPoolTest, OldParametersAreReplacedOnLogin) {
  PasswordPool pool({.cost = kDearer}, random_);
  std::promise<PasswordPool::Check> done;
  ASSERT_TRUE(pool.verify("a password", hash_password("a password", kCheap, kSalt),
                          [&](PasswordPool::Check c) { done.set_value(std::move(c)); }));
  const PasswordPool::Check check = done.get_future().get();
  EXPECT_TRUE(check.matches);
  EXPECT_TRUE(matches_password("a password", check.rehashed, kDearer));
  EXPECT_FALSE(needs_rehash(check.rehashed, kDearer));
}

TEST_F(PasswordPoolTest, FullQueueRefusesAndEveryAcceptedOneIsAnswered) {
  PasswordPool pool({.cost = kCheap, .threads = 1, .queue_max = 8}, random_);
  std::promise<void> gate, entered;
  ASSERT_TRUE(pool.hash("blocker", [&](const std::string&) {
    entered.set_value();
    gate.get_future().wait();
  }));
  entered.get_future().wait();
  std::atomic<int> answered{0};
  int accepted = 0;
  for (int i = 0; i < 100; ++i) accepted += pool.verify("x", "", [&](const PasswordPool::Check&) { ++answered; });
  EXPECT_EQ(accepted, 8);
  gate.set_value();
  pool.stop();
  EXPECT_EQ(answered.load(), 8);
  EXPECT_FALSE(pool.hash("x", [](const std::string&) {}));
}

}  // namespace
}  // namespace scalemart
