#pragma once
// One rehearsal from the first look at the stock to the verdict.

#include <atomic>
#include <functional>
#include <string_view>

#include "app/rehearse/report.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"

namespace scalemart::rehearse {

/// Called about once a second while it runs.
using OnProgress = std::function<void(std::string_view line)>;

/// Blocks until the crowd is done. An error: the server or the product was not there to begin with.
[[nodiscard]] Result<Report> run(const Options& options, const Clock& clock, const std::atomic<bool>& stop,
                                 const OnProgress& progress);

}  // namespace scalemart::rehearse
