#pragma once
// How a database does, for `scalemart doctor`.

#include "backend/postgresql/connection.hpp"
#include "port/database_probe.hpp"

namespace scalemart::pg {

/// Connects and tries. Leaves nothing behind but messages in the log of changes. An error: nobody is there, or does not
/// let us in.
[[nodiscard]] Result<DatabaseProbe> probe(const Connection::Options& options, const Clock& clock);

}  // namespace scalemart::pg
