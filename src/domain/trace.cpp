#include "domain/trace.hpp"

#include <algorithm>
#include <span>

#include "base/hex.hpp"

namespace scalemart {
namespace {

constexpr std::size_t kTraceAt = 3;
constexpr std::size_t kSpanAt = kTraceAt + 32 + 1;
constexpr std::size_t kFlagsAt = kSpanAt + 16 + 1;
constexpr std::size_t kSize = kFlagsAt + 2;

/// Lower case alone: the standard has it so.
int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool read_hex(std::string_view text, std::span<std::uint8_t> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = digit(text[2 * i]);
    const int low = digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return true;
}

bool is_zero(std::span<const std::uint8_t> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t b) { return b == 0; });
}

void write_big_endian(std::uint64_t value, std::uint8_t* out) {
  for (int i = 7; i >= 0; --i, value >>= 8) out[i] = static_cast<std::uint8_t>(value);
}

/// The finaliser of SplitMix64: every bit of the input moves every bit of the output.
std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

}  // namespace

std::optional<TraceContext> parse_trace_parent(std::string_view header) {
  if (header.size() < kSize) return std::nullopt;
  std::array<std::uint8_t, 1> version{};
  std::array<std::uint8_t, 1> flags{};
  TraceContext context;
  const bool is_well_formed = read_hex(header, version) && read_hex(header.substr(kTraceAt), context.trace) &&
                              read_hex(header.substr(kSpanAt), context.span) &&
                              read_hex(header.substr(kFlagsAt), flags) && header[kTraceAt - 1] == '-' &&
                              header[kSpanAt - 1] == '-' && header[kFlagsAt - 1] == '-';
  if (!is_well_formed || version[0] == 0xff || is_zero(context.trace) || is_zero(context.span)) return std::nullopt;
  if (header.size() > kSize && (version[0] == 0 || header[kSize] != '-')) return std::nullopt;
  context.is_sampled = (flags[0] & 1) != 0;
  return context;
}

std::string trace_id(const TraceContext& context) {
  return to_hex(std::as_bytes(std::span(context.trace)));
}

std::string span_id(const TraceContext& context) {
  return to_hex(std::as_bytes(std::span(context.span)));
}

std::string to_trace_parent(const TraceContext& context) {
  return "00-" + trace_id(context) + "-" + span_id(context) + (context.is_sampled ? "-01" : "-00");
}

TraceContext trace_of(OrderId order) {
  TraceContext context;
  write_big_endian(order.hi, context.trace.data());
  write_big_endian(order.lo, context.trace.data() + 8);
  context.is_sampled = true;
  return context;
}

TraceContext step_of_trace(TraceContext trace, OrderId order, Step step, std::uint32_t attempt) {
  const std::uint64_t which = (std::uint64_t{attempt} << 8) | static_cast<std::uint64_t>(step);
  const std::uint64_t span = mix(order.lo ^ mix(order.hi ^ mix(which + 1)));
  write_big_endian(span == 0 ? 1 : span, trace.span.data());
  return trace;
}

}  // namespace scalemart
