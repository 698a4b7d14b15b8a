#pragma once
// The secrets that sign access tokens: one current, and the one before it until its tokens have expired.

#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "auth/hmac.hpp"
#include "base/random.hpp"
#include "base/result.hpp"

namespace scalemart {

inline constexpr std::size_t kSecretBytesMin = 32;  ///< RFC 7518 section 3.2: at least the hash's size.

/// Why a secret must not be used (too short, well known, repetitive), or nullopt.
[[nodiscard]] std::optional<std::string> weakness_of_secret(std::string_view secret);

struct SigningKey {
  std::string kid;             ///< From the secret's hash; says nothing about the secret.
  HmacSha256 mac;              ///< Keyed once; copied per use.
  std::string encoded_header;  ///< The base64url header of every token this key signs.
};

struct KeySet {
  SigningKey current;
  std::optional<SigningKey> previous;
  /// nullptr: not ours.
  [[nodiscard]] const SigningKey* find(std::string_view kid) const;
};

/// Purpose: owns the key set and replaces it as a whole.
/// Concurrency: thread-safe; readers keep a copy of the pointer and ask version() whether it is still the
/// newest.
class KeyRing {
 public:
  /// A secret from the environment; rotate by passing the old one as `previous`.
  [[nodiscard]] static Result<std::unique_ptr<KeyRing>> from_secret(
      std::string_view secret, std::optional<std::string_view> previous = std::nullopt);
  /// Reads `folder`/token.keys, or makes it (mode 0600) with a fresh secret. Refuses a file others can read.
  [[nodiscard]] static Result<std::unique_ptr<KeyRing>> open(const std::filesystem::path& folder, Random& random);

  /// A fresh current key; the current one becomes the previous, the previous is forgotten. Durable before it
  /// is used. An error when the secret came from the environment.
  [[nodiscard]] Result<void> rotate(Random& random);
  /// Reads the file again (another process rotated); no change when the secret came from the environment.
  [[nodiscard]] Result<void> reload();

  [[nodiscard]] std::uint64_t version() const noexcept { return version_.load(std::memory_order_acquire); }
  [[nodiscard]] std::shared_ptr<const KeySet> get() const;

 private:
  KeyRing(std::filesystem::path file, std::shared_ptr<const KeySet> keys)
      : file_(std::move(file)), keys_(std::move(keys)) {}
  void replace(std::shared_ptr<const KeySet> keys);

  std::filesystem::path file_;  ///< Empty: from the environment.
  mutable std::mutex mutex_;
  std::shared_ptr<const KeySet> keys_;  ///< Guarded by mutex_.
  std::atomic<std::uint64_t> version_{1};
};

}  // namespace scalemart
