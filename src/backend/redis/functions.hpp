#pragma once
// The library of functions inside Redis (scalemart.lua): called, and loaded where it is missing.

#include <string>
#include <string_view>

#include "backend/redis/client.hpp"

namespace scalemart::redis {

/// Grows when scalemart.lua changes what it does: programs of two versions then use two libraries side by side.
inline constexpr std::string_view kLibrary = "scalemart_v1";

/// What FUNCTION LOAD takes, with its digest inside.
[[nodiscard]] const std::string& library_source();
/// The first 16 hexadecimal digits of the SHA-256 of scalemart.lua.
[[nodiscard]] const std::string& library_digest();
/// Names of all functions in it, without the library's.
[[nodiscard]] std::span<const std::string_view> function_names();

/// Bases of keys (KEYS[1] of a function): everything of a partition lives in one slot.
struct Keyspace {
  std::string prefix = "scalemart";
  [[nodiscard]] std::string partition(std::uint32_t number) const {
    return prefix + ":{p" + std::to_string(number) + "}";
  }
  [[nodiscard]] std::string limits(std::uint32_t shard) const { return prefix + ":{l" + std::to_string(shard) + "}"; }
  [[nodiscard]] std::string workers() const { return prefix + ":{workers}"; }
  [[nodiscard]] std::string gateways() const { return prefix + ":{gateways}"; }
  [[nodiscard]] std::string shop() const { return prefix + ":{shop}"; }
  [[nodiscard]] std::string letters() const { return prefix + ":{letters}"; }
  /// Of a rehearsal before the sale; its own part follows.
  [[nodiscard]] std::string check() const { return prefix + ":{check}"; }
  [[nodiscard]] std::string live_channel() const { return prefix + ":live"; }
};

/// Loads the library into this server unless exactly this one is there. The error is one line with what to do.
[[nodiscard]] Answered<void> ensure_library(Connection& server, SteadyTime deadline);

/// Purpose: calls functions. A server that lost the library (restarted without persistence) gets it again, when
/// the user may load it; otherwise the failure says what to do. Concurrency: one thread.
class Functions {
 public:
  explicit Functions(Client client) : client_(std::move(client)) {}
  /// `name` as in function_names().
  [[nodiscard]] Answered<Reply> call(std::string_view name, std::string_view base, const Command& arguments,
                                     SteadyTime deadline);
  [[nodiscard]] Client& client() { return client_; }
  [[nodiscard]] const Clock& clock() const { return client_.clock(); }

 private:
  Client client_;
  Command command_;  ///< Scratch.
};

}  // namespace scalemart::redis
