#include "port/order_archive.hpp"

namespace scalemart {

std::optional<std::pair<OrderId, OrderId>> ids_beginning_with(std::string_view prefix) {
  if (prefix.size() > OrderId::kTextLength) return std::nullopt;
  std::string low(prefix), high(prefix);
  low.resize(OrderId::kTextLength, '0');
  high.resize(OrderId::kTextLength, 'Z');
  if (prefix.empty()) high[0] = '7';  // the first digit holds three bits
  const auto first = parse_ulid<OrderId>(low);
  const auto last = parse_ulid<OrderId>(high);
  if (!first || !last) return std::nullopt;
  return std::make_pair(*first, *last);
}

}  // namespace scalemart
