#include "gateway/tls.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <cstring>

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

Result<void> TlsSlot::load(const TlsFiles& files) {
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
