#pragma once
// Assertions that stay on in release builds. A broken invariant must stop the sale: restart replays what
// the disk has, while going on would sell what is not there.

namespace scalemart {

/// Writes what failed and where to stderr, then aborts. Never returns; safe from any thread.
[[noreturn]] void check_failed(const char* what, const char* file, int line) noexcept;

}  // namespace scalemart

#define SCALEMART_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::scalemart::check_failed(#condition, __FILE__, __LINE__))
