#include "port/shop_copy.hpp"

#include <array>

namespace scalemart {
namespace {

constexpr std::array<std::string_view, 6> kKinds{"created", "changed", "removed", "adjusted", "paused", "resumed"};

}  // namespace

std::string_view to_text(ProductEvent::Kind kind) {
  return kKinds.at(static_cast<std::size_t>(kind));
}

std::optional<ProductEvent::Kind> parse_event_kind(std::string_view text) {
  for (std::size_t i = 0; i < kKinds.size(); ++i)
    if (kKinds[i] == text) return static_cast<ProductEvent::Kind>(i);
  return std::nullopt;
}

}  // namespace scalemart
