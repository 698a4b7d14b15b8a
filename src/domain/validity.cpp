#include "domain/validity.hpp"

#include <algorithm>

namespace scalemart::rules {
namespace {

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

bool is_price(MinorUnits price) {
  return price >= 0 && price <= kPriceMax;
}

}  // namespace

bool is_valid(const ProductSpec& spec) {
  const auto capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  const SaleTerms& terms = spec.terms;
  return is_product_slug(spec.id) && std::all_of(spec.currency.code.begin(), spec.currency.code.end(), capital) &&
         !spec.details.name.empty() && code_points(spec.details.name) <= kNameMax &&
         code_points(spec.details.description) <= kDescriptionMax &&
         code_points(spec.details.image_url) <= kImageUrlMax && is_price(terms.price) &&
         is_price(spec.details.list_price.value_or(0)) &&
         !(terms.starts_at && terms.ends_at && *terms.ends_at <= *terms.starts_at);
}

bool is_valid_total(std::int64_t total) {
  return total >= 0 && total <= kStockMax;
}

bool is_valid_reason(std::string_view reason) {
  return code_points(reason) <= kReasonMax;
}

bool is_decline(StatusReason reason) {
  return reason == StatusReason::payment_declined || reason == StatusReason::hold_expired;
}

std::string shortened(const std::string& reason) {
  if (reason.size() <= kReasonMax) return reason;
  std::size_t size = kReasonMax;
  while (size > 0 && (reason[size] & 0xc0) == 0x80) --size;
  return reason.substr(0, size);
}

}  // namespace scalemart::rules
