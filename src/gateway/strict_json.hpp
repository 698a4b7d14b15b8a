#pragma once
// JSON as requests may write it: RFC 8259 without the choices that readers make differently.

#include <boost/json/storage_ptr.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string_view>

namespace scalemart {

inline constexpr std::size_t kJsonDepthMax = 32;
inline constexpr std::size_t kJsonMembersMax = 256;  ///< In one object.

/// nullopt: not JSON, trailing data, a byte order mark, invalid UTF-8 or surrogates, deeper than
/// kJsonDepthMax, or an object that names a member twice (or has more than kJsonMembersMax). Numbers beyond a
/// double become infinite: no schema admits them.
[[nodiscard]] std::optional<boost::json::value> parse_strict_json(std::string_view text,
                                                                  const boost::json::storage_ptr& memory);

/// Whether a text or a name somewhere in it holds U+0000, which is JSON, but no database's text; and whoever counts as
/// C does stops counting there.
[[nodiscard]] bool holds_nul(const boost::json::value& value);

}  // namespace scalemart
