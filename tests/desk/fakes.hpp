#pragma once
// A queue and a registry in memory, and a shop whose record is the ledger: what a shared desk stands on.

#include <gtest/gtest.h>

#include <map>
#include <mutex>
#include <set>
#include <vector>

#include "fulfilment/testing.hpp"
#include "port/order_intake.hpp"
#include "port/process_registry.hpp"
#include "port/queue_control.hpp"
#include "sequencer/ledger_record.hpp"

namespace scalemart::testing {

/// Knows what is in it, as the streams do.
class FakeQueue final : public OrderIntake, public QueueControl {
 public:
  bool offer(std::span<const OpenOrder> orders, std::chrono::milliseconds) override {
    ++offers;
    if (away) return false;
    for (const OpenOrder& order : orders) queued.try_emplace(order.id, order);
    return true;
  }
  std::optional<QueueDepths> look(std::chrono::milliseconds) override {
    if (away) return std::nullopt;
    return depths;
  }
  std::optional<QueuedOrder> find(OrderId order, std::chrono::milliseconds) override {
    if (away) return std::nullopt;
    const auto at = found.find(order);
    return at == found.end() ? QueuedOrder{} : at->second;
  }
  bool pause(bool paused, std::chrono::milliseconds) override {
    if (!away) depths.paused = paused;
    return !away;
  }
  std::map<OrderId, OpenOrder> queued;
  std::map<OrderId, QueuedOrder> found;  ///< What is said of these.
  QueueDepths depths;
  bool away = false;
  int offers = 0;
};

class FakeRegistry final : public ProcessRegistry {
 public:
  explicit FakeRegistry(const Clock& clock) : clock_(clock) {}
  Result<std::optional<std::string>> beat(std::string_view name, std::string_view view,
                                          std::chrono::milliseconds remembered, std::chrono::milliseconds) override {
    const std::lock_guard lock(mutex_);
    if (away) return error("away");
    members_[std::string(name)] = {std::string(view), clock_.steady() + remembered};
    forget();
    const auto wish = wishes.find(std::string(name));
    if (wish == wishes.end()) return std::optional<std::string>();
    return std::optional(wish->second);
  }
  Result<std::vector<Entry>> list(std::chrono::milliseconds) override {
    const std::lock_guard lock(mutex_);
    if (away) return error("away");
    forget();
    std::vector<Entry> entries;
    for (const auto& [name, member] : members_) entries.push_back({name, member.view});
    return entries;
  }
  Result<bool> wish(std::string_view name, std::string_view text, std::chrono::milliseconds) override {
    const std::lock_guard lock(mutex_);
    if (away) return error("away");
    forget();
    if (!members_.contains(std::string(name))) return false;
    wishes[std::string(name)] = text;
    return true;
  }
  std::map<std::string, std::string> wishes;
  bool away = false;

 private:
  struct Member {
    std::string view;
    SteadyTime until;
  };
  void forget() {
    std::erase_if(members_, [this](const auto& member) { return member.second.until <= clock_.steady(); });
  }
  const Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Member> members_;
};

/// Sells one product.
struct RecordShop {
  static constexpr std::chrono::milliseconds kWithin{1000};

  RecordShop() {
    auto spec = std::make_shared<ProductSpec>();
    spec->id = "lamp";
    spec->details.name = "Lamp";
    spec->terms.price = 100;
    decide(CreateProduct{spec, 1000});
  }
  RecordedBatch commit(const std::vector<Command>& commands) { return record.commit(commands, clock.wall(), kWithin); }
  Answer decide(const Command& command) { return commit({command}).answers.at(0); }
  [[nodiscard]] Reserve buy() {
    const std::uint64_t n = ++bought;
    return {{1, n}, {2, n}, ProductRef{0}, 1, 600'000, {}};
  }
  OrderId sell() {
    const Reserve reserve = buy();
    EXPECT_EQ(decide(reserve).outcome, Outcome::done);
    return reserve.order;
  }
  void begin(OrderId order) { EXPECT_EQ(decide(Begin{order, ++fence}).outcome, Outcome::done); }
  void confirm(OrderId order) {
    begin(order);
    EXPECT_EQ(decide(Confirm{order, fence, "ref"}).outcome, Outcome::done);
  }
  void park(OrderId order, Step step, std::string reason = "no") {
    begin(order);
    EXPECT_EQ(decide(Park{order, fence, step, 3, std::move(reason)}).outcome, Outcome::done);
  }
  [[nodiscard]] OrderStatus status(OrderId order) { return record.find(std::vector{order}, kWithin)->at(0)->status; }

  ManualClock clock;
  LedgerRecord record;
  std::uint64_t bought = 0;
  std::uint32_t fence = 0;
};

}  // namespace scalemart::testing
