#pragma once
// Amounts as people write them.

#include <string>

#include "domain/money.hpp"

namespace scalemart {

/// Digits after the point of a currency's minor unit (ISO 4217): 2 for most, 0 for JPY, 3 for KWD.
[[nodiscard]] int minor_digits(Currency currency);

/// "1,234.50 EUR". Plain ASCII, never locale-dependent.
[[nodiscard]] std::string format_money(MinorUnits amount, Currency currency);

}  // namespace scalemart
