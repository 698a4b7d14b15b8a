#pragma once
// What a server of MongoDB's protocol is, and how it does.

#include "backend/mongodb/client.hpp"
#include "port/database_probe.hpp"

namespace scalemart::mongo {

/// Whether a write can reach so many copies. Throws Malformed.
[[nodiscard]] Result<void> check_copies(Client& client, std::uint32_t copies);

/// For `scalemart doctor`: connects and tries. Leaves nothing behind but an empty collection (`probe`). An error:
/// nobody is there, or does not let us in.
[[nodiscard]] Result<DatabaseProbe> probe(const Client::Options& options, const Clock& clock);

}  // namespace scalemart::mongo
