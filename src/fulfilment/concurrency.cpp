#include "fulfilment/concurrency.hpp"

#include <charconv>

namespace scalemart {
namespace {

std::optional<std::uint32_t> parse_number(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (wrong != std::errc() || end != text.data() + text.size() || number == 0) return std::nullopt;
  return number;
}

}  // namespace

std::optional<Concurrency> parse_concurrency(std::string_view text) {
  constexpr std::string_view kTo = "..";
  const auto dots = text.find(kTo);
  const auto least = parse_number(text.substr(0, dots));
  const auto most = dots == std::string_view::npos ? least : parse_number(text.substr(dots + kTo.size()));
  if (!least || !most) return std::nullopt;
  const Concurrency read(*least, *most);
  return read.is_valid() ? std::optional(read) : std::nullopt;
}

std::string to_text(const Concurrency& concurrency) {
  if (concurrency.is_fixed()) return std::to_string(concurrency.max);
  return std::to_string(concurrency.min) + ".." + std::to_string(concurrency.max);
}

}  // namespace scalemart
