#pragma once
// How a database does, for `scalemart doctor`.

#include <optional>
#include <string>
#include <vector>

#include "backend/postgresql/connection.hpp"
#include "backend/postgresql/server_check.hpp"

namespace scalemart::pg {

struct Probe {
  std::string version;
  double round_trip_ms = 0;  ///< Median of a question that reads nothing.
  /// Median and slowest of a commit that is durable everywhere it has to be; nothing: it could not be tried.
  struct Commits {
    double median_ms = 0;
    double slowest_ms = 0;
    int tried = 0;
  };
  std::optional<Commits> commits;
  Result<void> server;      ///< As check_server() without demands.
  Result<void> standby;     ///< As check_server() with a synchronous standby.
  bool has_tables = false;  ///< Of the sale.
  Result<void> tables;      ///< As check_schema() of the sale, the archive and accounts.
};

/// Connects and tries. Leaves nothing behind but messages in the log of changes. An error: nobody is there, or does not
/// let us in.
[[nodiscard]] Result<Probe> probe(const Connection::Options& options, const Clock& clock);

}  // namespace scalemart::pg
