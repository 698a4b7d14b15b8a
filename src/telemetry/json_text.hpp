#pragma once
// Text as a JSON string, whatever bytes it holds.

#include <fmt/format.h>

#include <string_view>

namespace scalemart {

/// Appends `text` in quotes: control characters and DEL escaped, bytes that are not UTF-8 as U+FFFD, and
/// cut after about `max` bytes with an ellipsis.
void append_json_text(fmt::memory_buffer& out, std::string_view text, std::size_t max);

}  // namespace scalemart
