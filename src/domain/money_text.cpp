#include "domain/money_text.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace scalemart {

int minor_digits(Currency currency) {
  constexpr std::array<std::string_view, 16> kNone{"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW",
                                                   "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"};
  constexpr std::array<std::string_view, 7> kThree{"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"};
  if (std::ranges::find(kNone, currency.text()) != kNone.end()) return 0;
  if (std::ranges::find(kThree, currency.text()) != kThree.end()) return 3;
  return 2;
}

std::string format_money(MinorUnits amount, Currency currency) {
  const auto digits = static_cast<std::size_t>(minor_digits(currency));
  // Negating the lowest value would overflow; the unsigned difference does not.
  const std::uint64_t magnitude =
      amount < 0 ? 0 - static_cast<std::uint64_t>(amount) : static_cast<std::uint64_t>(amount);
  std::string number = std::to_string(magnitude);
  if (number.size() <= digits) number.insert(0, digits + 1 - number.size(), '0');
  std::string text = number.substr(0, number.size() - digits);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, 1, ',');
  if (digits > 0) text += "." + number.substr(number.size() - digits);
  if (amount < 0) text.insert(0, 1, '-');
  return text.append(" ").append(currency.text());
}

}  // namespace scalemart
