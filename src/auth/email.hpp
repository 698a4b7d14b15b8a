#pragma once
// E-mail addresses as names of accounts.

#include <optional>
#include <string>
#include <string_view>

namespace scalemart {

/// The form in which two spellings of one address are equal: ASCII letters in lower case. nullopt: not 3..254
/// bytes of one "@" with something on both sides and neither space nor control character.
[[nodiscard]] std::optional<std::string> normalise_email(std::string_view text);

/// A person's name: at most 100 characters, no control characters (it goes into mails and logs).
[[nodiscard]] bool is_person_name(std::string_view text);

}  // namespace scalemart
