#pragma once
// stripe:?base=https://api.stripe.com&payment_method=pm_card_visa&connections=64

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace scalemart {

struct StripeSettings {
  std::string base = "https://api.stripe.com";  ///< Without a slash at its end.
  std::string key;                              ///< The secret one; not a part of the text.
  /// What is charged without a buyer: of use with test keys. Not with `buyers_pay`.
  std::string payment_method;
  bool buyers_pay = false;
  std::size_t connections = 64;
};

/// The API whose answers this program was written for.
inline constexpr std::string_view kStripeVersion = "2024-06-20";

/// Strict: an unknown or repeated name, or a base that would send the key in clear to another machine, is an error that
/// says which.
[[nodiscard]] Result<StripeSettings> parse_stripe(std::string_view text);

/// A key that takes no real money.
[[nodiscard]] bool is_test_key(std::string_view key);

}  // namespace scalemart
