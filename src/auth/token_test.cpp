#include "auth/token.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "auth/base64url.hpp"

namespace scalemart {
namespace {

using namespace std::chrono_literals;

constexpr const char* kSecret = "pQ7vX2mZ9rT4wK8sD1fG6hJ3lB5nC0yE";
constexpr const char* kOldSecret = "k3J!x-92hd_QpLmZ7vR#t5Yb0Wc8NgAe";
constexpr WallTime kNow{1'700'000'000'000};
constexpr const char* kUser = "01HF7YAT00AAAAAAAAAAAAAAAA";
constexpr const char* kFamily = "01HF7YAT00BBBBBBBBBBBBBBBB";

std::string jwt(const std::string& header, const std::string& payload, std::string_view secret = kSecret) {
  const std::string text = base64url_encode(header) + "." + base64url_encode(payload);
  const HmacSha256::Mac mac = HmacSha256(secret).of(text);
  return text + "." + base64url_encode({reinterpret_cast<const char*>(mac.data()), mac.size()});
}

class TokenTest : public ::testing::Test {
 protected:
  std::unique_ptr<KeyRing> ring_ = *KeyRing::from_secret(kSecret, kOldSecret);
  Revocations revocations_;
  TokenVerifier verifier_{*ring_, revocations_, 1024};
  TokenVerifier uncached_{*ring_, revocations_, 0};
  TokenSigner signer_{*ring_};
  TokenClaims claims_{*parse_ulid<UserId>(kUser), *parse_ulid<FamilyId>(kFamily), Role::buyer, 3};

  std::string kid() const { return ring_->get()->current.kid; }
  std::string header() const { return R"({"alg":"HS256","typ":"at+jwt","kid":")" + kid() + "\"}"; }
  static std::string payload(const std::string& exp = "1700000900", const std::string& iat = "1700000000") {
    return R"({"iss":"scalemart","aud":"shop","sub":")" + std::string(kUser) + R"(","exp":)" + exp + R"(,"iat":)" +
           iat + R"(,"role":"buyer","fam":")" + kFamily + R"(","epoch":3})";
  }
  /// The good payload with one text replaced.
  static std::string altered(const std::string& from, const std::string& to) {
    std::string text = payload();
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  }
  /// "ok", "invalid" or "expired", and the same on the second look.
  std::string judged(const std::string& token, WallTime now = kNow) {
    const auto name = [](const Verified& v) {
      const auto* error = std::get_if<TokenError>(&v);
      return std::string(error == nullptr ? "ok" : *error == TokenError::expired ? "expired" : "invalid");
    };
    const std::string first = name(verifier_.verify(token, now));
    EXPECT_EQ(name(verifier_.verify(token, now)), first) << "the cache disagrees";
    EXPECT_EQ(name(uncached_.verify(token, now)), first) << "the cache disagrees";
    return first;
  }
};

TEST_F(TokenTest, SignedTokenNamesItsPrincipal) {
  const std::string token = signer_.sign(claims_, kNow, 15min);
  for (int i = 0; i < 2; ++i) {
    const Verified verified = verifier_.verify(token, kNow);
    const auto* principal = std::get_if<Principal>(&verified);
    ASSERT_NE(principal, nullptr);
    EXPECT_EQ(principal->user, claims_.user);
    EXPECT_EQ(principal->family, claims_.family);
    EXPECT_EQ(principal->role, Role::buyer);
    EXPECT_EQ(principal->expires.ms, kNow.ms + 900'000);
  }
  EXPECT_EQ(token, jwt(header(), payload()));
  EXPECT_LE(token.size(), 336u) << "longer ones are not cached";
}

TEST_F(TokenTest, ExpiryHasNoLeeway) {
  const std::string token = signer_.sign(claims_, kNow, 15min);
  EXPECT_EQ(judged(token, kNow + 15min + -1ms), "ok");
  EXPECT_EQ(judged(token, kNow + 15min), "expired");
  EXPECT_EQ(judged(token, kNow + 24h), "expired");
}

TEST_F(TokenTest, IssuedInTheFutureHasThirtySecondsOfLeeway) {
  const std::string token = signer_.sign(claims_, kNow, 15min);
  EXPECT_EQ(judged(token, kNow + -31s), "invalid");
  EXPECT_EQ(judged(token, kNow + -30s), "ok");
}

TEST_F(TokenTest, LifetimeIsCut) {
  const std::string token = signer_.sign(claims_, kNow, 1000h);
  EXPECT_EQ(judged(token, kNow + 24h + -1ms), "ok");
  EXPECT_EQ(judged(token, kNow + 24h), "expired");
}

TEST_F(TokenTest, ForeignButHonestSpellingIsAccepted) {
  EXPECT_EQ(judged(jwt(" { \"typ\" : \"at+jwt\", \"kid\":\"" + kid() + "\", \"alg\":\"HS256\" } ", payload())), "ok");
  EXPECT_EQ(judged(jwt(header(), altered("\"epoch\":3}", "\"epoch\":3,\"jti\":\"x\",\"nbf\":1699999999,\"n\":null}"))),
            "ok");
  EXPECT_EQ(judged(jwt(header(), altered("\"epoch\":3}", "\"epoch\":3,\"nbf\":1700000030}"))), "ok");
  const std::string old_kid = ring_->get()->previous->kid;
  EXPECT_EQ(judged(jwt(R"({"alg":"HS256","typ":"at+jwt","kid":")" + old_kid + "\"}", payload(), kOldSecret)), "ok");
}

TEST_F(TokenTest, AttacksAreRefused) {
  const std::string good = jwt(header(), payload());
  const std::string body = base64url_encode(payload());
  const std::string signature = good.substr(good.rfind('.') + 1);
  const auto with_header = [&](const std::string& h) { return jwt(h, payload()); };
  const auto with_alg = [&](const std::string& alg) {
    return with_header(R"({"alg":)" + alg + R"(,"typ":"at+jwt","kid":")" + kid() + "\"}");
  };
  const auto with_kid = [&](const std::string& k) {
    return with_header(R"({"alg":"HS256","typ":"at+jwt","kid":)" + k + "}");
  };
  const auto with_extra = [&](const std::string& member) {
    return with_header(R"({"alg":"HS256","typ":"at+jwt","kid":")" + kid() + "\"," + member + "}");
  };
  const auto with_payload = [&](const std::string& p) { return jwt(header(), p); };
  const auto with_exp = [&](const std::string& exp) { return with_payload(payload(exp)); };
  const auto with_iat = [&](const std::string& iat) { return with_payload(payload("1700000900", iat)); };
  const auto without = [&](const std::string& claim) { return with_payload(altered(claim, "")); };
  const auto with = [&](const std::string& from, const std::string& to) { return with_payload(altered(from, to)); };
  const auto unsigned_with = [&](const std::string& h) { return base64url_encode(h) + "." + body + "."; };
  const auto stray_bits = [](std::string text) {
    // The last character of 43 carries 4 bits; its two low bits must be zero.
    const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    text.back() = alphabet[alphabet.find(text.back()) + 1];
    return text;
  };
  struct Row {
    const char* attack;
    std::string token;
    const char* expected = "invalid";
  };
  const std::vector<Row> rows = {
      // no signature, other algorithms
      {"alg none, no signature", unsigned_with(R"({"alg":"none","typ":"at+jwt"})")},
      {"alg none with kid", unsigned_with(R"({"alg":"none","typ":"at+jwt","kid":")" + kid() + "\"}")},
      {"alg None", with_alg("\"None\"")},
      {"alg nOnE", with_alg("\"nOnE\"")},
      {"alg empty", with_alg("\"\"")},
      {"alg null", with_alg("null")},
      {"alg number", with_alg("256")},
      {"alg hs256 in lower case", with_alg("\"hs256\"")},
      {"alg HS384", with_alg("\"HS384\"")},
      {"alg HS512", with_alg("\"HS512\"")},
      {"alg RS256", with_alg("\"RS256\"")},
      {"alg ES256", with_alg("\"ES256\"")},
      {"alg PS256", with_alg("\"PS256\"")},
      {"alg EdDSA", with_alg("\"EdDSA\"")},
      {"alg dir", with_alg("\"dir\"")},
      {"alg HS256 with a space", with_alg("\"HS256 \"")},
      {"alg escaped", with_alg("\"\\u0048S256\"")},
      {"alg array", with_alg("[\"HS256\"]")},
      {"alg missing", with_header(R"({"typ":"at+jwt","kid":")" + kid() + "\"}")},
      {"alg twice", with_header(R"({"alg":"none","alg":"HS256","typ":"at+jwt","kid":")" + kid() + "\"}")},
      {"kid twice", with_header(R"({"alg":"HS256","typ":"at+jwt","kid":"x","kid":")" + kid() + "\"}")},
      // keys
      {"unknown kid", with_kid("\"AAAAAAAA\"")},
      {"kid missing", with_header(R"({"alg":"HS256","typ":"at+jwt"})")},
      {"kid empty", with_kid("\"\"")},
      {"kid path traversal", with_kid("\"../../../../dev/null\"")},
      {"kid SQL", with_kid("\"x' UNION SELECT 'key'--\"")},
      {"kid with NUL", with_kid("\"" + kid() + std::string(1, '\0') + "\"")},
      {"kid null", with_kid("null")},
      {"kid number", with_kid("0")},
      {"kid of 900 bytes", with_kid("\"" + std::string(650, 'k') + "\"")},
      {"signed with an empty key", jwt(header(), payload(), "")},
      {"signed with the kid", jwt(header(), payload(), kid())},
      {"signed with the wrong key", jwt(header(), payload(), "another secret of enough bytes 123")},
      {"signed with the other key of the ring", jwt(header(), payload(), kOldSecret)},
      // header members that ask for something
      {"jku", with_extra(R"("jku":"https://evil.example/keys")")},
      {"jwk", with_extra(R"("jwk":{"kty":"oct","k":"AAAA"})")},
      {"x5u", with_extra(R"("x5u":"https://evil.example/cert")")},
      {"x5c", with_extra(R"("x5c":["MIIB"])")},
      {"crit", with_extra(R"("crit":["exp"])")},
      {"crit as a string", with_extra(R"("crit":"exp")")},
      {"b64 false", with_extra(R"("b64":false)")},
      {"zip", with_extra(R"("zip":"DEF")")},
      {"cty JWT", with_extra(R"("cty":"JWT")")},
      {"enc", with_extra(R"("enc":"A128GCM")")},
      // typ
      {"typ JWT", with_header(R"({"alg":"HS256","typ":"JWT","kid":")" + kid() + "\"}")},
      {"typ missing", with_header(R"({"alg":"HS256","kid":")" + kid() + "\"}")},
      {"typ in capitals", with_header(R"({"alg":"HS256","typ":"AT+JWT","kid":")" + kid() + "\"}")},
      {"typ of a refresh token", with_header(R"({"alg":"HS256","typ":"rt+jwt","kid":")" + kid() + "\"}")},
      // header form
      {"header not JSON", with_header("HS256")},
      {"header an array", with_header("[]")},
      {"header empty object", with_header("{}")},
      {"header with trailing text", with_header(header() + "x")},
      {"header with a byte order mark", with_header("\xef\xbb\xbf" + header())},
      {"header longer than 1 KiB", with_header(header().substr(0, header().size() - 1) + std::string(1000, ' ') + "}")},
      // shape
      {"empty", ""},
      {"dots", ".."},
      {"one part", base64url_encode(header())},
      {"two parts", good.substr(0, good.rfind('.'))},
      {"four parts", good + ".x"},
      {"five parts, as a JWE", base64url_encode(header()) + ".." + body + ".." + signature},
      {"no header", "." + body + "." + signature},
      {"no payload", base64url_encode(header()) + ".." + signature},
      {"no signature", good.substr(0, good.rfind('.') + 1)},
      {"signature cut", good.substr(0, good.size() - 1)},
      {"signature extended", good + "A"},
      {"signature padded", good + "="},
      {"signature not canonical", stray_bits(good)},
      {"signature in plain base64", good.substr(0, good.rfind('.') + 1) + std::string(42, '/') + "8"},
      {"signature of zeros", good.substr(0, good.rfind('.') + 1) + std::string(43, 'A')},
      {"signature with one bit changed",
       good.substr(0, good.size() - 43) + (good[good.size() - 43] == 'A' ? 'B' : 'A') + good.substr(good.size() - 42)},
      {"payload of another token",
       base64url_encode(header()) + "." + base64url_encode(altered("buyer", "admin")) + "." + signature},
      {"leading space", " " + good},
      {"trailing space", good + " "},
      {"trailing newline", good + "\n"},
      {"NUL inside", good.substr(0, 20) + std::string(1, '\0') + good.substr(21)},
      {"with the scheme", "Bearer " + good},
      {"payload padded", jwt(header(), payload()).insert(good.rfind('.'), "=")},
      {"longer than 4 KiB",
       with_payload(altered("\"epoch\":3}", "\"epoch\":3,\"x\":\"" + std::string(4000, 'x') + "\"}"))},
      {"a megabyte", std::string(1 << 20, 'A')},
      {"a megabyte of dots", std::string(1 << 20, '.')},
      // claims
      {"payload not JSON", with_payload("hello")},
      {"payload an array", with_payload("[" + payload() + "]")},
      {"payload nested", with("\"epoch\":3}", "\"epoch\":3,\"x\":{\"y\":1}}")},
      {"payload deep", with_payload(std::string(1500, '['))},
      {"claim twice", with("\"role\":\"buyer\"", "\"role\":\"buyer\",\"role\":\"admin\"")},
      {"claim twice by escape", with("\"role\":\"buyer\"", "\"role\":\"buyer\",\"\\u0072ole\":\"admin\"")},
      {"sub missing", without("\"sub\":\"" + std::string(kUser) + "\",")},
      {"exp missing", without("\"exp\":1700000900,")},
      {"iat missing", without("\"iat\":1700000000,")},
      {"iss missing", without("\"iss\":\"scalemart\",")},
      {"aud missing", without("\"aud\":\"shop\",")},
      {"role missing", without("\"role\":\"buyer\",")},
      {"fam missing", without("\"fam\":\"" + std::string(kFamily) + "\",")},
      {"epoch missing", without(",\"epoch\":3")},
      {"iss of somebody else", with("scalemart", "scalemart.example")},
      {"aud of somebody else", with("\"shop\"", "\"warehouse\"")},
      {"aud an array", with("\"shop\"", "[\"shop\"]")},
      {"sub not a ULID", with(kUser, "admin")},
      {"sub a number", with("\"" + std::string(kUser) + "\"", "1")},
      {"role unknown", with("buyer", "root")},
      {"role true", with("\"buyer\"", "true")},
      {"epoch negative", with("\"epoch\":3", "\"epoch\":-1")},
      {"epoch beyond 32 bits", with("\"epoch\":3", "\"epoch\":4294967296")},
      {"epoch a string", with("\"epoch\":3", "\"epoch\":\"3\"")},
      {"exp past", with_payload(payload("1699999999", "1699999000")), "expired"},
      {"exp now", with_payload(payload("1700000000", "1699999000")), "expired"},
      {"exp a float", with_exp("1700000900.5")},
      {"exp a float without fraction", with_exp("1700000900.0")},
      {"exp with exponent", with_exp("17e8")},
      {"exp a string", with_exp("\"1700000900\"")},
      {"exp 1e400", with_exp("1e400")},
      {"exp negative", with_exp("-1")},
      {"exp null", with_exp("null")},
      {"exp true", with_exp("true")},
      {"exp beyond 64 bits", with_exp("99999999999999999999")},
      {"exp at the end of time", with_exp("9223372036854775807")},
      {"exp more than a day after iat", with_exp("1700086401")},
      {"exp before iat", with_payload(payload("1700000000", "1700000010"))},
      {"iat beyond the leeway", with_iat("1700000031")},
      {"iat a float", with_iat("1700000000.0")},
      {"iat a string", with_iat("\"1700000000\"")},
      {"iat negative", with_iat("-9223372036854775808")},
      {"nbf beyond the leeway", with("\"epoch\":3}", "\"epoch\":3,\"nbf\":1700000031}")},
      {"nbf a string", with("\"epoch\":3}", "\"epoch\":3,\"nbf\":\"0\"}")},
      {"nbf null", with("\"epoch\":3}", "\"epoch\":3,\"nbf\":null}")},
  };
  ASSERT_EQ(judged(good), "ok");
  for (const Row& row : rows) EXPECT_EQ(judged(row.token), row.expected) << row.attack;
  EXPECT_GE(rows.size(), 60u);
  EXPECT_EQ(judged(good), "ok") << "nothing of it stuck";
}

TEST_F(TokenTest, EveryChangedByteIsNoticed) {
  const std::string good = signer_.sign(claims_, kNow, 15min);
  ASSERT_EQ(judged(good), "ok");
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    EXPECT_EQ(judged(bad), "invalid") << i;
  }
}

TEST_F(TokenTest, AnyBytesAreAnswered) {
  rc::check("random text is invalid", [&](const std::string& text) { RC_ASSERT(judged(text) == "invalid"); });
}

TEST_F(TokenTest, RevocationTakesEffectOnACachedToken) {
  const std::string token = signer_.sign(claims_, kNow, 15min);
  TokenClaims other = claims_;
  other.family.lo ^= 1;
  const std::string elsewhere = signer_.sign(other, kNow, 15min);
  ASSERT_EQ(judged(token), "ok");
  revocations_.revoke_family(claims_.family, kNow + 15min);
  EXPECT_EQ(judged(token), "invalid");
  EXPECT_EQ(judged(elsewhere), "ok");
  revocations_.revoke_user(claims_.user, 4, kNow + 24h);
  EXPECT_EQ(judged(elsewhere), "invalid");
  other.epoch = 4;
  EXPECT_EQ(judged(signer_.sign(other, kNow, 15min)), "ok");
}

TEST(TokenRotation, PreviousKeysTokensLiveUntilTheNextRotation) {
  std::string name = (std::filesystem::temp_directory_path() / "scalemart-token-XXXXXX").string();
  ASSERT_NE(::mkdtemp(name.data()), nullptr);
  SeededRandom random(3);
  const auto ring = *KeyRing::open(name, random);
  const Revocations revocations;
  TokenVerifier verifier(*ring, revocations, 64);
  const TokenSigner signer(*ring);
  const auto ok = [&](const std::string& token) {
    return std::holds_alternative<Principal>(verifier.verify(token, kNow));
  };
  const std::string first = signer.sign({{1, 1}, {2, 2}, Role::buyer, 0}, kNow, 15min);
  EXPECT_TRUE(ok(first));
  ASSERT_TRUE(ring->rotate(random));
  const std::string second = signer.sign({{1, 1}, {2, 2}, Role::buyer, 0}, kNow, 15min);
  EXPECT_NE(first, second);
  EXPECT_TRUE(ok(first));
  EXPECT_TRUE(ok(second));
  ASSERT_TRUE(ring->rotate(random));
  EXPECT_FALSE(ok(first)) << "also not from the cache";
  EXPECT_TRUE(ok(second));
  std::filesystem::remove_all(name);
}

TEST_F(TokenTest, FullCacheForgetsButNeverConfuses) {
  TokenVerifier tiny(*ring_, revocations_, 4);
  std::vector<std::string> tokens;
  for (std::uint64_t i = 0; i < 200; ++i) tokens.push_back(signer_.sign({{1, i}, {2, i}, Role::buyer, 0}, kNow, 15min));
  for (int round = 0; round < 3; ++round)
    for (std::uint64_t i = 0; i < tokens.size(); ++i) {
      const Verified verified = tiny.verify(tokens[i], kNow);
      ASSERT_TRUE(std::holds_alternative<Principal>(verified));
      ASSERT_EQ(std::get<Principal>(verified).user, (UserId{1, i}));
    }
}

}  // namespace
}  // namespace scalemart
