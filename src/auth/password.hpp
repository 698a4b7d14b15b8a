#pragma once
// Passwords: argon2id (RFC 9106) with OWASP's parameters, on threads of its own.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/random.hpp"
#include "base/task_pool.hpp"

namespace scalemart {

struct Argon2Cost {
  std::uint32_t memory_kib = 19'456;
  std::uint32_t passes = 2;
  std::uint32_t lanes = 1;
  bool operator==(const Argon2Cost&) const = default;
};

enum class PasswordFault : std::uint8_t { none, too_short, too_long, common, same_as_email };
inline constexpr std::size_t kPasswordCharactersMin = 8;
inline constexpr std::size_t kPasswordCharactersMax = 128;

/// Whether a new password may be used. Characters are UTF-8 code points; no rules of composition.
[[nodiscard]] PasswordFault fault_of_password(std::string_view password, std::string_view normalised_email);
[[nodiscard]] bool has_password_length(std::string_view password);
/// Nothing of that length is ever hashed.
[[nodiscard]] bool is_too_long(std::string_view password);

using PasswordSalt = std::array<std::byte, 16>;

/// PHC string: $argon2id$v=19$m=..,t=..,p=..$salt$hash
[[nodiscard]] std::string hash_password(std::string_view password, const Argon2Cost& cost, const PasswordSalt& salt);
/// Costs one hash whatever `phc` is; false for anything that is not an argon2id string.
[[nodiscard]] bool matches_password(std::string_view password, std::string_view phc, const Argon2Cost& cost);
/// The hash was made with other parameters.
[[nodiscard]] bool needs_rehash(std::string_view phc, const Argon2Cost& cost);

/// Purpose: runs the hashes, so that a storm of logins costs logins and nothing else.
/// Operation: a few threads of low scheduling priority behind a short queue; a full queue refuses.
/// Concurrency: ask from any thread; answers come on the pool's threads, exactly once for each accepted
/// request. stop() and destruction finish what was taken.
class PasswordPool {
 public:
  struct Options {
    Argon2Cost cost;
    std::size_t threads = 1;  ///< At most as many as cores.
    std::size_t queue_max = 64;
  };
  struct Check {
    bool matches = false;
    std::string rehashed;  ///< Matches, but the stored parameters are old: store this instead.
  };

  /// random makes salts; the pool uses it from one thread at a time, and nobody else may.
  PasswordPool(Options options, Random& random);
  ~PasswordPool();
  PasswordPool(const PasswordPool&) = delete;
  PasswordPool& operator=(const PasswordPool&) = delete;

  /// False: overloaded, `done` is never called.
  [[nodiscard]] bool hash(std::string password, std::function<void(std::string phc)> done);
  /// An empty phc (unknown user) never matches and costs the same.
  [[nodiscard]] bool verify(std::string password, std::string phc, std::function<void(Check)> done);
  /// From then on everything is refused.
  void stop();

 private:
  std::string fresh_hash(std::string_view password);

  const Argon2Cost cost_;
  std::mutex random_mutex_;
  Random& random_;  ///< Guarded by random_mutex_.
  std::mutex threads_mutex_;
  std::unique_ptr<TaskPool> threads_;  ///< Guarded by threads_mutex_; empty once stopped.
};

}  // namespace scalemart
