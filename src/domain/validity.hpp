#pragma once
// What a value must be for the sale to take it, whoever decides: the ledger of one machine or a shared record.

#include <cstddef>
#include <string>
#include <string_view>

#include "domain/order.hpp"
#include "domain/product.hpp"

namespace scalemart::rules {

inline constexpr std::size_t kPaymentReferenceMax = 255;
inline constexpr std::uint32_t kProductsMax = 0xffff;
inline constexpr std::uint32_t kExpireMax = 4096;  ///< Holds ended by one command.

/// Within the bounds of domain/product.hpp; texts are counted in code points.
[[nodiscard]] bool is_valid(const ProductSpec& spec);
[[nodiscard]] bool is_valid_total(std::int64_t total);
[[nodiscard]] bool is_valid_reason(std::string_view reason);
/// A reason for which a worker may end an order.
[[nodiscard]] bool is_decline(StatusReason reason);
/// Invoice and mail are finished after the order is confirmed; the other steps end with the status.
[[nodiscard]] constexpr bool is_paperwork(Step step) {
  return step == Step::invoice || step == Step::mail;
}
/// At most kReasonMax bytes, cut between code points. A worker's message must never keep an order from being
/// parked.
[[nodiscard]] std::string shortened(const std::string& reason);

}  // namespace scalemart::rules
