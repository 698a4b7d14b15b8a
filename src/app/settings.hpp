#pragma once
// The table of settings: one row is a variable, a flag, a TOML key, a default, bounds and a line of docs.

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "app/config.hpp"

namespace scalemart {

/// The field a row fills. The type decides how its text is read.
using SettingField = std::variant<ListenAddress Config::*, std::uint32_t Config::*, std::uint64_t Config::*,
                                  std::chrono::milliseconds Config::*, std::chrono::microseconds Config::*,
                                  std::string Config::*, std::filesystem::path Config::*,
                                  std::vector<std::string> Config::*, log::Level Config::*, Concurrency Config::*>;

enum class Mask : std::uint8_t {
  none,
  secret,       ///< Never shown; may come from a file (*_FILE).
  credentials,  ///< A URL that may hold them: shown without; may come from a file.
};

struct Setting {
  std::string_view group;
  std::string_view name;  ///< Without SCALEMART_.
  SettingField field;
  std::string_view fallback;  ///< The default, as one would write it.
  std::string_view help;
  /// Inclusive; counts, bytes, or the field's own unit of time.
  std::int64_t min = 0;
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
  Mask mask = Mask::none;
  /// Further rule for texts: what is allowed, when `value` is not.
  std::optional<std::string> (*check)(std::string_view value) = nullptr;

  [[nodiscard]] std::string variable() const;  ///< SCALEMART_RATE_LIMIT_LOGIN
  [[nodiscard]] std::string flag() const;      ///< --rate-limit-login
  [[nodiscard]] std::string key() const;       ///< rate_limit_login
  /// In words: "50ms to 1h", "1 to 256", "trace, debug, ..."; empty when anything goes.
  [[nodiscard]] std::string allowed() const;
  /// Reads `text` into the field. What was wrong and what is allowed, or nothing.
  [[nodiscard]] std::optional<std::string> assign(Config& config, std::string_view text) const;
  /// As one would write it. `reveal`: secrets too.
  [[nodiscard]] std::string show(const Config& config, bool reveal = false) const;
};

[[nodiscard]] std::span<const Setting> settings();
/// By variable, flag or key.
[[nodiscard]] const Setting* find_setting(std::string_view name);

/// What must fit together: both-or-neither pairs, limits against each other and against the machine's.
/// `fd_limit`: 0 for unknown.
[[nodiscard]] std::optional<std::string> check_together(const Config& config, std::uint64_t fd_limit);

/// docs/configuration.md.
[[nodiscard]] std::string settings_markdown();
/// A configuration file with every setting behind a #. `data_folder`: is in effect in it, when not empty.
[[nodiscard]] std::string settings_example(std::string_view data_folder);

}  // namespace scalemart
