#pragma once
// Server-sent events (WHATWG HTML, section 9.2): live stock, live orders, the console's numbers.

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "flow/catalogue.hpp"
#include "flow/sale_clock.hpp"
#include "gateway/route.hpp"
#include "notify/hub.hpp"
#include "port/sale_ledger.hpp"

namespace scalemart {

/// The texts of `stock` and `order` events, as the hub asks for them.
[[nodiscard]] Hub::Formatters stream_formatters(const Catalogue& catalogue, const SaleClock& clock);

/// Purpose: consoles that watch the statistics. Concurrency: any thread.
class StatsViewers {
 public:
  void add(EventStream viewer);
  /// Sends to all; forgets who is gone. Nothing is rendered while nobody watches.
  void publish(const std::function<std::string()>& render);

 private:
  std::mutex mutex_;
  std::vector<EventStream> viewers_;  ///< Guarded by mutex_.
};

struct StreamServices {
  Hub& hub;
  const Catalogue& catalogue;
  const SaleClock& clock;
  OrderBook& orders;
  StatsViewers& stats_viewers;
  std::function<std::string()> stats;  ///< JSON, one line.
  std::size_t viewers_max = 15'000;    ///< Of products and orders together.
};

/// The services outlive the routes.
[[nodiscard]] Routes stream_routes(StreamServices services);

}  // namespace scalemart
