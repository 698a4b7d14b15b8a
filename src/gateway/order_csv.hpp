#pragma once
// Orders as CSV (RFC 4180).

#include <string>
#include <string_view>

#include "port/order_archive.hpp"

namespace scalemart {

[[nodiscard]] std::string order_csv_head();
void append_csv(std::string& out, const ArchivedOrder& order);

/// One field: quoted where RFC 4180 asks for it. A text that a spreadsheet would run as a formula (it starts
/// with = + - @, tab or return) gets an apostrophe in front (OWASP, CSV injection).
void append_csv_field(std::string& out, std::string_view text);

}  // namespace scalemart
