#pragma once
// Which processes of one kind are there, what each says about itself, and what is wished of it.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace scalemart {

/// Purpose: the console of one process shows the workers of all of them, and tells one how much to do; a gateway
/// learns how many there are. Views and wishes are the caller's texts (JSON, a number).
/// Concurrency: one thread. Blocks up to `within`. Errors: the registry is away; one line why.
class ProcessRegistry {
 public:
  struct Entry {
    std::string name;
    std::string view;
  };
  virtual ~ProcessRegistry() = default;
  /// Says that `name` is there, for the time `remembered`. The last wish for it, if there is one.
  [[nodiscard]] virtual Result<std::optional<std::string>> beat(std::string_view name, std::string_view view,
                                                                std::chrono::milliseconds remembered,
                                                                std::chrono::milliseconds within) = 0;
  /// Those that were heard of in time.
  [[nodiscard]] virtual Result<std::vector<Entry>> list(std::chrono::milliseconds within) = 0;
  /// False: there is no such process.
  [[nodiscard]] virtual Result<bool> wish(std::string_view name, std::string_view text,
                                          std::chrono::milliseconds within) = 0;
};

}  // namespace scalemart
