// Workers of several processes in one console.
#include <gmock/gmock.h>

#include <future>
#include <thread>

#include "fulfilment/shared/shared_fulfilment.hpp"
#include "tests/desk/fakes.hpp"

namespace scalemart::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

WorkerView view_of(std::string id, std::uint32_t concurrency = 10) {
  WorkerView view;
  view.id = std::move(id);
  view.concurrency = concurrency;
  return view;
}

RegistryBeatsSettings process(const std::string& name, std::uint32_t pid) {
  RegistryBeatsSettings settings;
  settings.process = name;
  settings.place = {"host", pid, false};
  return settings;
}

FinishedStep step(Step step, FinishedStep::Result result, WallTime at) {
  FinishedStep finished;
  finished.order = {1, 1};
  finished.step = step;
  finished.result = result;
  finished.at = at;
  return finished;
}

struct ViewTest : ::testing::Test {
  ViewTest() { own_office.report(view_of("own"), {}); }
  std::vector<std::string> names() {
    std::vector<std::string> found;
    for (const WorkerView& worker : desk.view()->workers) found.push_back(worker.id);
    return found;
  }
  FulfilmentDesk::Done hear() {
    return [this](Outcome outcome) { heard.push_back(outcome); };
  }
  RecordShop shop;
  ScriptedBank bank{shop.clock};
  FakeQueue queue;
  FakeRegistry registry{shop.clock}, marks{shop.clock};
  SeededRandom random{1};
  RegistryBeats own{registry, shop.clock, process("here", 1)};
  WorkerOffice& own_office = own.add("worker");
  RegistryBeats other{registry, shop.clock, process("there", 2)};
  WorkerOffice& other_office = other.add("worker");
  DeadLetters letters{{shop.record, {}, bank, marks, random, {}, shop.clock, {}}};
  std::uint64_t parked = 0;
  SharedFulfilment desk{{queue, registry, own, letters, [this] { return parked; }, shop.clock}};
  std::vector<Outcome> heard;
};

TEST_F(ViewTest, ShowsTheWorkersOfAllProcesses) {
  EXPECT_TRUE(desk.view()->queue.away) << "nothing was seen yet";
  other_office.report(view_of("far", 3), {});
  own.step();
  other.step();
  desk.step();
  EXPECT_THAT(names(), ElementsAre("far", "own"));
  EXPECT_EQ(desk.view()->workers[0].place.pid, 2u);
  EXPECT_FALSE(desk.view()->workers[0].place.in_server);
  EXPECT_EQ(desk.view()->workers[0].heard, shop.clock.wall());
  EXPECT_FALSE(desk.view()->queue.away);
  shop.clock.advance(6s);
  own.step();
  desk.step();
  EXPECT_THAT(names(), ElementsAre("own")) << "the other one is silent";
}

TEST_F(ViewTest, SaysGoodbye) {
  other_office.report(view_of("far"), {});
  other.start();
  while (registry.list(1s)->empty()) std::this_thread::yield();
  other.stop();
  desk.step();
  EXPECT_THAT(names(), ElementsAre("own"));
}

TEST_F(ViewTest, CountsWhatAllFinishedSinceItBeganAlsoOfThoseThatAreGone) {
  std::vector<FinishedStep> steps(3, step(Step::confirm, FinishedStep::Result::done, shop.clock.wall()));
  other_office.report(view_of("far"), steps);
  other.step();
  desk.step();
  EXPECT_EQ(desk.view()->queue.stages[1].finished, 0u) << "before it began";
  steps.push_back(step(Step::payment, FinishedStep::Result::declined, shop.clock.wall() + 1ms));
  other_office.report(view_of("far"), steps);
  own_office.report(view_of("own"), std::vector(1, step(Step::mail, FinishedStep::Result::done, shop.clock.wall())));
  shop.clock.advance(1s);
  other_office.report(view_of("far"), {});
  other.step();
  desk.step();
  const auto view = desk.view();
  EXPECT_EQ(view->queue.stages[1].finished, 3u);
  EXPECT_EQ(view->queue.stages[3].finished, 1u);
  EXPECT_EQ(view->queue.declined, 1u);
  EXPECT_DOUBLE_EQ(view->queue.stages[1].rate_per_s, 0.6) << "six in ten seconds";
  ASSERT_EQ(view->recent.size(), 8u);
  EXPECT_EQ(view->recent[0].result, FinishedStep::Result::declined) << "newest first";
  shop.clock.advance(6s);
  desk.step();
  EXPECT_EQ(desk.view()->queue.stages[1].finished, 3u);
}

TEST_F(ViewTest, TwoOfOneNameAreToldApartByWhoCameFirst) {
  shop.clock.advance(1s);
  RegistryBeats third(registry, shop.clock, process("a-third", 3));
  third.add("worker").report(view_of("far", 5), {});
  other_office.report(view_of("far", 3), {});
  third.step();
  other.step();
  desk.step();
  EXPECT_THAT(names(), ElementsAre("far", "far-2", "own"));
  EXPECT_EQ(desk.view()->workers[0].concurrency, 3u);
  desk.set_concurrency("far-2", 8, hear());
  desk.step();
  EXPECT_EQ(registry.wishes, (std::map<std::string, std::string>{{"a-third/worker", "8"}}));
}

TEST_F(ViewTest, TellsWhereAnOrderIsAndWhoHasIt) {
  using Where = OrderTrace::Where;
  const OrderId sold = shop.sell();
  const auto look = [&] {
    std::promise<OrderTrace> told;
    auto trace = told.get_future();
    desk.look(sold, [&](OrderTrace one) { told.set_value(std::move(one)); });
    while (trace.wait_for(1ms) != std::future_status::ready) desk.step();
    return trace.get();
  };
  EXPECT_EQ(look().where, Where::nowhere);
  QueuedOrder& queued = queue.found[sold];
  queued.order.attempts = 2;
  queued.where = QueuedOrder::Where::delayed;
  queued.due = {4711};
  EXPECT_EQ(look().next_try.ms, 4711);
  EXPECT_EQ(look().attempts, 2u);
  queued.where = QueuedOrder::Where::leased;
  queued.consumer = "there/far/0";
  EXPECT_EQ(look().worker, "far") << "gone, or not shown yet";
  other_office.report(view_of("far"), {});
  other.step();
  RegistryBeats third(registry, shop.clock, process("a-third", 3));
  shop.clock.advance(1s);
  third.add("worker").report(view_of("far"), {});
  third.step();
  queued.consumer = "a-third/far/0";
  EXPECT_EQ(look().worker, "far-2") << "as it is shown";
  queue.away = true;
  EXPECT_EQ(look().where, Where::unknown);
  queue.away = false;
  shop.park(sold, Step::payment, "why");
  shop.clock.advance(5s);
  EXPECT_EQ(look().where, Where::dead);
  EXPECT_EQ(look().reason, "why");
}

TEST_F(ViewTest, SteersWorkersWhereverTheyAre) {
  desk.step();
  other_office.report(view_of("far"), {});
  other.step();  // and nobody has looked since
  desk.set_concurrency("far", 7, hear());
  desk.set_concurrency("nobody", 7, hear());
  desk.set_concurrency("far", kConcurrencyMax + 1, hear());
  desk.step();
  EXPECT_THAT(heard, ElementsAre(Outcome::invalid_value, Outcome::done, Outcome::order_not_found));
  EXPECT_FALSE(other_office.told());
  other.step();
  EXPECT_EQ(other_office.told(), 7u);
  other.step();
  EXPECT_FALSE(other_office.told()) << "once";
  desk.set_concurrency("far", Concurrency(5, 50), hear());
  desk.step();
  other.step();
  EXPECT_EQ(other_office.told(), Concurrency(5, 50));
  registry.away = true;
  desk.set_concurrency("far", 9, hear());
  desk.step();
  EXPECT_EQ(heard.back(), Outcome::unavailable);
  registry.away = false;
  registry.wishes["there/worker"] = "many";
  other.step();
  EXPECT_FALSE(other_office.told()) << "no number";
}

TEST_F(ViewTest, ShowsDepthsAndPauses) {
  queue.depths.waiting = {5, 2};
  queue.depths.delayed = {1, 0};
  queue.depths.leased = {3, 0};
  queue.depths.oldest = {shop.clock.wall(), std::nullopt};
  parked = 4;
  desk.step();
  const StageView payment = desk.view()->queue.stages[0];
  EXPECT_EQ(payment.waiting, 6u);
  EXPECT_EQ(payment.delayed, 1u);
  EXPECT_EQ(payment.in_flight, 3u);
  EXPECT_EQ(payment.oldest, shop.clock.wall());
  EXPECT_EQ(desk.view()->queue.stages[2].waiting, 2u);
  EXPECT_EQ(desk.view()->queue.dead_letters, 4u);
  desk.pause(true);
  EXPECT_FALSE(queue.depths.paused) << "nobody waits for the queue";
  desk.step();
  EXPECT_TRUE(queue.depths.paused);
  EXPECT_TRUE(desk.view()->queue.paused);
}

TEST_F(ViewTest, AQueueThatIsAwayIsSaidToBeAndHearsOfThePauseLater) {
  queue.depths.waiting = {5, 0};
  other_office.report(view_of("far"), {});
  other.step();
  desk.step();
  queue.away = registry.away = true;
  desk.pause(true);
  desk.step();
  EXPECT_TRUE(desk.view()->queue.away);
  EXPECT_EQ(desk.view()->queue.stages[0].waiting, 5u) << "as seen last";
  EXPECT_THAT(names(), ElementsAre("far", "own"));
  desk.step();
  queue.away = registry.away = false;
  desk.step();
  EXPECT_TRUE(queue.depths.paused);
  EXPECT_FALSE(desk.view()->queue.away);
  queue.away = true;
  desk.pause(true);
  desk.step();
  desk.pause(false);
  queue.away = false;
  desk.step();
  EXPECT_FALSE(queue.depths.paused) << "the last word counts";
}

TEST_F(ViewTest, LooksByItself) {
  desk.start();
  desk.pause(true);
  while (!desk.view()->queue.paused) std::this_thread::yield();
  desk.set_concurrency("nobody", 1, hear());
  desk.stop();
  ASSERT_EQ(heard.size(), 1u) << "everybody hears something";
  desk.set_concurrency("nobody", 1, hear());
  EXPECT_EQ(heard.back(), Outcome::overloaded);
}

}  // namespace
}  // namespace scalemart::testing
