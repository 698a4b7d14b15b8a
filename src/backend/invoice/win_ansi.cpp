#include "backend/invoice/win_ansi.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace scalemart {
namespace {

struct Special {
  char32_t code;
  unsigned char byte;
};
/// 0x80..0x9f of code page 1252.
constexpr std::array<Special, 27> kSpecials{{
    {0x20ac, 0x80}, {0x201a, 0x82}, {0x0192, 0x83}, {0x201e, 0x84}, {0x2026, 0x85}, {0x2020, 0x86}, {0x2021, 0x87},
    {0x02c6, 0x88}, {0x2030, 0x89}, {0x0160, 0x8a}, {0x2039, 0x8b}, {0x0152, 0x8c}, {0x017d, 0x8e}, {0x2018, 0x91},
    {0x2019, 0x92}, {0x201c, 0x93}, {0x201d, 0x94}, {0x2022, 0x95}, {0x2013, 0x96}, {0x2014, 0x97}, {0x02dc, 0x98},
    {0x2122, 0x99}, {0x0161, 0x9a}, {0x203a, 0x9b}, {0x0153, 0x9c}, {0x017e, 0x9e}, {0x0178, 0x9f},
}};

/// U+0100..U+017F without accents, one letter each.
constexpr std::string_view kLatin =
    "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIiIiJjKkkLlLlLlL"
    "lLlNnNnNnnNnOoOoOoOoRrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs";
static_assert(kLatin.size() == 128);

/// U+0391..U+03C9.
constexpr std::array<std::string_view, 57> kGreek{
    "A", "V",  "G", "D",  "E",  "Z", "I", "Th", "I", "K", "L", "M", "N", "X", "O", "P", "R",  "",   "S",
    "T", "Y",  "F", "Ch", "Ps", "O", "I", "Y",  "a", "e", "i", "i", "y", "a", "v", "g", "d",  "e",  "z",
    "i", "th", "i", "k",  "l",  "m", "n", "x",  "o", "p", "r", "s", "s", "t", "y", "f", "ch", "ps", "o"};

/// U+0410..U+044F.
constexpr std::array<std::string_view, 64> kCyrillic{
    "A", "B", "V", "G", "D", "E",  "Zh", "Z",  "I",  "Y",    "K", "L", "M", "N", "O",  "P",
    "R", "S", "T", "U", "F", "Kh", "Ts", "Ch", "Sh", "Shch", "",  "Y", "",  "E", "Yu", "Ya",
    "a", "b", "v", "g", "d", "e",  "zh", "z",  "i",  "y",    "k", "l", "m", "n", "o",  "p",
    "r", "s", "t", "u", "f", "kh", "ts", "ch", "sh", "shch", "",  "y", "",  "e", "yu", "ya"};

/// Takes one code point off the front; 0xFFFD for a broken one.
char32_t take(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text.front());
  text.remove_prefix(1);
  if (lead < 0x80) return lead;
  const std::size_t more = lead >= 0xf0 && lead < 0xf5   ? 3
                           : lead >= 0xe0 && lead < 0xf0 ? 2
                           : lead >= 0xc2 && lead < 0xe0 ? 1
                                                         : 0;
  if (more == 0 || text.size() < more) return 0xfffd;
  char32_t code = lead & (0x3fU >> more);
  for (std::size_t i = 0; i < more; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0) != 0x80) return 0xfffd;
    code = (code << 6) | (next & 0x3fU);
  }
  text.remove_prefix(more);
  return code;
}

void append(std::string& out, char32_t code) {
  if (code < 0x20 || code == 0x7f || (code >= 0x80 && code < 0xa0)) {
    out += ' ';
  } else if (code < 0x100) {
    out += static_cast<char>(code);
  } else if (const auto at = std::ranges::find(kSpecials, code, &Special::code); at != kSpecials.end()) {
    out += static_cast<char>(at->byte);
  } else if (code < 0x180) {
    out += kLatin[code - 0x100];
  } else if (code >= 0x391 && code <= 0x3c9) {
    out += kGreek[code - 0x391];
  } else if (code >= 0x410 && code <= 0x44f) {
    out += kCyrillic[code - 0x410];
  } else if (code == 0x401 || code == 0x451) {
    out += code == 0x401 ? "Yo" : "yo";
  } else if (code != 0x200d && !(code >= 0x300 && code < 0x370) && code != 0xfe0f) {  // marks that combine vanish
    out += '?';
  }
}

}  // namespace

std::string to_win_ansi(std::string_view utf8) {
  std::string out;
  out.reserve(utf8.size());
  while (!utf8.empty()) append(out, take(utf8));
  return out;
}

}  // namespace scalemart
