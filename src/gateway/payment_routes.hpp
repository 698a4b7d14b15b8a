#pragma once
// /api/orders/{id}/payment, where buyers pay by themselves, and the provider's webhook.

#include <memory>

#include "base/clock.hpp"
#include "flow/checkout.hpp"
#include "gateway/route.hpp"
#include "port/payment_notices.hpp"

namespace scalemart {

struct PaymentServices {
  const Checkout& checkout;
  const PaymentNotices* notices;  ///< nullptr: this provider tells nothing by itself.
  const Clock& clock;
  std::string publishable_key;  ///< What a buyer's page needs besides the client secret; may be empty.
};

/// The services outlive the routes.
[[nodiscard]] Routes payment_routes(PaymentServices services);

}  // namespace scalemart
