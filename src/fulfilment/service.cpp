#include "fulfilment/service.hpp"

#include <algorithm>
#include <future>

namespace scalemart {
namespace {

constexpr std::chrono::nanoseconds kRefreshEvery = std::chrono::milliseconds(250);
constexpr std::chrono::nanoseconds kCancelPatience = std::chrono::seconds(30);
constexpr std::size_t kRecent = 100;

std::unique_ptr<Executor> make_pool(const FulfilmentSettings& settings) {
  const std::size_t papers = std::size_t{settings.worker.papers_max} * settings.workers;
  return std::make_unique<IdlePool>(settings.paper_threads, std::max<std::size_t>(papers, 1));
}

std::string name_of(std::uint32_t worker) {
  return "worker-" + std::to_string(worker + 1);
}

RemoteWorkersSettings remote_settings(const FulfilmentSettings& settings, const PaymentProvider& payments) {
  RemoteWorkersSettings remote;
  remote.lease_ttl = settings.dispatcher.lease_ttl;
  remote.payment = payments.name();
  for (std::uint32_t i = 0; i < settings.workers; ++i) remote.names.push_back(name_of(i));
  return remote;
}

}  // namespace

FulfilmentService::FulfilmentService(FulfilmentParts parts, FulfilmentSettings settings)
    : parts_(std::move(parts)),
      settings_(std::move(settings)),
      loop_(parts_.clock),
      dispatcher_(parts_.ledger, loop_, parts_.clock, settings_.dispatcher),
      remote_(dispatcher_, loop_, parts_.clock, parts_.on_step, remote_settings(settings_, parts_.payments)),
      pool_(parts_.executor != nullptr ? nullptr : make_pool(settings_)),
      papers_(pool_ ? *pool_ : *parts_.executor, parts_.invoices, parts_.mailer, parts_.addresses, settings_.papers),
      view_(std::make_shared<FulfilmentView>()) {
  loop_.add(dispatcher_);
  loop_.add(remote_);
  for (std::uint32_t i = 0; i < settings_.workers; ++i) {
    WorkerSettings worker = settings_.worker;
    worker.name = name_of(i);
    workers_.push_back(std::make_unique<Worker>(dispatcher_, loop_, parts_.payments, papers_, parts_.clock,
                                                parts_.random, std::move(worker), parts_.on_step));
    loop_.add(*workers_.back());
  }
  loop_.add(*this);
  refresh(parts_.clock.steady());
}

FulfilmentService::~FulfilmentService() {
  stop();
  pool_.reset();
}

void FulfilmentService::start() {
  refresh(parts_.clock.steady());  // what was restored is seen at once
  loop_.start();
}

bool FulfilmentService::drain(std::chrono::nanoseconds patience) {
  const SteadyTime until = parts_.clock.steady() + patience;
  std::promise<void> never;
  const std::future<void> pause = never.get_future();
  for (;;) {
    bool idle = false;
    loop_.call([&] {
      for (auto& worker : workers_) worker->drain();
      remote_.drain();
      idle = dispatcher_.leased() == 0 &&
             std::all_of(workers_.begin(), workers_.end(), [](const auto& worker) { return worker->idle(); });
    });
    if (idle) return true;
    if (parts_.clock.steady() >= until) break;
    pause.wait_for(std::chrono::milliseconds(10));
  }
  loop_.call([this] {
    for (auto& worker : workers_) worker->abandon();
  });
  return false;
}

void FulfilmentService::stop() {
  loop_.stop();
}

// --- the console

std::shared_ptr<const FulfilmentView> FulfilmentService::view() const {
  const std::lock_guard lock(view_mutex_);
  return view_;
}

SteadyTime FulfilmentService::turn(SteadyTime now) {
  if (now >= refresh_at_) refresh(now);
  return refresh_at_;
}

void FulfilmentService::refresh(SteadyTime now) {
  refresh_at_ = now + kRefreshEvery;
  auto view = std::make_shared<FulfilmentView>();
  view->queue = dispatcher_.view();
  for (const auto& worker : workers_) {
    view->workers.push_back(worker->view());
    view->workers.back().place = settings_.place;
    view->workers.back().heard = parts_.clock.wall();
    for (FinishedStep& entry : worker->history(kRecent)) view->recent.push_back(std::move(entry));
  }
  for (WorkerView& worker : remote_.views()) view->workers.push_back(std::move(worker));
  remote_.recent(view->recent);
  if (view->workers.size() > 1) {
    std::stable_sort(view->recent.begin(), view->recent.end(),
                     [](const FinishedStep& a, const FinishedStep& b) { return a.at > b.at; });
    view->recent.resize(std::min(view->recent.size(), kRecent));
  }
  const std::lock_guard lock(view_mutex_);
  view_ = std::move(view);
}

void FulfilmentService::dead_letters(DeadLetterSearch search, LettersDone done) {
  loop_.post([this, search = std::move(search), done = std::move(done)] { done(dispatcher_.dead_letters(search)); });
}

void FulfilmentService::retry_dead(OrderId order, Done done) {
  loop_.post([this, order, done = std::move(done)] {
    if (!dispatcher_.find_dead(order)) return done(Outcome::order_not_found);
    if (cancelling_.contains(order) || !retrying_.insert(order).second) return done(Outcome::invalid_state);
    dispatcher_.settle_dead(Unpark{order}, [this, order, done](Outcome outcome) {
      retrying_.erase(order);
      done(outcome);
    });
  });
}

void FulfilmentService::discard_dead(OrderId order, Done done) {
  loop_.post([this, order, done = std::move(done)] {
    const DeadLetter* letter = dispatcher_.find_dead(order);
    if (!letter) return done(Outcome::order_not_found);
    if (letter->order.lane == Lane::paper) return dispatcher_.settle_dead(Discard{order}, done);
    if (retrying_.contains(order)) return done(Outcome::invalid_state);
    const auto product = dispatcher_.product(letter->order.product);
    ChargeRequest request{order,
                          letter->order.buyer,
                          letter->order.total(),
                          product->currency,
                          product->details.name,
                          parts_.clock.steady() + kCancelPatience};
    // The units may only go to somebody else when this buyer cannot be charged for them any more. A crash
    // between the two leaves a dead letter, and cancelling twice is harmless.
    ++cancelling_[order];
    parts_.payments.cancel(std::move(request), [this, order, done](PaymentResult result) {
      loop_.post([this, order, done, outcome = result.outcome] { cancelled(order, outcome, done); });
    });
  });
}

void FulfilmentService::cancelled(OrderId order, PaymentOutcome outcome, const Done& done) {
  const bool may_still_arrive = outcome == PaymentOutcome::unknown || outcome == PaymentOutcome::in_progress;
  if (!may_still_arrive && --cancelling_[order] == 0) cancelling_.erase(order);
  const bool safe = outcome == PaymentOutcome::approved || outcome == PaymentOutcome::not_found;
  if (!safe) return done(Outcome::overloaded);
  dispatcher_.settle_dead(Discard{order}, [this, order, done](Outcome decided) {
    if (decided == Outcome::done) cancelling_.erase(order);
    done(decided);
  });
}

void FulfilmentService::look(OrderId order, PlaceDone done) {
  loop_.post([this, order, done = std::move(done)] { done(dispatcher_.look(order)); });
}

void FulfilmentService::pause(bool paused) {
  loop_.post([this, paused] {
    dispatcher_.pause(paused);
    refresh(parts_.clock.steady());
  });
}

void FulfilmentService::set_concurrency(std::string worker, Concurrency concurrency, Done done) {
  loop_.post([this, worker = std::move(worker), concurrency, done = std::move(done)] {
    if (!concurrency.is_valid()) return done(Outcome::invalid_value);
    for (const auto& candidate : workers_) {
      if (candidate->view().id != worker) continue;
      candidate->set_concurrency(concurrency);
      refresh(parts_.clock.steady());
      return done(Outcome::done);
    }
    done(remote_.set_concurrency(worker, concurrency));
    refresh(parts_.clock.steady());
  });
}

}  // namespace scalemart
