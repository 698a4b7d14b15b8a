#include "app/shop_targets.hpp"

#include "app/store_advice.hpp"
#include "backend/postgresql/shop_target.hpp"

namespace scalemart {

Result<std::unique_ptr<ShopTarget>> open_shop_target(const Config& config, const Clock& clock) {
  if (!config.database.starts_with("postgres"))
    return error("SCALEMART_DATABASE: this program moves shops to postgresql:// only");
  pg::PostgresTarget::Options options;
  options.connection.url = config.database;
  options.demands.synchronous_standby = config.database_copies > 1;
  auto target = pg::PostgresTarget::open(std::move(options), clock);
  if (!target) return error(with_advice("SCALEMART_DATABASE", target.error().message));
  return std::unique_ptr<ShopTarget>(std::move(*target));
}

}  // namespace scalemart
