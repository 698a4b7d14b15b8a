#include <algorithm>
#include <array>

#include "backend/redis/router.hpp"
#include "backend/redis/slot.hpp"

namespace scalemart::redis {
namespace {

constexpr auto kPatience = std::chrono::milliseconds(200);  // with one node
constexpr auto kRefreshPause = std::chrono::milliseconds(100);
constexpr std::uint16_t kNobody = UINT16_MAX;

class ClusterRouter final : public Router {
 public:
  ClusterRouter(const Address& address, const Access& access) : seeds_(address.hosts), access_(access) {
    slots_.fill(kNobody);
  }

  Answered<Endpoint> where(std::uint16_t slot, SteadyTime deadline) override {
    if (auto ready = refresh_if_needed(deadline); !ready) return ready.error();
    if (slots_[slot] == kNobody) {
      outdated_ = true;
      return Failure{Failure::Kind::away, "no node of the cluster has slot " + std::to_string(slot)};
    }
    return nodes_[slots_[slot]];
  }

  Answered<std::vector<Endpoint>> masters(SteadyTime deadline) override {
    outdated_ = true;
    refreshed_at_ = {};
    if (auto ready = refresh_if_needed(deadline); !ready) return ready.error();
    if (std::find(slots_.begin(), slots_.end(), kNobody) != slots_.end())
      return Failure{Failure::Kind::away, "some slots of the cluster have no node: redis-cli --cluster fix"};
    return nodes_;
  }

  void failed(const Endpoint&) override { outdated_ = true; }

  void moved(std::uint16_t slot, const Endpoint& to) override {
    auto at = std::find(nodes_.begin(), nodes_.end(), to);
    if (at == nodes_.end()) at = nodes_.insert(nodes_.end(), to);
    slots_[slot] = static_cast<std::uint16_t>(at - nodes_.begin());
    outdated_ = true;  // others will have moved too
  }

 private:
  /// An outdated table is still of use when nobody has a newer one: a node that is gone says so itself.
  Answered<void> refresh_if_needed(SteadyTime deadline) {
    const SteadyTime now = access_.clock->steady();
    if (!outdated_ || (!nodes_.empty() && now < refreshed_at_ + kRefreshPause)) return boost::system::in_place_value;
    refreshed_at_ = now;
    std::vector<Endpoint> candidates = nodes_;
    candidates.insert(candidates.end(), seeds_.begin(), seeds_.end());
    std::string why;
    for (const Endpoint& node : candidates) {
      auto done = refresh_from(node, deadline);
      if (done) return done;
      why += (why.empty() ? "" : "; ") + done.error().why;
    }
    if (!nodes_.empty()) return boost::system::in_place_value;
    return Failure{Failure::Kind::away, "no node of the cluster answers: " + why};
  }

  Answered<void> refresh_from(const Endpoint& node, SteadyTime deadline) {
    deadline = std::min(deadline, access_.clock->steady() + kPatience);
    auto connection = Connection::open(node, access_, deadline, false);
    if (!connection) return connection.error();
    auto reply = connection->call(Command{"CLUSTER", "SLOTS"}, deadline);
    if (!reply) return Failure{Failure::Kind::away, node.text() + ": " + reply.error().why};
    const Value ranges = reply->value();
    if (ranges.size() == 0) return Failure{Failure::Kind::away, node.text() + " has no slots yet"};
    std::vector<Endpoint> nodes;
    std::array<std::uint16_t, kSlotCount> slots;
    slots.fill(kNobody);
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      const Value range = ranges[i];
      const std::int64_t first = range[0].integer().value_or(-1);
      const std::int64_t last = range[1].integer().value_or(-1);
      const std::int64_t port = range[2][1].integer().value_or(0);
      if (first < 0 || last >= kSlotCount || first > last || port <= 0 || port > UINT16_MAX) continue;
      const std::string_view host = range[2][0].text();  // empty: the node that answered
      const Endpoint master{host.empty() ? node.host : std::string(host), static_cast<std::uint16_t>(port)};
      auto at = std::find(nodes.begin(), nodes.end(), master);
      if (at == nodes.end()) at = nodes.insert(nodes.end(), master);
      std::fill(slots.begin() + first, slots.begin() + last + 1, static_cast<std::uint16_t>(at - nodes.begin()));
    }
    nodes_ = std::move(nodes);
    slots_ = slots;
    outdated_ = false;
    return boost::system::in_place_value;
  }

  const std::vector<Endpoint> seeds_;
  Access access_;
  std::vector<Endpoint> nodes_;
  std::array<std::uint16_t, kSlotCount> slots_;  ///< Index in nodes_.
  bool outdated_ = true;
  SteadyTime refreshed_at_{};
};

}  // namespace

std::unique_ptr<Router> make_cluster_router(const Address& address, const Access& access) {
  return std::make_unique<ClusterRouter>(address, access);
}

std::optional<Endpoint> parse_redirection(std::string_view text, const Endpoint& answered_by) {
  const std::string_view place = text.substr(text.rfind(' ') + 1);
  const auto colon = place.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view digits = place.substr(colon + 1);
  Endpoint to{std::string(place.substr(0, colon)), 0};
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), to.port);
  if (fault != std::errc{} || end != digits.data() + digits.size() || to.port == 0) return std::nullopt;
  if (to.host.empty()) to.host = answered_by.host;
  return to;
}

}  // namespace scalemart::redis
