#pragma once
// What `scalemart serve --demo` shows: one sale that is live, one that starts in two minutes, one sold out.

#include "app/operations.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"

namespace scalemart {

/// Creates the products that are not there yet, and an administrator when there is no account of that name;
/// the random password is printed once, on stdout.
[[nodiscard]] Result<void> make_demo(Operations& operations, WallTime now);

}  // namespace scalemart
