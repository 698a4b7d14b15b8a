#include <algorithm>

#include "backend/redis/router.hpp"

namespace scalemart::redis {
namespace {

constexpr auto kPatience = std::chrono::milliseconds(200);  // with one Sentinel

class SingleRouter final : public Router {
 public:
  explicit SingleRouter(Endpoint server) : server_(std::move(server)) {}
  Answered<Endpoint> where(std::uint16_t, SteadyTime) override { return server_; }
  Answered<std::vector<Endpoint>> masters(SteadyTime) override { return std::vector{server_}; }
  void failed(const Endpoint&) override {}
  void moved(std::uint16_t, const Endpoint&) override {}

 private:
  const Endpoint server_;
};

class SentinelRouter final : public Router {
 public:
  SentinelRouter(const Address& address, const Access& access)
      : sentinels_(address.hosts), name_(address.master), access_(access) {
    access_.credentials = address.sentinel_credentials;
    access_.database = 0;
  }

  Answered<Endpoint> where(std::uint16_t, SteadyTime deadline) override {
    if (master_) return *master_;
    std::string why;
    for (std::size_t i = 0; i < sentinels_.size(); ++i) {
      auto found = ask(sentinels_[i], deadline);
      if (found) {
        std::swap(sentinels_[0], sentinels_[i]);  // the one that answers is asked first the next time
        master_ = *found;
        return *found;
      }
      why += (i == 0 ? "" : "; ") + found.error().why;
    }
    return Failure{Failure::Kind::away, "no Sentinel names a master \"" + name_ + "\": " + why};
  }

  Answered<std::vector<Endpoint>> masters(SteadyTime deadline) override {
    auto found = where(0, deadline);
    if (!found) return found.error();
    return std::vector{*found};
  }
  void failed(const Endpoint&) override { master_.reset(); }
  void moved(std::uint16_t, const Endpoint&) override {}

 private:
  Answered<Endpoint> ask(const Endpoint& sentinel, SteadyTime deadline) const {
    deadline = std::min(deadline, access_.clock->steady() + kPatience);
    auto connection = Connection::open(sentinel, access_, deadline, false);
    if (!connection) return connection.error();
    auto reply = connection->call(Command{"SENTINEL", "GET-MASTER-ADDR-BY-NAME", name_}, deadline);
    if (!reply) return Failure{Failure::Kind::away, sentinel.text() + ": " + reply.error().why};
    const auto port = reply->value()[1].integer();
    if (!port) return Failure{Failure::Kind::away, sentinel.text() + " does not know it"};
    return Endpoint{std::string(reply->value()[0].text()), static_cast<std::uint16_t>(*port)};
  }

  std::vector<Endpoint> sentinels_;
  const std::string name_;
  Access access_;
  std::optional<Endpoint> master_;
};

}  // namespace

std::unique_ptr<Router> make_single_router(const Address& address) {
  return std::make_unique<SingleRouter>(address.hosts.front());
}

std::unique_ptr<Router> make_sentinel_router(const Address& address, const Access& access) {
  return std::make_unique<SentinelRouter>(address, access);
}

}  // namespace scalemart::redis
