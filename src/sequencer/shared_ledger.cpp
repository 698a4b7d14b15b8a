#include "sequencer/shared_ledger.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace scalemart {
namespace {

template <class C>
concept NamesOrder = requires(const C& c) {
  c.order;
}
&&!std::is_same_v<C, Reserve>;
template <class C>
concept NamesProduct = requires(const C& c) {
  c.product;
};

}  // namespace

SharedLedger::SharedLedger(SystemOfRecord& record, StockFilter* filter, SaleLane::TimeSource time, const Clock& clock,
                           Options options)
    : record_(record),
      options_(std::move(options)),
      filter_(filter, options_.partitions),
      teacher_(record, filter_, clock, options_.keys),
      desk_(record, clock, options_.reads) {
  SCALEMART_CHECK(options_.partitions > 0 && options_.order_lanes > 0);
  for (std::uint32_t p = 0; p < options_.partitions + options_.order_lanes; ++p)
    lanes_.push_back(std::make_unique<SaleLane>(
        record, filter_, teacher_, p < options_.partitions ? p : SaleLane::kOrders, time, clock, options_.lane));
}

SharedLedger::~SharedLedger() {
  stop();
}

void SharedLedger::start() {
  for (const auto& lane : lanes_) lane->start();
  desk_.start();
  teacher_.start();
}

void SharedLedger::stop() {
  for (const auto& lane : lanes_) lane->stop();
  desk_.stop();
  teacher_.stop();
}

void SharedLedger::run_until_idle() {
  for (bool busy = true; busy;) {
    busy = desk_.step() || teacher_.step();
    for (const auto& lane : lanes_) busy |= lane->step();
  }
}

SaleLane& SharedLedger::lane_of(const Command& command) noexcept {
  const std::size_t place = std::visit(
      [this]<class C>(const C& c) -> std::size_t {
        if constexpr (NamesOrder<C>)
          return options_.partitions + std::hash<OrderId>()(c.order) % options_.order_lanes;
        else if constexpr (NamesProduct<C>)
          return partition_of(c.product, options_.partitions);
        else
          return options_.partitions;  // a product that has no place yet, and what is due in any of them
      },
      command);
  return *lanes_[place];
}

bool SharedLedger::submit(Ticket ticket) noexcept {
  return lane_of(ticket.command).submit(std::move(ticket));
}

bool SharedLedger::find(OrderId id, ReadDesk::One done) {
  return desk_.find(id, std::move(done));
}

bool SharedLedger::find_by_key(UserId buyer, KeyDigest key, ReadDesk::One done) {
  return desk_.find_by_key({buyer, key}, std::move(done));
}

bool SharedLedger::of_buyer(UserId buyer, OrderId before, std::size_t limit, ReadDesk::Many done) {
  return desk_.of_buyer(buyer, before, limit, std::move(done));
}

Result<std::vector<ProductRecord>> SharedLedger::refresh() {
  auto products = record_.products(options_.lane.commit_within);
  if (!products || !filter_.is_there()) return products;
  for (std::uint32_t p = 0; p < filter_.partitions(); ++p) {
    std::vector<ProductRecord> here;
    for (const ProductRecord& product : *products)
      if (partition_of(product.product, filter_.partitions()) == p) here.push_back(product);
    if (here.empty()) continue;
    filter_.with(p, [&](StockFilter& filter) { filter.publish(p, here, options_.lane.filter_within); });
  }
  return products;
}

TicketQueue::Depth SharedLedger::depth() const noexcept {
  TicketQueue::Depth sum;
  for (const auto& lane : lanes_) {
    const TicketQueue::Depth depth = lane->depth();
    sum.buys += depth.buys;
    sum.others += depth.others;
  }
  return sum;
}

std::chrono::nanoseconds SharedLedger::oldest_age() const noexcept {
  std::chrono::nanoseconds oldest{};
  for (const auto& lane : lanes_) oldest = std::max(oldest, lane->oldest_age());
  return oldest;
}

SteadyTime SharedLedger::last_tick() const noexcept {
  SteadyTime oldest = SteadyTime::max();
  for (const auto& lane : lanes_) oldest = std::min(oldest, lane->last_tick());
  return oldest;
}

}  // namespace scalemart
