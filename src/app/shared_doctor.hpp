#pragma once
// What `scalemart doctor` looks at where a shop is shared: its database, its Redis, and who else serves.

#include "app/doctor.hpp"

namespace scalemart {

/// What would stop the start of `serve` or `worker` is bad, and in the same words. Loads the function library where it
/// is missing and the user may, as a start does.
void examine_shared(const Config& config, const Clock& clock, std::vector<Finding>& out);

}  // namespace scalemart
