#pragma once
// Where Redis is, as operators write it:
//   redis://[user[:password]@]host[:6379][/db]
//   redis+sentinel://[user[:password]@]h1[:26379],h2,h3/master[/db]
//   redis+cluster://[user[:password]@]h1[:6379],h2
// With rediss in place of redis the connections are TLS. After a `?`, joined by `&`:
//   password_file=FILE   the password is the first line of this file
//   ca=FILE              certificates to trust instead of the system's
//   sentinel_user=, sentinel_password_file=   when the Sentinels ask for a password too

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace scalemart::redis {

struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
  auto operator<=>(const Endpoint&) const = default;
  [[nodiscard]] std::string text() const;  ///< host:port, [host]:port for IPv6.
};

struct Credentials {
  std::string user;  ///< Empty: the default user.
  std::string password;
};

struct Address {
  enum class Kind : std::uint8_t { single, sentinel, cluster };
  Kind kind = Kind::single;
  std::vector<Endpoint> hosts;  ///< The server; the Sentinels; some nodes of the cluster.
  std::string master;           ///< What the Sentinels call it.
  std::uint16_t database = 0;
  Credentials credentials;
  Credentials sentinel_credentials;
  bool tls = false;
  std::string ca_file;

  /// The error says what is wrong and what is allowed, without repeating a password. Reads password files.
  [[nodiscard]] static Result<Address> parse(std::string_view url);
  /// For logs: everything but passwords.
  [[nodiscard]] std::string text() const;
};

}  // namespace scalemart::redis
