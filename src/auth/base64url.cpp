#include "auth/base64url.hpp"

#include <array>
#include <cstdint>

namespace scalemart {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint32_t kBad = 0x80000000;

constexpr std::array<std::uint32_t, 256> make_values() {
  std::array<std::uint32_t, 256> values{};
  values.fill(kBad);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i)
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint32_t>(i);
  return values;
}
constexpr auto kValues = make_values();

std::uint32_t value_of(char c) {
  return kValues[static_cast<unsigned char>(c)];
}

}  // namespace

void base64url_append(std::string& out, std::string_view bytes) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])); };
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const std::uint32_t v = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    for (const int shift : {18, 12, 6, 0}) out.push_back(kAlphabet[(v >> shift) & 63]);
  }
  if (bytes.size() - i == 1) {
    const std::uint32_t v = byte(i) << 16;
    for (const int shift : {18, 12}) out.push_back(kAlphabet[(v >> shift) & 63]);
  } else if (bytes.size() - i == 2) {
    const std::uint32_t v = byte(i) << 16 | byte(i + 1) << 8;
    for (const int shift : {18, 12, 6}) out.push_back(kAlphabet[(v >> shift) & 63]);
  }
}

std::string base64url_encode(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 4 / 3 + 3);
  base64url_append(out, bytes);
  return out;
}

std::optional<std::size_t> base64url_decode(std::string_view text, char* out, std::size_t capacity) {
  const std::size_t tail = text.size() % 4;
  const std::size_t size = text.size() / 4 * 3 + (tail == 0 ? 0 : tail - 1);
  if (tail == 1 || size > capacity) return std::nullopt;
  std::uint32_t bad = 0;
  std::size_t o = 0;
  std::size_t i = 0;
  for (; i + 4 <= text.size(); i += 4) {
    const std::uint32_t a = value_of(text[i]), b = value_of(text[i + 1]), c = value_of(text[i + 2]),
                        d = value_of(text[i + 3]);
    bad |= a | b | c | d;
    const std::uint32_t v = a << 18 | b << 12 | c << 6 | d;
    out[o++] = static_cast<char>(v >> 16);
    out[o++] = static_cast<char>(v >> 8);
    out[o++] = static_cast<char>(v);
  }
  if (tail != 0) {
    const std::uint32_t a = value_of(text[i]), b = value_of(text[i + 1]), c = tail == 3 ? value_of(text[i + 2]) : 0;
    bad |= a | b | c;
    if ((tail == 2 ? b & 15 : c & 3) != 0) return std::nullopt;  // two texts would mean one value
    const std::uint32_t v = a << 18 | b << 12 | c << 6;
    out[o++] = static_cast<char>(v >> 16);
    if (tail == 3) out[o++] = static_cast<char>(v >> 8);
  }
  if ((bad & kBad) != 0) return std::nullopt;
  return size;
}

}  // namespace scalemart
