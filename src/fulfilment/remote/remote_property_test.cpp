// Near or far, whatever dies in between: an order's end is its bank's and its papers' to decide, and comes once.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "fulfilment/remote/testing.hpp"

namespace scalemart::testing {
namespace {

using namespace std::chrono_literals;
using Truth = ScriptedBank::Truth;
using Line = ScriptedBank::Line;

/// What the bank does with an order; drawn for each.
constexpr std::array<std::array<Line, 2>, 6> kScripts{{
    {{{Truth::charge, PaymentOutcome::approved}, {}}},
    {{{Truth::decline, PaymentOutcome::declined}, {}}},
    {{{Truth::charge, PaymentOutcome::unknown}, {}}},
    {{{Truth::nothing, PaymentOutcome::unknown}, {Truth::charge, PaymentOutcome::approved}}},
    {{{Truth::nothing, PaymentOutcome::unavailable}, {Truth::decline, PaymentOutcome::declined}}},
    {{{Truth::nothing, PaymentOutcome::rejected}, {Truth::nothing, PaymentOutcome::rejected}}},
}};

/// What an order has come to, and what it has cost.
struct End {
  OrderStatus status;
  bool parked, mailed;
  int confirmed, failed, taken;
  std::string reference;
  bool operator==(const End&) const = default;
};

struct Shop {
  explicit Shop(const std::vector<std::uint8_t>& drawn) {
    bank.latency = 200ms;
    for (const std::uint8_t script : drawn) scripts[ledger.reserve()] = script % kScripts.size();
    bank.script = [this](OrderId id, int attempt) {
      return kScripts[scripts.at(id)][static_cast<std::size_t>(std::min(attempt, 2) - 1)];
    };
  }
  [[nodiscard]] bool is_settled() const {
    return std::all_of(ledger.orders.begin(), ledger.orders.end(), [](const auto& entry) {
      const TinyLedger::Order& o = entry.second;
      return o.parked || (o.status == OrderStatus::confirmed ? o.mail_done : !is_open(o.status));
    });
  }
  [[nodiscard]] std::vector<End> ends() const {
    std::vector<End> all;
    for (const auto& [id, o] : ledger.orders) {
      const auto account = bank.accounts.find(id);
      all.push_back({o.status, o.parked, papers.mails.contains(id), o.confirmed, o.failed,
                     account == bank.accounts.end() ? 0 : account->second.taken, o.payment_reference});
    }
    return all;
  }
  ManualClock clock;
  TinyLedger ledger{clock};
  ScriptedBank bank{clock};
  PaperTrail papers;
  std::map<OrderId, std::size_t> scripts;
};

WorkerSettings settings(std::uint32_t concurrency) {
  WorkerSettings s = FarPlant::quick();
  s.concurrency = concurrency;
  s.papers_max = 3;
  s.breaker.calls_min = 1'000'000;  // what breakers do has tests of its own
  return s;
}

RC_GTEST_PROP(RemoteProperty, FarWorkersComeToTheSameEndsAsNearOnes, (const std::vector<std::uint8_t>& drawn)) {
  Shop near(drawn), far(drawn);
  Plant plant(near.ledger, near.bank, near.papers, near.clock, settings(4));
  RC_ASSERT(plant.run(2h, [&] { return near.is_settled(); }));

  FarPlant far_plant(far.ledger, far.bank, far.papers, far.clock);
  far_plant.start_worker(settings(2));
  far_plant.start_worker(settings(2));
  RC_ASSERT(far_plant.run(2h, [&] { return far.is_settled(); }));
  RC_ASSERT(near.ends() == far.ends());
}

RC_GTEST_PROP(RemoteProperty, AlsoWhenServersWorkersAndConnectionsDie,
              (const std::vector<std::uint8_t>& drawn, const std::vector<std::uint8_t>& accidents)) {
  Shop near(drawn), far(drawn);
  Plant plant(near.ledger, near.bank, near.papers, near.clock, settings(4));
  RC_ASSERT(plant.run(2h, [&] { return near.is_settled(); }));

  FarPlant far_plant(far.ledger, far.bank, far.papers, far.clock);
  far_plant.start_worker(settings(3));
  far_plant.start_worker(settings(3));
  for (const std::uint8_t accident : accidents) {
    far_plant.pass(std::chrono::milliseconds(accident / 5));
    const std::size_t victim = accident % 2;
    switch (accident % 5) {
      case 0:
        far_plant.kill_worker(victim);
        far_plant.start_worker(settings(3));
        break;
      case 1:
        far_plant.kill_server();
        far_plant.start_server();
        break;
      case 2:
        far_plant.workers[victim]->cut();
        far_plant.workers[victim]->connect(*far_plant.server);
        break;
      case 3:
        far_plant.frozen = far_plant.workers[victim].get();
        far_plant.pass(35s);
        far_plant.frozen = nullptr;
        break;
      default:
        far.ledger.refuse_next = 3;
    }
  }
  RC_ASSERT(far_plant.run(2h, [&] { return far.is_settled(); }));
  const auto expected = near.ends(), found = far.ends();
  for (std::size_t i = 0; i < expected.size(); ++i) {
    RC_ASSERT(found[i].confirmed + found[i].failed <= 1);
    RC_ASSERT(found[i].taken == expected[i].taken);
  }
  RC_ASSERT(expected == found);
}

}  // namespace
}  // namespace scalemart::testing
