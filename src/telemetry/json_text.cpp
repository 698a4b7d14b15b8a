#include "telemetry/json_text.hpp"

namespace scalemart {
namespace {

bool continues(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

// Length of the well-formed UTF-8 sequence that begins here (Unicode 15, table 3-7), or 0.
std::size_t sequence_length(std::string_view s) {
  const auto lead = static_cast<unsigned char>(s[0]);
  const auto second = s.size() > 1 ? static_cast<unsigned char>(s[1]) : 0U;
  std::size_t length = 0;
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) length = 2;
  if (lead >= 0xe0 && lead <= 0xef) length = 3;
  if (lead >= 0xf0 && lead <= 0xf4) length = 4;
  if (length == 0 || s.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!continues(s[i])) return 0;
  }
  const bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
  const bool beyond = (lead == 0xed && second > 0x9f) || (lead == 0xf4 && second > 0x8f);
  return overlong || beyond ? 0 : length;
}

void append_ascii(fmt::memory_buffer& out, char c) {
  const auto escape = [&](char letter) {
    out.push_back('\\');
    out.push_back(letter);
  };
  switch (c) {
    case '"':
      return escape('"');
    case '\\':
      return escape('\\');
    case '\n':
      return escape('n');
    case '\r':
      return escape('r');
    case '\t':
      return escape('t');
    default:
      break;
  }
  if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
    fmt::format_to(fmt::appender(out), "\\u{:04x}", static_cast<unsigned>(c));
  } else {
    out.push_back(c);
  }
}

}  // namespace

void append_json_text(fmt::memory_buffer& out, std::string_view text, std::size_t max) {
  const std::size_t limit = out.size() + max;
  const auto append = [&](std::string_view s) { out.append(s.data(), s.data() + s.size()); };
  out.push_back('"');
  while (!text.empty()) {
    if (out.size() > limit) {
      append("\xe2\x80\xa6");  // an ellipsis
      break;
    }
    const std::size_t length = sequence_length(text);
    if (length == 0) {
      append("\\ufffd");
    } else if (length == 1) {
      append_ascii(out, text[0]);
    } else {
      append(text.substr(0, length));
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out.push_back('"');
}

}  // namespace scalemart
