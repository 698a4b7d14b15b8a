#pragma once
// The JSON of a token: one object of strings, integers, true, false and null; nothing nested, nothing twice.
// General parsers keep the last of two equal members, and two parsers that keep different ones are an attack
// (RFC 8259 section 4; RFC 7515 section 4 demands unique names), hence our own.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace scalemart {

class FlatJson {
 public:
  static constexpr std::size_t kMembersMax = 32;
  enum class Kind : std::uint8_t { string, integer, other };
  struct Member {
    std::string_view name;
    Kind kind = Kind::other;
    std::string_view text;    ///< Of a string.
    std::int64_t number = 0;  ///< Of an integer.
  };

  /// The views point into `text`. nullopt: not such an object. Strings with a backslash are refused: no name
  /// or value of ours needs one, and an escaped name is another way to write it twice.
  [[nodiscard]] static std::optional<FlatJson> parse(std::string_view text);

  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] const Member* find(std::string_view name) const;
  [[nodiscard]] std::optional<std::string_view> string(std::string_view name) const;
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name) const;

 private:
  std::array<Member, kMembersMax> members_;
  std::size_t count_ = 0;
};

}  // namespace scalemart
