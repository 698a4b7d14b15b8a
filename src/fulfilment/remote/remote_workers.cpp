#include "fulfilment/remote/remote_workers.hpp"

#include <algorithm>
#include <utility>

#include "telemetry/log.hpp"

namespace scalemart {
namespace {

constexpr std::size_t kShare = 64;        ///< Orders a worker gets before it is the next one's turn.
constexpr std::size_t kTurnMax = 16'384;  ///< Orders given in one turn of the loop, so that it stays short.

}  // namespace

RemoteWorkers::RemoteWorkers(OrderQueue& queue, FulfilmentLoop& loop, const Clock& clock, StepHook hook,
                             RemoteWorkersSettings settings)
    : queue_(queue), loop_(loop), clock_(clock), hook_(std::move(hook)), settings_(std::move(settings)) {}

RemoteWorkers::~RemoteWorkers() = default;

// --- the links' side

RemoteWorkers::LinkId RemoteWorkers::opened(std::shared_ptr<FrameLink> link) {
  const std::lock_guard lock(mutex_);
  const LinkId id = next_link_++;
  backlog_[id] = 0;
  events_.push_back({id, Opened{std::move(link)}});
  return id;
}

bool RemoteWorkers::received(LinkId link, frame::Message message, std::size_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    std::size_t& backlog = backlog_[link];
    if (backlog + bytes > kBacklogMax) return false;
    backlog += bytes;
    events_.push_back({link, std::move(message), bytes});
  }
  loop_.wake();
  return true;
}

void RemoteWorkers::closed(LinkId link, std::string why) {
  {
    const std::lock_guard lock(mutex_);
    events_.push_back({link, Closed{std::move(why)}});
  }
  loop_.wake();
}

// --- the loop's

SteadyTime RemoteWorkers::turn(SteadyTime) {
  std::vector<Event> events;
  {
    const std::lock_guard lock(mutex_);
    events.swap(events_);
    for (const Event& event : events) {
      if (std::holds_alternative<Closed>(event.what)) {
        backlog_.erase(event.link);
      } else if (const auto at = backlog_.find(event.link); at != backlog_.end()) {
        at->second -= event.bytes;
      }
    }
  }
  for (Event& event : events) hear(event);
  const bool more_sales = give(Lane::sale);
  const bool more_papers = give(Lane::paper);
  if (more_sales || more_papers) loop_.wake();
  for (const auto& [link, session] : sessions_) session->flush();
  std::erase_if(parted_, [](const auto& session) { return session->is_settled(); });
  return kNever;
}

void RemoteWorkers::hear(Event& event) {
  if (auto* opened = std::get_if<Opened>(&event.what)) {
    sessions_.emplace(event.link, std::make_unique<RemoteSession>(queue_, clock_, std::move(opened->link)));
    return;
  }
  const auto at = sessions_.find(event.link);
  if (at == sessions_.end()) return;
  if (auto* message = std::get_if<frame::Message>(&event.what)) return hear(*at->second, *message);
  part(*at->second, std::get<Closed>(event.what).why);
  parted_.push_back(std::move(at->second));
  sessions_.erase(at);
}

void RemoteWorkers::hear(RemoteSession& session, frame::Message& message) {
  if (session.is_ended()) return;
  if (const auto* hello = std::get_if<frame::Hello>(&message); hello && !session.is_welcome())
    return greet(session, *hello);
  if (!session.is_welcome()) return send_away(session, "a worker says hello first");
  if (auto* report = std::get_if<frame::Report>(&message)) {
    for (const FinishedStep& step : report->steps)
      if (hook_) hook_(step);
    return session.take(*report);
  }
  if (std::holds_alternative<frame::Leave>(message)) return part(session, "it left");
  if (const auto fault = session.take(message)) send_away(session, *fault);
}

void RemoteWorkers::greet(RemoteSession& session, const frame::Hello& hello) {
  if (!is_worker_name(hello.name)) return send_away(session, "a worker's name has 1 to 64 of A-Z a-z 0-9 . _ -");
  if (hello.payment != settings_.payment) {
    return send_away(session, "the server takes payments by \"" + settings_.payment + "\" and this worker by \"" +
                                  hello.payment + "\"; both need the same SCALEMART_PAYMENT");
  }
  session.welcome(hello, free_name(hello.name),
                  std::chrono::duration_cast<std::chrono::milliseconds>(settings_.lease_ttl));
  const auto count = std::count_if(sessions_.begin(), sessions_.end(), [](const auto& entry) {
    return entry.second->is_welcome() && !entry.second->is_ended();
  });
  log::info("worker_joined", {{"worker", session.view().id},
                              {"host", hello.host},
                              {"pid", hello.pid},
                              {"version", hello.version},
                              {"workers", count + static_cast<std::ptrdiff_t>(settings_.names.size())}});
}

void RemoteWorkers::send_away(RemoteSession& session, const std::string& reason) {
  session.link().send(frame::encode(frame::Refused{reason}));
  part(session, reason);
  if (!session.is_welcome()) log::warn("worker_refused", {{"reason", reason}});
}

/// Its orders are anybody's again.
void RemoteWorkers::part(RemoteSession& session, const std::string& why) {
  if (session.is_ended()) return;
  session.flush();
  session.end();
  session.link().close();
  if (!session.is_welcome()) return;
  const auto left = std::count_if(sessions_.begin(), sessions_.end(), [](const auto& entry) {
    return entry.second->is_welcome() && !entry.second->is_ended();
  });
  const std::ptrdiff_t workers = left + static_cast<std::ptrdiff_t>(settings_.names.size());
  log::info("worker_left", {{"worker", session.view().id},
                            {"reason", why},
                            {"had_in_flight", session.view().in_flight},
                            {"workers", workers}});
  if (workers == 0) log::warn("no_worker", {{"warning", "orders wait until a `scalemart worker` joins"}});
}

/// In turns, so that a hungry worker does not starve the others. True: there may be more to give at once.
bool RemoteWorkers::give(Lane lane) {
  if (draining_ || sessions_.empty()) return false;
  std::vector<RemoteSession*> order;
  for (const auto& [link, session] : sessions_) order.push_back(session.get());
  std::rotate(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(first_++ % order.size()), order.end());
  std::size_t given = 0;
  while (!order.empty() && given < kTurnMax) {
    const auto is_served = [&](RemoteSession* session) {
      const std::size_t count = session->give(lane, kShare);
      given += count;
      return count < kShare;
    };
    order.erase(std::remove_if(order.begin(), order.end(), is_served), order.end());
  }
  return !order.empty();
}

std::string RemoteWorkers::free_name(const std::string& wanted) const {
  const auto is_taken = [this](const std::string& name) {
    return std::find(settings_.names.begin(), settings_.names.end(), name) != settings_.names.end() ||
           std::any_of(sessions_.begin(), sessions_.end(),
                       [&](const auto& entry) { return !entry.second->is_ended() && entry.second->view().id == name; });
  };
  std::string name = wanted;
  for (std::size_t n = 2; is_taken(name); ++n) {
    const std::string suffix = "-" + std::to_string(n);
    name = wanted.substr(0, 64 - suffix.size()) + suffix;
  }
  return name;
}

Outcome RemoteWorkers::set_concurrency(const std::string& worker, const Concurrency& concurrency) {
  for (const auto& [link, session] : sessions_) {
    if (session->is_ended() || !session->is_welcome() || session->view().id != worker) continue;
    session->steer(concurrency);
    return Outcome::done;
  }
  return Outcome::order_not_found;
}

std::vector<WorkerView> RemoteWorkers::views() const {
  std::vector<WorkerView> views;
  for (const auto& [link, session] : sessions_)
    if (session->is_welcome() && !session->is_ended()) views.push_back(session->view());
  return views;
}

void RemoteWorkers::recent(std::vector<FinishedStep>& out) const {
  for (const auto& [link, session] : sessions_)
    out.insert(out.end(), session->recent().begin(), session->recent().end());
}

}  // namespace scalemart
