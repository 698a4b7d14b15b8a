#pragma once
// What a payment provider tells by itself: its webhook.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.hpp"
#include "domain/ids.hpp"

namespace scalemart {

/// Only a hint to ask the provider: notices come late, twice and in any order.
struct PaymentNotice {
  enum class Kind : std::uint8_t {
    paid,
    failed,    ///< One attempt; the buyer may try again.
    ended,     ///< Nothing can be paid any more.
    refunded,  ///< All of it. The one notice that nothing has to be asked about: it is never taken back.
    other,     ///< Of no interest.
  };
  Kind kind = Kind::other;
  std::optional<OrderId> order;  ///< Empty: the payment is none of this shop's.
  std::string id;                ///< Of the notice, for logs; at most 255 bytes.
  std::string type;              ///< As the provider calls it, for logs; at most 255 bytes.
};

enum class NoticeFault : std::uint8_t {
  not_configured,  ///< There is no secret to check it with.
  bad_signature,   ///< It is not the provider's, or it was changed.
  too_old,         ///< It is the provider's, but of another time: somebody may be repeating it.
  unreadable,      ///< It is the provider's, but no notice.
};

/// Concurrency: any thread.
class PaymentNotices {
 public:
  virtual ~PaymentNotices() = default;
  /// `body` byte by byte as it came.
  [[nodiscard]] virtual std::variant<PaymentNotice, NoticeFault> read(std::string_view signature, std::string_view body,
                                                                      WallTime now) const = 0;
};

}  // namespace scalemart
