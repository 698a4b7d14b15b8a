#pragma once
// Is this server one that a yes can stand on?

#include "backend/postgresql/connection.hpp"

namespace scalemart::pg {

struct ServerDemands {
  /// A yes must survive the loss of the primary: a synchronous standby is there and is waited for.
  bool synchronous_standby = false;
};

/// Refuses, with one line that says what to do: an old version, another encoding, a standby, fsync, full_page_writes
/// or synchronous_commit switched off, a synchronous standby that is wanted and not there.
[[nodiscard]] Result<void> check_server(Connection& connection, const ServerDemands& demands);

}  // namespace scalemart::pg
