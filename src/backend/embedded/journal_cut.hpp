#pragma once
// A journal as it was at an earlier moment, for `scalemart restore --until`.

#include <filesystem>
#include <string>
#include <variant>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "domain/ids.hpp"

namespace scalemart {

struct JournalCut {
  Sequence head = 0;      ///< The last record that is left.
  Sequence left_out = 0;  ///< How many came after it.
};

/// Removes the batches behind a record's number, or that were made after a time. A batch is kept whole or not at all:
/// its hash covers all of it, and its answers left together. `journal` is a file that no process has open, e.g. a copy.
/// An error: it cannot be read, or nothing was recorded by then; the file may be spoiled afterwards.
[[nodiscard]] Result<JournalCut> cut_journal(const std::filesystem::path& journal,
                                             const std::variant<Sequence, WallTime>& until);

}  // namespace scalemart
