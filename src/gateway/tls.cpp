#include "gateway/tls.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>

#include "domain/time_text.hpp"

namespace scalemart {
namespace {

constexpr const char* kCiphers12 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kCiphers13 = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* kGroups = "X25519:P-256:P-384";

Error problem(const std::string& what) {
  std::array<char, 256> text{};
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return error("TLS: " + what);
  ERR_error_string_n(code, text.data(), text.size());
  return error("TLS: " + what + " (" + text.data() + ")");
}

std::optional<WallTime> wall_time(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  return WallTime{static_cast<std::int64_t>(::timegm(&parts)) * 1000};
}

Result<CertificateDates> dates_of(const X509* certificate, const std::string& file) {
  const auto from = wall_time(X509_get0_notBefore(certificate));
  const auto until = wall_time(X509_get0_notAfter(certificate));
  if (!from || !until) return problem("the dates of the certificate " + file + " cannot be read");
  return CertificateDates{*from, *until};
}

/// A browser would not talk to us, so it is better said here.
Result<void> check_dates(const X509* certificate, const std::string& file, WallTime now) {
  const auto dates = dates_of(certificate, file);
  if (!dates) return dates.error();
  if (now < dates->from)
    return error("TLS: the certificate " + file + " is not good before " + to_rfc3339(dates->from) +
                 ": check the clock, or use another one");
  if (dates->until <= now)
    return error("TLS: the certificate " + file + " expired at " + to_rfc3339(dates->until) + ": renew it");
  return {};
}

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned in_size,
                    void*) {
  constexpr std::string_view kHttp = "http/1.1";
  for (unsigned i = 0; i < in_size && i + 1u + in[i] <= in_size; i += in[i] + 1u) {
    const std::string_view offered(reinterpret_cast<const char*>(in + i + 1), in[i]);
    if (offered != kHttp) continue;
    *out = in + i + 1;
    *out_size = in[i];
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;  // It insists on a protocol we do not speak.
}

}  // namespace

Result<CertificateDates> certificate_dates(const std::string& file) {
  ERR_clear_error();
  const std::unique_ptr<BIO, decltype(&BIO_free)> bytes(BIO_new_file(file.c_str(), "r"), BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      bytes ? PEM_read_bio_X509(bytes.get(), nullptr, nullptr, nullptr) : nullptr, X509_free);
  if (!certificate) return problem("cannot read the certificate " + file);
  return dates_of(certificate.get(), file);
}

Result<void> TlsSlot::load(const TlsFiles& files, WallTime now) {
  ERR_clear_error();
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  SSL_CTX* c = context.get();
  if (c == nullptr) return problem("no context");
  SSL_CTX_set_options(c, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                             SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(c, 0);
  SSL_CTX_set_alpn_select_cb(c, choose_protocol, nullptr);
  if (SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) != 1 || SSL_CTX_set_cipher_list(c, kCiphers12) != 1 ||
      SSL_CTX_set_ciphersuites(c, kCiphers13) != 1 || SSL_CTX_set1_groups_list(c, kGroups) != 1)
    return problem("cannot set protocols");
  if (SSL_CTX_use_certificate_chain_file(c, files.certificate.c_str()) != 1)
    return problem("cannot read the certificate " + files.certificate);
  if (SSL_CTX_use_PrivateKey_file(c, files.key.c_str(), SSL_FILETYPE_PEM) != 1)
    return problem("cannot use the key " + files.key);
  if (SSL_CTX_check_private_key(c) != 1) return problem("certificate and key do not belong together");
  if (auto good = check_dates(SSL_CTX_get0_certificate(c), files.certificate, now); !good) return good;
  const std::lock_guard lock(mutex_);
  context_ = std::move(context);
  return {};
}

SslHandle TlsSlot::accept() {
  const std::lock_guard lock(mutex_);
  SslHandle ssl(context_ ? SSL_new(context_.get()) : nullptr);  // Holds the context itself.
  if (ssl) SSL_set_accept_state(ssl.get());
  return ssl;
}

}  // namespace scalemart
