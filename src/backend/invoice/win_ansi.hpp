#pragma once
// UTF-8 to the one byte a character of PDF's WinAnsiEncoding (Windows code page 1252).

#include <string>
#include <string_view>

namespace scalemart {

/// What the page cannot show is written with letters it can: the rest of Latin without its accents, Greek and
/// Cyrillic transliterated, anything else (and broken UTF-8) as '?'. Control characters become spaces.
/// Chosen over an embedded font: an invoice of 2 kB instead of 30 kB, no font package, rendered in
/// microseconds.
[[nodiscard]] std::string to_win_ansi(std::string_view utf8);

}  // namespace scalemart
