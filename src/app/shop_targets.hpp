#pragma once
// Where a shop can be moved to.

#include <memory>

#include "app/config.hpp"
#include "base/clock.hpp"
#include "port/shop_copy.hpp"

namespace scalemart {

/// Connects to the database of the configuration and checks the server. An error is one line that names the setting.
[[nodiscard]] Result<std::unique_ptr<ShopTarget>> open_shop_target(const Config& config, const Clock& clock);

}  // namespace scalemart
