#pragma once
// TLS for the listener: OpenSSL, 1.2 and 1.3, AEAD and ECDHE only.
//
// No compression, no renegotiation, no session tickets (every connection has forward secrecy of its own),
// ALPN http/1.1. Reliability goals, A20.

#include <openssl/ssl.h>

#include <memory>
#include <mutex>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "gateway/options.hpp"
#include "gateway/transport.hpp"

namespace scalemart {

/// When a certificate is good.
struct CertificateDates {
  WallTime from, until;
};
/// Of the first certificate of a PEM file.
[[nodiscard]] Result<CertificateDates> certificate_dates(const std::string& file);

/// Purpose: holds the current certificate and key; replacing them leaves open connections alone.
/// Concurrency: thread-safe.
class TlsSlot {
 public:
  /// Reads, checks that they belong together and are good now, and makes them current. On error the old pair stays.
  [[nodiscard]] Result<void> load(const TlsFiles& files, WallTime now);
  /// A connection's end, ready to accept; nullptr when memory is out.
  [[nodiscard]] SslHandle accept();

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<SSL_CTX> context_;  ///< Guarded by mutex_.
};

}  // namespace scalemart
