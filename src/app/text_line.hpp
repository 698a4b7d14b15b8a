#pragma once
// Lines for a terminal: what came from elsewhere cannot steer it, and what is cut is cut between characters.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace scalemart {

/// Valid UTF-8 on one line: control characters become '?'.
[[nodiscard]] std::string as_plain_line(std::string_view text);
/// In columns: a character is one, a wide one (from U+1100 on, but for lines, blocks and the like) two.
[[nodiscard]] std::size_t width_of(std::string_view text);
/// At most `width` columns; what was cut ends in "…".
[[nodiscard]] std::string cut(std::string_view text, std::size_t width);
/// Filled up with blanks, or cut.
[[nodiscard]] std::string padded(std::string_view text, std::size_t width, bool right = false);

/// Columns as wide as their widest cell, two blanks apart. Names that begin with '>' are of columns with numbers.
struct TextTable {
  std::vector<std::string> names;
  std::vector<std::vector<std::string>> rows;
  /// The names first.
  [[nodiscard]] std::vector<std::string> lines() const;
};

}  // namespace scalemart
