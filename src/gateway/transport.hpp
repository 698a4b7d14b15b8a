#pragma once
// Bytes in and out of one socket, plain or through TLS. Never blocks.

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace scalemart {

/// n > 0: so many bytes. Otherwise one of these.
enum class IoStop : std::uint8_t { again, end, failed };
struct IoResult {
  std::size_t bytes = 0;
  IoStop stop = IoStop::again;
};

struct SslFree {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using SslHandle = std::unique_ptr<SSL, SslFree>;

class Transport {
 public:
  /// Owns fd. ssl: set up for accepting, or nullptr.
  Transport(int fd, SslHandle ssl);
  ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool is_tls() const { return ssl_ != nullptr; }
  [[nodiscard]] IoResult read(char* to, std::size_t size);
  /// Reads past TLS, for bytes that are thrown away.
  [[nodiscard]] IoResult read_raw(char* to, std::size_t size);
  /// Writes the two pieces in order, with one system call when plain.
  [[nodiscard]] IoResult write(std::string_view first, std::string_view second = {});
  /// bytes == 1: done.
  [[nodiscard]] IoResult handshake();
  /// Says that nothing more will be written.
  void shutdown_write();
  /// The peer shall see a reset rather than an orderly end.
  void reset();

 private:
  [[nodiscard]] IoResult tls_outcome(int result);
  int fd_;
  SslHandle ssl_;
};

}  // namespace scalemart
