#pragma once
// A TCP connection, plain or TLS, on which nothing waits longer than it was told to.

#include <openssl/ssl.h>

#include <memory>
#include <span>
#include <string_view>

#include "backend/redis/address.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"

namespace scalemart::redis {

/// What TLS connections of one address share.
using TlsContext = std::shared_ptr<SSL_CTX>;
/// Verifies servers against `ca_file`, or the system's certificates when it is empty.
[[nodiscard]] Result<TlsContext> make_tls(const std::string& ca_file);

/// Purpose: hiredis 0.14 has neither TLS nor a deadline for a whole call; this has both, and hiredis still
/// formats commands and reads replies. Names are resolved by the system's resolver, which has its own patience: use
/// numbers or a local resolver where a second matters. Concurrency: one thread.
class Stream {
 public:
  /// tls: nullptr for a plain connection.
  [[nodiscard]] static Result<Stream> connect(const Endpoint& to, const TlsContext& tls, const Clock& clock,
                                              SteadyTime deadline);
  Stream(Stream&& other) noexcept;
  Stream& operator=(Stream&& other) noexcept;
  ~Stream();

  /// The error says whether it was the deadline; after one the stream is of no use.
  [[nodiscard]] Result<void> write(std::string_view bytes, SteadyTime deadline);
  /// At least one byte.
  [[nodiscard]] Result<std::size_t> read(std::span<char> into, SteadyTime deadline);
  /// False: there was nothing to read until the deadline. A broken stream is readable.
  [[nodiscard]] bool wait_readable(SteadyTime deadline);
  /// The peer has closed or reset it. One system call.
  [[nodiscard]] bool is_closed() const;

 private:
  Stream(int fd, const Clock& clock) : fd_(fd), clock_(&clock) {}
  [[nodiscard]] Result<void> shake_hands(const TlsContext& tls, const std::string& host, SteadyTime deadline);
  /// Waits for `events`; an error at the deadline.
  [[nodiscard]] Result<void> wait(short events, SteadyTime deadline);
  /// After a TLS call that returned `code`: waits for what TLS needs, or says what went wrong.
  [[nodiscard]] Result<void> wait_for_tls(int code, SteadyTime deadline);
  void close() noexcept;

  struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  int fd_ = -1;
  const Clock* clock_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
};

}  // namespace scalemart::redis
