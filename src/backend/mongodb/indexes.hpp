#pragma once
// Indexes that must be there before anything is asked.

#include <array>
#include <span>

#include "backend/mongodb/client.hpp"

namespace scalemart::mongo {

struct Index {
  const char* collection;
  std::array<const char*, 3> keys;  ///< Ascending; the rest nullptr.
  bool unique = false;
  bool sparse = false;  ///< Most documents have no such member.
};

/// Makes what is missing, if it may, and looks whether all are there. An error is one line and says what to do.
[[nodiscard]] Result<void> prepare_indexes(Client& client, std::span<const Index> indexes, bool create);

}  // namespace scalemart::mongo
