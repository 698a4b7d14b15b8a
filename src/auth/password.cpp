#include "auth/password.hpp"

#include <argon2.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "auth/common_passwords.hpp"
#include "base/check.hpp"

namespace scalemart {
namespace {

constexpr std::size_t kHashBytes = 32;
constexpr std::size_t kPhcBytesMax = 512;

void wipe(std::string& secret) {
  OPENSSL_cleanse(secret.data(), secret.size());
  secret.clear();
}

std::size_t characters_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

/// One hash whose result nobody reads.
void spend_a_hash(std::string_view password, const Argon2Cost& cost) {
  constexpr PasswordSalt kSalt{};
  std::array<unsigned char, kHashBytes> ignored;
  argon2id_hash_raw(cost.passes, cost.memory_kib, cost.lanes, password.data(), password.size(), kSalt.data(),
                    kSalt.size(), ignored.data(), ignored.size());
}

/// The number after `name` in "m=19456,t=2,p=1".
bool read_parameter(std::string_view& text, std::string_view name, std::uint32_t& value) {
  if (!text.starts_with(name)) return false;
  text.remove_prefix(name.size());
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

}  // namespace

bool is_too_long(std::string_view password) {
  // At most four bytes a character: the rest is not even counted.
  return password.size() > 4 * kPasswordCharactersMax || characters_of(password) > kPasswordCharactersMax;
}

bool has_password_length(std::string_view password) {
  return !is_too_long(password) && characters_of(password) >= kPasswordCharactersMin;
}

PasswordFault fault_of_password(std::string_view password, std::string_view normalised_email) {
  if (is_too_long(password)) return PasswordFault::too_long;
  if (characters_of(password) < kPasswordCharactersMin) return PasswordFault::too_short;
  if (is_common_password(password)) return PasswordFault::common;
  const auto equal_but_case = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a | 32 : a) == b; };
  const auto is = [&](std::string_view other) {
    return std::equal(password.begin(), password.end(), other.begin(), other.end(), equal_but_case);
  };
  if (is(normalised_email) || is(normalised_email.substr(0, normalised_email.find('@'))))
    return PasswordFault::same_as_email;
  return PasswordFault::none;
}

std::string hash_password(std::string_view password, const Argon2Cost& cost, const PasswordSalt& salt) {
  std::array<char, kPhcBytesMax> phc{};
  const int fault = argon2id_hash_encoded(cost.passes, cost.memory_kib, cost.lanes, password.data(), password.size(),
                                          salt.data(), salt.size(), kHashBytes, phc.data(), phc.size());
  // What is left are wrong parameters and no memory for 19 MiB.
  SCALEMART_CHECK(fault == ARGON2_OK);
  return phc.data();
}

bool matches_password(std::string_view password, std::string_view phc, const Argon2Cost& cost) {
  const std::string encoded(phc);
  const bool usable = phc.starts_with("$argon2id$") && phc.size() < kPhcBytesMax;
  if (!usable) {
    spend_a_hash(password, cost);
    return false;
  }
  return argon2id_verify(encoded.c_str(), password.data(), password.size()) == ARGON2_OK;
}

bool needs_rehash(std::string_view phc, const Argon2Cost& cost) {
  constexpr std::string_view kStart = "$argon2id$v=19$";
  if (!phc.starts_with(kStart)) return true;
  phc.remove_prefix(kStart.size());
  Argon2Cost stored;
  if (!read_parameter(phc, "m=", stored.memory_kib) || !read_parameter(phc, ",t=", stored.passes) ||
      !read_parameter(phc, ",p=", stored.lanes))
    return true;
  return !(stored == cost);
}

PasswordPool::PasswordPool(Options options, Random& random)
    : cost_(options.cost),
      random_(random),
      threads_(std::make_unique<TaskPool>(options.threads, options.queue_max, TaskPool::Priority::background)) {}

PasswordPool::~PasswordPool() {
  stop();
}

void PasswordPool::stop() {
  std::unique_ptr<TaskPool> threads;
  {
    const std::lock_guard lock(threads_mutex_);
    threads = std::move(threads_);
  }
}

bool PasswordPool::hash(std::string password, std::function<void(std::string)> done) {
  const std::lock_guard lock(threads_mutex_);
  if (!threads_) return false;
  return threads_->post([this, password = std::move(password), done = std::move(done)]() mutable {
    std::string phc = fresh_hash(password);
    wipe(password);
    done(std::move(phc));
  });
}

bool PasswordPool::verify(std::string password, std::string phc, std::function<void(Check)> done) {
  const std::lock_guard lock(threads_mutex_);
  if (!threads_) return false;
  return threads_->post([this, password = std::move(password), phc = std::move(phc), done = std::move(done)]() mutable {
    Check check;
    check.matches = matches_password(password, phc, cost_);
    if (check.matches && needs_rehash(phc, cost_)) check.rehashed = fresh_hash(password);
    wipe(password);
    done(std::move(check));
  });
}

std::string PasswordPool::fresh_hash(std::string_view password) {
  PasswordSalt salt;
  {
    const std::lock_guard lock(random_mutex_);
    random_.fill(salt);
  }
  return hash_password(password, cost_, salt);
}

}  // namespace scalemart
