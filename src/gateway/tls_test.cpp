#include "gateway/tls.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <filesystem>
#include <fstream>

#include "gateway/test_gateway.hpp"

namespace scalemart {
namespace {

using namespace testing;
namespace fs = std::filesystem;

/// A self-signed pair in a folder of its own.
class Pair {
 public:
  explicit Pair(const std::string& name, std::int64_t from = 0, std::int64_t until = 4'000'000'000)
      : folder_(fs::temp_directory_path() / ("scalemart-tls-" + std::to_string(::getpid()) + name)) {
    fs::create_directories(folder_);
    files = {(folder_ / "cert.pem").string(), (folder_ / "key.pem").string()};
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* cert = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    ASN1_TIME_set(X509_getm_notBefore(cert), from);
    ASN1_TIME_set(X509_getm_notAfter(cert), until);
    X509_set_pubkey(cert, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(cert, X509_get_subject_name(cert));
    X509_sign(cert, key, EVP_sha256());
    FILE* c = std::fopen(files.certificate.c_str(), "w");
    PEM_write_X509(c, cert);
    std::fclose(c);
    FILE* k = std::fopen(files.key.c_str(), "w");
    PEM_write_PrivateKey(k, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(k);
    X509_free(cert);
    EVP_PKEY_free(key);
  }
  ~Pair() { fs::remove_all(folder_); }
  TlsFiles files;

 private:
  fs::path folder_;
};

class TlsClient {
 public:
  TlsClient(const TestGateway& server, int version, const char* ciphers = nullptr, const char* alpn = "http/1.1")
      : raw(server), context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free) {
    SSL_CTX_set_min_proto_version(context_.get(), version);
    SSL_CTX_set_max_proto_version(context_.get(), version);
    if (ciphers != nullptr) SSL_CTX_set_cipher_list(context_.get(), ciphers);
    ssl.reset(SSL_new(context_.get()));
    std::string wire(1, static_cast<char>(std::string_view(alpn).size()));
    wire += alpn;
    SSL_set_alpn_protos(ssl.get(), reinterpret_cast<const unsigned char*>(wire.data()),
                        static_cast<unsigned>(wire.size()));
    SSL_set_fd(ssl.get(), raw.fd());
    connected = SSL_connect(ssl.get()) == 1;
  }
  std::string ask(const std::string& bytes) {
    if (SSL_write(ssl.get(), bytes.data(), static_cast<int>(bytes.size())) <= 0) return "";
    std::string all;
    char piece[16 * 1024];
    while (all.find("\r\n\r\n") == std::string::npos) {
      const int n = SSL_read(ssl.get(), piece, sizeof piece);
      if (n <= 0) break;
      all.append(piece, static_cast<std::size_t>(n));
    }
    return all;
  }
  std::string peer_name() {
    const std::unique_ptr<X509, void (*)(X509*)> cert(SSL_get1_peer_certificate(ssl.get()), X509_free);
    char name[64] = "";
    if (cert) X509_NAME_get_text_by_NID(X509_get_subject_name(cert.get()), NID_commonName, name, sizeof name);
    return name;
  }
  RawClient raw;
  SslHandle ssl;
  bool connected = false;

 private:
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
};

Routes one_route() {
  Routes routes;
  routes.push_back(route(Method::get, "/echo", echo));
  routes.push_back(route(Method::get, "/big", [](Exchange& x) {
    Response r;
    r.body = std::string(1'000'000, 'x');
    x.respond(r);
  }));
  return routes;
}

TEST(Tls, ServesWithModernProtocolsOnly) {
  const Pair pair("one");
  TestGateway server(one_route(), [&](GatewayOptions& o) { o.tls = pair.files; });
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient client(server, version);
    ASSERT_TRUE(client.connected);
    const std::string answer = client.ask(get("/echo"));
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK")) << answer;
    EXPECT_NE(answer.find("Strict-Transport-Security: max-age=31536000"), std::string::npos);
    const unsigned char* protocol = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(client.ssl.get(), &protocol, &size);
    EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(protocol), size), "http/1.1");
  }
  EXPECT_FALSE(TlsClient(server, TLS1_1_VERSION).connected);
  EXPECT_FALSE(TlsClient(server, TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256").connected) << "no CBC";
  EXPECT_FALSE(TlsClient(server, TLS1_2_VERSION, "AES128-GCM-SHA256").connected) << "no static RSA";
  EXPECT_FALSE(TlsClient(server, TLS1_3_VERSION, nullptr, "h2").connected);
}

TEST(Tls, ReloadKeepsConnectionsAndBadPairsChangeNothing) {
  const Pair one("one");
  const Pair two("two");
  TestGateway server(one_route(), [&](GatewayOptions& o) { o.tls = one.files; });
  TlsClient before(server, TLS1_3_VERSION);
  EXPECT_EQ(before.peer_name(), "one");
  const auto mixed = server.gateway->reload_tls({one.files.certificate, two.files.key});
  ASSERT_FALSE(mixed);
  EXPECT_NE(mixed.error().message.find("TLS"), std::string::npos);
  EXPECT_FALSE(server.gateway->reload_tls({"/nonexistent", two.files.key}));
  EXPECT_EQ(TlsClient(server, TLS1_3_VERSION).peer_name(), "one");
  ASSERT_TRUE(server.gateway->reload_tls(two.files));
  EXPECT_EQ(TlsClient(server, TLS1_3_VERSION).peer_name(), "two");
  EXPECT_TRUE(before.ask(get("/echo")).starts_with("HTTP/1.1 200")) << "the old connection lives on";
}

TEST(Tls, LargeAnswersPassWhole) {
  const Pair pair("one");
  TestGateway server(one_route(), [&](GatewayOptions& o) { o.tls = pair.files; });
  TlsClient client(server, TLS1_3_VERSION);
  std::string all = client.ask(get("/big"));
  const std::size_t head = all.find("\r\n\r\n") + 4;
  char piece[16 * 1024];
  while (all.size() < head + 1'000'000) {
    const int n = SSL_read(client.ssl.get(), piece, sizeof piece);
    ASSERT_GT(n, 0);
    all.append(piece, static_cast<std::size_t>(n));
  }
  EXPECT_EQ(all.size(), head + 1'000'000);
}

TEST(Tls, StalledAndForeignHandshakesEnd) {
  const Pair pair("one");
  TestGateway server(one_route(), [&](GatewayOptions& o) { o.tls = pair.files; });
  RawClient plain(server);
  plain.send(get("/echo"));
  EXPECT_EQ(plain.read_all().find("HTTP/1.1 200"), std::string::npos);
  RawClient silent(server);
  ASSERT_TRUE(server.eventually([&] { return server.gateway->connections() == 1; }));
  ::poll(nullptr, 0, 20);
  server.clock.advance(std::chrono::milliseconds(5'200));
  EXPECT_TRUE(silent.is_closed());
}

TEST(Tls, StartIsRefusedWithoutAUsablePair) {
  EXPECT_THROW(TestGateway(one_route(),
                           [](GatewayOptions& o) {
                             o.tls = TlsFiles{"/no/cert", "/no/key"};
                           }),
               std::runtime_error);
}

TEST(Tls, ACertificateIsGoodOnlyInItsTime) {
  constexpr std::int64_t kFrom = 1'700'000'000, kUntil = 1'700'086'400;
  const Pair pair("brief", kFrom, kUntil);
  TlsSlot slot;
  EXPECT_TRUE(slot.load(pair.files, {kFrom * 1000}).has_value());
  EXPECT_TRUE(slot.load(pair.files, {kUntil * 1000 - 1}).has_value());
  const auto late = slot.load(pair.files, {kUntil * 1000});
  ASSERT_FALSE(late.has_value());
  EXPECT_NE(late.error().message.find("expired at 2023-11-15T22:13:20.000Z"), std::string::npos)
      << late.error().message;
  const auto early = slot.load(pair.files, {kFrom * 1000 - 1});
  ASSERT_FALSE(early.has_value());
  EXPECT_NE(early.error().message.find("is not good before 2023-11-14T22:13:20.000Z"), std::string::npos);
  EXPECT_NE(slot.accept(), nullptr) << "the pair that was good stays";
  EXPECT_EQ(certificate_dates(pair.files.certificate)->until.ms, kUntil * 1000);
}

TEST(Tls, AKeyOfAnotherCertificateIsRefused) {
  const Pair one("one"), other("other");
  TlsSlot slot;
  EXPECT_FALSE(slot.load({one.files.certificate, other.files.key}, {1'700'000'000'000}).has_value());
  EXPECT_EQ(slot.accept(), nullptr);
}

}  // namespace
}  // namespace scalemart
