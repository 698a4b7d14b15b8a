#pragma once
// What a rehearsal ran on: numbers without it say little. No names, no addresses.

#include <boost/json/object.hpp>

namespace scalemart::rehearse {

/// {"system":"Linux 6.1.0 x86_64","cpu":"...","cpus":2,"memory_bytes":...}; what cannot be found out is null.
[[nodiscard]] boost::json::object machine_json();

}  // namespace scalemart::rehearse
