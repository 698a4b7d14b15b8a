#pragma once
// Random commands from a seed. Every seed draws its own world ("swarm testing"): how many products, how
// little stock, how many buyers, how skewed, how long holds last, and which features are not used at all.
// Source: Groce et al., "Swarm Testing", ISSTA 2012.

#include <array>
#include <cmath>
#include <memory>
#include <random>
#include <vector>

#include "domain/command.hpp"

namespace scalemart::sim {

class Workload {
 public:
  explicit Workload(std::uint64_t seed) : random_(seed) {
    products_ = 1 + below(5);
    stock_max_ = std::array<std::int64_t, 4>{3, 20, 200, 5000}[below(4)];
    buyers_ = std::array<std::size_t, 4>{1, 5, 40, 2000}[below(4)];
    skew_ = std::array<double, 3>{1.0, 2.0, 5.0}[below(3)];
    hold_max_ = std::array<std::uint32_t, 5>{0, 100, 1000, 100'000, 10'000'000}[below(5)];
    mixed_holds_ = coin();
    for (double& weight : weight_) weight = below(4) == 0 ? 0.0 : std::array<double, 3>{0.2, 1.0, 3.0}[below(3)];
    weight_[kReserve] = 1.0 + static_cast<double>(below(20));
    weight_[kCreate] = 0.1;
    weight_[kRemove] = std::min(weight_[kRemove], 0.01);
    for (double& weight : {std::ref(weight_[kPause]), std::ref(weight_[kChange]), std::ref(weight_[kAdjust])})
      weight *= 0.3;
    for (double& weight : {std::ref(weight_[kUnpark]), std::ref(weight_[kDiscard]), std::ref(weight_[kExpire])})
      weight *= 0.5;
  }

  struct Next {
    Command command;
    WallTime now;
  };

  [[nodiscard]] Next next() {
    if (below(40) == 0)
      now_ += static_cast<std::int64_t>(below(std::min(hold_max_, 5000U) + 10));
    else
      now_ += static_cast<std::int64_t>(below(3));
    // Sometimes the caller's clock is behind.
    const WallTime now{below(50) == 0 ? now_ - static_cast<std::int64_t>(below(100)) : now_};
    if (made_ < products_) return {create(), now};
    return {pick(), now};
  }

  /// Tells what came of the last command.
  void observe(const Command& command, const Answer& answer) {
    if (std::holds_alternative<CreateProduct>(command)) ++made_;
    if (answer.outcome != Outcome::done) return;
    if (std::holds_alternative<Reserve>(command)) {
      const auto& reserve = std::get<Reserve>(command);
      orders_.push_back({reserve, 0, Stage::pending});
      return;
    }
    for (Known& known : orders_) {
      if (known.reserve.order != answer.order) continue;
      if (const auto* begin = std::get_if<Begin>(&command)) known.fence = begin->fence;
      if (std::holds_alternative<Begin>(command) && known.stage == Stage::pending) known.stage = Stage::processing;
      if (std::holds_alternative<Confirm>(command)) known.stage = Stage::confirmed;
      if (std::holds_alternative<Decline>(command) || std::holds_alternative<Cancel>(command))
        known.stage = Stage::over;
    }
  }

 private:
  enum Kind {
    kReserve,
    kCancel,
    kBegin,
    kConfirm,
    kDecline,
    kFinish,
    kPark,
    kExpire,
    kCreate,
    kChange,
    kRemove,
    kAdjust,
    kPause,
    kRefund,
    kUnpark,
    kDiscard,
    kKinds
  };
  enum class Stage { pending, processing, confirmed, over, any };
  struct Known {  // what the answers told of an order
    Reserve reserve;
    std::uint32_t fence;
    Stage stage;
  };

  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }
  bool coin() { return below(2) == 0; }
  double unit() { return static_cast<double>(random_() >> 11) * 0x1p-53; }

  Command pick() {
    double sum = 0;
    for (const double w : weight_) sum += w;
    double at = unit() * sum;
    int kind = 0;
    while (kind + 1 < kKinds && (at -= weight_[static_cast<std::size_t>(kind)]) >= 0) ++kind;
    switch (static_cast<Kind>(kind)) {
      case kReserve:
        return reserve();
      case kCancel: {
        const Known& k = some_order(Stage::pending);
        return Cancel{k.reserve.order, below(10) == 0 ? buyer() : k.reserve.buyer};
      }
      case kBegin: {
        const Known& k = some_order(coin() ? Stage::pending : Stage::processing);
        return Begin{k.reserve.order, below(8) == 0 ? static_cast<std::uint32_t>(below(5))
                                                    : k.fence + 1 + static_cast<std::uint32_t>(below(2))};
      }
      case kConfirm: {
        const Known& k = some_order(Stage::processing);
        return Confirm{k.reserve.order, fence(k), std::string(below(40) == 0 ? 300 : below(30), 'p')};
      }
      case kDecline: {
        const Known& k = some_order(Stage::processing);
        return Decline{k.reserve.order, fence(k), below(20) == 0 ? StatusReason::none : StatusReason::payment_declined};
      }
      case kFinish: {
        const Known& k = some_order(Stage::confirmed);
        return FinishStep{k.reserve.order, fence(k), step()};
      }
      case kPark: {
        const Known& k = some_order(coin() ? Stage::processing : Stage::confirmed);
        return Park{k.reserve.order, fence(k), step(), static_cast<std::uint32_t>(below(9)),
                    std::string(below(300), 'r')};
      }
      case kExpire:
        return ExpireDue{static_cast<std::uint32_t>(coin() ? 256 : below(4))};
      case kCreate:
        return create();
      case kChange: {
        auto changed = spec(below(products_));
        if (below(10) == 0) changed->currency.code = {'U', 'S', 'D'};
        return ChangeProduct{product(), changed};
      }
      case kRemove:
        return RemoveProduct{product()};
      case kAdjust: {
        const auto size = static_cast<std::int64_t>(below(static_cast<std::size_t>(stock_max_)));
        constexpr std::array<std::int64_t, 3> kExtremes{INT64_MIN, INT64_MAX, kStockMax};
        return AdjustStock{product(), below(20) == 0 ? kExtremes[below(3)] : size - stock_max_ / 2,
                           std::string(below(50) == 0 ? 201 : 5, 'a')};
      }
      case kPause:
        return SetPaused{product(), below(3) == 0};
      case kRefund:
        return Refund{some_order(Stage::confirmed).reserve.order};
      case kUnpark:
        return Unpark{some_order().reserve.order};
      default:
        return Discard{some_order().reserve.order};
    }
  }

  Command reserve() {
    Reserve r;
    // An earlier buy again, or its key with another body, or its order id with another key.
    const std::size_t mischief = orders_.empty() ? 9 : below(20);
    if (mischief < 3) r = some_order().reserve;
    if (mischief == 0) r.quantity = 1 + static_cast<std::uint32_t>(below(3));
    if (mischief == 1) r.product = product();
    if (mischief >= 3) {
      r.order = order_id();
      r.buyer = buyer();
      r.product = product();
      r.quantity = below(25) == 0 ? static_cast<std::uint32_t>(below(14)) : 1 + static_cast<std::uint32_t>(below(3));
      if (below(4) != 0) r.key = {random_(), below(3)};
      if (below(4) == 0) r.key = {1 + below(60), 0};  // as others use, too
      if (mischief == 3) r.order = some_order().reserve.order;
      if (below(300) == 0) r.order = {};
      if (below(300) == 0) r.buyer = {};
      if (below(300) == 0) r.quantity = UINT32_MAX;
    }
    r.hold_ms = mixed_holds_ ? static_cast<std::uint32_t>(below(hold_max_ + 1)) : hold_max_;
    return r;
  }

  Command create() {
    auto made = spec(made_ < products_ ? made_ : below(products_ + 3));
    if (made_ >= products_ && below(4) == 0) made->terms.price = -1;
    return CreateProduct{made, below(30) == 0
                                   ? kStockMax + 1
                                   : static_cast<std::int64_t>(below(static_cast<std::size_t>(stock_max_) + 1))};
  }

  std::shared_ptr<ProductSpec> spec(std::size_t number) {
    auto s = std::make_shared<ProductSpec>();
    s->id = "p" + std::to_string(number);
    s->details.name = "Product";
    s->terms.price = static_cast<MinorUnits>(below(10'000));
    if (below(3) == 0) s->terms.starts_at = WallTime{now_ + static_cast<std::int64_t>(below(200)) - 50};
    if (below(5) == 0) s->terms.ends_at = WallTime{now_ + static_cast<std::int64_t>(below(2000))};
    if (coin()) s->terms.per_user_limit = static_cast<std::uint32_t>(1 + below(8));
    return s;
  }

  /// Mostly one of that stage, and recent ones more often.
  const Known& some_order(Stage stage = Stage::any) {
    for (int attempt = 0; stage != Stage::any && attempt < 8; ++attempt)
      if (const Known& known = any_order(); known.stage == stage) return known;
    return any_order();
  }
  const Known& any_order() {
    static const Known nobody{
        {.order = {1, 1}, .buyer = {1, 1}, .product = {}, .quantity = 1, .hold_ms = 0, .key = {}}, 0, Stage::over};
    if (orders_.empty() || below(100) == 0) return nobody;
    const std::size_t back = coin() ? below(std::min<std::size_t>(orders_.size(), 20)) : below(orders_.size());
    return orders_[orders_.size() - 1 - back];
  }
  std::uint32_t fence(const Known& k) { return below(8) == 0 ? static_cast<std::uint32_t>(below(5)) : k.fence; }
  Step step() { return static_cast<Step>(below(kStepCount)); }
  ProductRef product() { return ProductRef{static_cast<std::uint32_t>(below(50) == 0 ? below(20) : below(products_))}; }
  UserId buyer() { return {7, 1 + static_cast<std::uint64_t>(std::pow(unit(), skew_) * static_cast<double>(buyers_))}; }
  OrderId order_id() { return {static_cast<std::uint64_t>(now_) << 16, random_()}; }

  std::mt19937_64 random_;
  std::size_t products_, buyers_;
  std::int64_t stock_max_;
  double skew_;
  std::uint32_t hold_max_;
  bool mixed_holds_;
  std::array<double, kKinds> weight_{};
  std::size_t made_ = 0;
  std::int64_t now_ = 1'700'000'000'000;
  std::vector<Known> orders_;
};

}  // namespace scalemart::sim
