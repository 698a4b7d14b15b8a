#pragma once
// W3C Trace Context (Recommendation of 23 November 2021): who asked, across programs.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/ids.hpp"
#include "domain/order.hpp"

namespace scalemart {

/// What a `traceparent` says.
struct TraceContext {
  std::array<std::uint8_t, 16> trace{};
  std::array<std::uint8_t, 8> span{};  ///< The caller's.
  bool is_sampled = false;             ///< The caller may have kept it.
  bool operator==(const TraceContext&) const = default;
};

/// Nothing for what is not one: it is ignored then. Of later versions what is known of this one is read.
[[nodiscard]] std::optional<TraceContext> parse_trace_parent(std::string_view header);
[[nodiscard]] std::string to_trace_parent(const TraceContext& context);
[[nodiscard]] std::string trace_id(const TraceContext& context);
[[nodiscard]] std::string span_id(const TraceContext& context);

/// The trace of an order of its own, the same wherever and whenever it is asked for: its id is the order's, 16 bytes in
/// hexadecimal. Sampled, for every order is kept. The span is none.
[[nodiscard]] TraceContext trace_of(OrderId order);

/// The span of one try of a step in this trace; again the same wherever it is asked for.
[[nodiscard]] TraceContext step_of_trace(TraceContext trace, OrderId order, Step step, std::uint32_t attempt);

}  // namespace scalemart
