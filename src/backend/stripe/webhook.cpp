#include "backend/stripe/webhook.hpp"

#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <cstdlib>

#include "base/check.hpp"
#include "base/hex.hpp"

namespace scalemart {
namespace {

namespace json = boost::json;
using Kind = PaymentNotice::Kind;

constexpr std::size_t kSignaturesMax = 16;
constexpr std::size_t kHexDigits = 64;

struct Signature {
  std::string_view time;
  std::vector<std::string_view> v1;
};

/// Schemes that are not known here are passed over.
Signature split(std::string_view header) {
  Signature out;
  while (!header.empty()) {
    const std::string_view part = header.substr(0, header.find(','));
    header.remove_prefix(std::min(header.size(), part.size() + 1));
    if (part.starts_with("t=")) out.time = part.substr(2);
    if (part.starts_with("v1=") && out.v1.size() < kSignaturesMax) out.v1.push_back(part.substr(3));
  }
  return out;
}

std::string hmac_hex(const std::string& secret, std::string_view time, std::string_view body) {
  std::string message(time);
  message.append(".").append(body);
  std::array<unsigned char, 32> mac{};
  unsigned size = 0;
  const bool made =
      HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
           reinterpret_cast<const unsigned char*>(message.data()), message.size(), mac.data(), &size) != nullptr;
  SCALEMART_CHECK(made && size == mac.size());
  return to_hex(std::as_bytes(std::span(mac)));
}

const json::object* object_at(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr ? value->if_object() : nullptr;
}

std::string text_at(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return std::string(std::string_view(value->as_string()).substr(0, 255));
}

Kind kind_of(std::string_view type, const json::object& object) {
  if (type == "payment_intent.succeeded") return Kind::paid;
  if (type == "payment_intent.payment_failed") return Kind::failed;
  if (type == "payment_intent.canceled") return Kind::ended;
  const json::value* refunded = object.if_contains("refunded");
  // A part of the money is the shop's own business: the units stay sold.
  const bool whole = refunded != nullptr && refunded->is_bool() && refunded->as_bool();
  return type == "charge.refunded" && whole ? Kind::refunded : Kind::other;
}

}  // namespace

bool StripeWebhook::is_signed(std::string_view time, const std::vector<std::string_view>& signatures,
                              std::string_view body) const {
  bool good = false;
  for (const std::string& secret : settings_.secrets) {
    const std::string expected = hmac_hex(secret, time, body);
    for (const std::string_view given : signatures)
      if (given.size() == kHexDigits) good |= CRYPTO_memcmp(given.data(), expected.data(), kHexDigits) == 0;
  }
  return good;
}

std::variant<PaymentNotice, NoticeFault> StripeWebhook::read(std::string_view header, std::string_view body,
                                                             WallTime now) const {
  if (settings_.secrets.empty()) return NoticeFault::not_configured;
  const Signature signature = split(header);
  std::int64_t seconds = 0;
  const char* end = signature.time.data() + signature.time.size();
  const auto [stop, bad] = std::from_chars(signature.time.data(), end, seconds);
  constexpr std::int64_t kSecondsMax = 253'402'300'799;  // the year 9999
  const bool is_time = bad == std::errc() && stop == end && seconds >= 0 && seconds <= kSecondsMax;
  if (!is_time || !is_signed(signature.time, signature.v1, body)) return NoticeFault::bad_signature;
  if (std::abs(now.ms - seconds * 1000) > settings_.tolerance.count()) return NoticeFault::too_old;

  boost::system::error_code fault;
  const json::value event = json::parse(body, fault);
  const json::object* top = fault ? nullptr : event.if_object();
  const json::object* data = top != nullptr ? object_at(*top, "data") : nullptr;
  const json::object* object = data != nullptr ? object_at(*data, "object") : nullptr;
  if (object == nullptr || text_at(*top, "object") != "event") return NoticeFault::unreadable;
  PaymentNotice notice;
  notice.id = text_at(*top, "id");
  notice.type = text_at(*top, "type");
  notice.kind = kind_of(notice.type, *object);
  if (const json::object* metadata = object_at(*object, "metadata"))
    notice.order = parse_ulid<OrderId>(text_at(*metadata, "order"));
  return notice;
}

}  // namespace scalemart
