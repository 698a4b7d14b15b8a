#include "app/text_line.hpp"

#include <algorithm>

#include "base/utf8.hpp"

namespace scalemart {
namespace {

constexpr std::size_t kGap = 2;

/// Bytes of the character that begins with this one.
std::size_t size_of(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

std::uint32_t code_of(std::string_view character) {
  auto code = static_cast<std::uint32_t>(static_cast<unsigned char>(character[0]));
  if (character.size() == 1) return code;
  code &= 0x7FU >> character.size();
  for (const char next : character.substr(1)) code = (code << 6) | (static_cast<unsigned char>(next) & 0x3FU);
  return code;
}

std::size_t columns_of(std::uint32_t code) {
  const bool is_sign = code >= 0x2000 && code < 0x2E80;  // punctuation, arrows, boxes, blocks
  return code >= 0x1100 && !is_sign ? 2 : 1;
}

template <class Visit>
void each_character(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const std::string_view character = text.substr(0, size_of(text[0]));
    text.remove_prefix(character.size());
    if (!visit(character)) return;
  }
}

}  // namespace

std::string as_plain_line(std::string_view text) {
  std::string out;
  const std::string valid = as_plain_utf8(text);
  each_character(valid, [&](std::string_view character) {
    const std::uint32_t code = code_of(character);
    const bool is_control = code < 0x20 || (code >= 0x7F && code < 0xA0) || (code >= 0x200B && code < 0x2010) ||
                            (code >= 0x2028 && code < 0x2030) || (code >= 0x2066 && code < 0x2070);
    is_control ? out.push_back('?') : static_cast<void>(out.append(character));
    return true;
  });
  return out;
}

std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  each_character(text, [&](std::string_view character) {
    width += columns_of(code_of(character));
    return true;
  });
  return width;
}

std::string cut(std::string_view text, std::size_t width) {
  if (width_of(text) <= width) return std::string(text);
  std::string out;
  std::size_t used = 1;  // the dots
  each_character(text, [&](std::string_view character) {
    used += columns_of(code_of(character));
    if (used > width) return false;
    out.append(character);
    return true;
  });
  return width == 0 ? std::string() : out + "…";
}

std::string padded(std::string_view text, std::size_t width, bool right) {
  std::string shown = cut(text, width);
  const std::string blanks(width - std::min(width, width_of(shown)), ' ');
  return right ? blanks + shown : shown + blanks;
}

std::vector<std::string> TextTable::lines() const {
  std::vector<std::size_t> widths(names.size());
  std::vector<bool> right(names.size());
  std::vector<std::vector<std::string>> all{names};
  for (std::size_t i = 0; i < names.size(); ++i) {
    right[i] = names[i].starts_with('>');
    if (right[i]) all[0][i].erase(0, 1);
  }
  all.insert(all.end(), rows.begin(), rows.end());
  for (const auto& row : all)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  std::vector<std::string> lines;
  for (const auto& row : all) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i)
      line += (i > 0 ? std::string(kGap, ' ') : "") + padded(row[i], widths[i], right[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace scalemart
