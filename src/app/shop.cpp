#include "app/shop.hpp"

namespace scalemart {

Done<Shop> open_shop(const Config& config, const Clock& clock, Metrics& metrics) {
  return config.is_shared() ? open_shared_shop(config, clock, metrics) : open_embedded_shop(config, clock, metrics);
}

}  // namespace scalemart
