#pragma once
// Live updates: who watches a product or an order hears of its changes, and a sale does not notice.

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "domain/ids.hpp"
#include "domain/order.hpp"

namespace scalemart {

struct HubSettings {
  std::uint32_t writes_per_s = 10'000;                                     ///< To all readers of the process together.
  std::uint32_t burst = 200;                                               ///< Written in one go at most.
  std::chrono::nanoseconds interval_min = std::chrono::milliseconds(100);  ///< Between two states of one product.
  std::chrono::nanoseconds order_delay_max = std::chrono::milliseconds(20);
  std::size_t readers_max = 100'000;
};

/// What happened to an order.
struct OrderNotice {
  OrderId order;
  OrderStatus status = OrderStatus::pending;
  StatusReason reason = StatusReason::none;
  WallTime at;
};

struct HubStats {
  std::size_t product_readers = 0;
  std::size_t order_readers = 0;
  std::uint64_t writes = 0;
};

/// Purpose: coalesces changes and spreads the writes to readers.
/// Products: only the latest state counts. A change is one atomic store; the state is formatted when it is
/// time to write it, once for all readers, who are served in turn. With N readers a state reaches all of them
/// every max(interval_min, N / writes_per_s): with 10,000 of them once a second. Orders: every change is
/// told, in order, the last kNoticesMax of them when a reader is very late. Concurrency: product_changed()
/// and order_changed() on the ledger's thread: no allocation while nobody listens, a short lock only for an
/// order that is watched. subscribe() from any thread. pump() on one thread of its own; it calls the
/// formatters and the readers, under the hub's lock: a reader must be quick and must not call the hub.
/// Ownership: a reader is forgotten when its Subscription ends (then it is not called any more) or when it
/// says it is gone.
class Hub {
 public:
  using Text = std::shared_ptr<const std::string>;  ///< One buffer for all readers.
  /// False: this reader is gone.
  using Reader = std::function<bool(const Text&)>;
  struct Formatters {
    std::function<std::string(ProductRef)> product;  ///< The product's state now, ready to be written.
    std::function<std::string(const OrderNotice&)> order;
  };

  /// Ends exactly one subscription, once. Empty: there was no room. The hub outlives it.
  class Subscription {
   public:
    Subscription() = default;
    Subscription(Subscription&& other) noexcept { *this = std::move(other); }
    Subscription& operator=(Subscription&& other) noexcept;
    ~Subscription() { end(); }
    void end() noexcept;
    [[nodiscard]] explicit operator bool() const { return hub_ != nullptr; }

   private:
    friend class Hub;
    Subscription(Hub* hub, std::uint64_t id) : hub_(hub), id_(id) {}
    Hub* hub_ = nullptr;
    std::uint64_t id_ = 0;
  };

  Hub(const Clock& clock, Formatters formatters, HubSettings settings = {});
  ~Hub();
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  // --- the ledger's thread
  void product_changed(ProductRef product) noexcept;
  void order_changed(const OrderNotice& notice);

  // --- any thread
  /// The reader hears of changes from now on: subscribe first, then read the state that the stream begins
  /// with.
  [[nodiscard]] Subscription subscribe(ProductRef product, Reader reader);
  [[nodiscard]] Subscription subscribe(OrderId order, Reader reader);
  [[nodiscard]] HubStats stats() const;

  // --- the live thread
  /// Writes what is due; returns when to call again. SteadyTime::max(): when there is a reader (see
  /// on_reader).
  SteadyTime pump();
  /// Called after the first subscription of a hub without readers; must not call the hub.
  void on_reader(std::function<void()> wake) { wake_ = std::move(wake); }

 private:
  static constexpr std::size_t kChunk = 1024;
  static constexpr std::size_t kChunks = 64;  ///< 65,536 products, as many as a ledger holds.
  static constexpr std::size_t kFilter = 1 << 16;
  static constexpr std::size_t kNoticesMax = 8;
  using Versions = std::array<std::atomic<std::uint32_t>, kChunk>;

  struct Seat {
    std::uint64_t id = 0;
    Reader reader;
    std::uint64_t seen = 0;  ///< The last text it was given.
  };
  struct ProductTopic {
    std::vector<Seat> seats;
    std::size_t cursor = 0;     ///< Who is next.
    std::size_t behind = 0;     ///< Seats that have not got `text`.
    std::uint32_t version = 0;  ///< Of the product when `text` was made.
    std::uint64_t number = 0;   ///< Of `text`.
    Text text;
    SteadyTime refresh_at{};
  };
  struct OrderTopic {
    std::vector<Seat> seats;
    std::vector<OrderNotice> notices;
  };
  struct Place {
    bool is_order = false;
    ProductRef product{};
    OrderId order;
    std::size_t seat = 0;  ///< Index among a product's seats.
  };

  [[nodiscard]] std::atomic<std::uint32_t>* version_of(ProductRef product) const noexcept;
  [[nodiscard]] static std::size_t bucket_of(OrderId order) { return std::hash<OrderId>{}(order) % kFilter; }
  void unsubscribe(std::uint64_t id) noexcept;
  void remove_seat(std::uint64_t id, const Place& place);
  void refresh(ProductRef product, ProductTopic& topic, SteadyTime now);
  /// Serves `topic` from its cursor on, while there are writes left.
  void serve(ProductTopic& topic);
  void tell_orders();
  void refill(SteadyTime now);

  const Clock& clock_;
  const Formatters formatters_;
  const HubSettings settings_;
  mutable std::array<std::atomic<Versions*>, kChunks> versions_{};
  std::array<std::atomic<std::uint16_t>, kFilter> order_filter_{};  ///< Readers by hash of their order.
  std::atomic<std::size_t> order_readers_{0};

  mutable std::mutex mutex_;  ///< Guards all below.
  std::uint64_t next_id_ = 1;
  std::unordered_map<std::uint64_t, Place> places_;
  std::map<ProductRef, ProductTopic> products_;
  std::map<ProductRef, ProductTopic>::iterator turn_ = products_.end();  ///< Whose turn it is.
  double allowance_ = 0;
  SteadyTime refilled_at_{};
  std::uint64_t writes_ = 0;

  mutable std::mutex orders_mutex_;  ///< Guards the two below; taken after mutex_, by the ledger's thread alone.
  std::unordered_map<OrderId, OrderTopic> orders_;
  std::vector<OrderId> told_;  ///< Orders with notices.

  std::function<void()> wake_;
};

}  // namespace scalemart
