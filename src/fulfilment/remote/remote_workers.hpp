#pragma once
// The workers of other processes, at the order queue's side.

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "fulfilment/loop.hpp"
#include "fulfilment/remote/remote_session.hpp"
#include "fulfilment/worker.hpp"

namespace scalemart {

struct RemoteWorkersSettings {
  std::chrono::nanoseconds lease_ttl = std::chrono::seconds(30);  ///< The queue's; told to workers.
  std::string payment;                                            ///< The provider that a worker must have too.
  std::vector<std::string> names;                                 ///< Taken by workers of this process.
};

/// Purpose: lets workers at the far end of links join, gives them orders in turns so that nobody starves, and
/// carries their completions, reports and orders to steer. A link that ends gives its worker's leases back at once; a
/// worker that only falls silent loses them when they lapse.
/// Concurrency: opened(), received(), closed() on the links' threads, in this order for each link; everything else on
/// the loop's. Errors: a worker that breaks the rules is sent away, with a line in the log. Memory: what links have
/// said and the loop has not heard, at most kBacklogMax bytes a link.
class RemoteWorkers final : public Turnable {
 public:
  using LinkId = std::uint64_t;
  static constexpr std::size_t kBacklogMax = std::size_t{32} << 20;

  RemoteWorkers(OrderQueue& queue, FulfilmentLoop& loop, const Clock& clock, StepHook hook,
                RemoteWorkersSettings settings);
  ~RemoteWorkers() override;

  [[nodiscard]] LinkId opened(std::shared_ptr<FrameLink> link);
  /// `bytes`: of the frame. False: too much is waiting already; end the link.
  [[nodiscard]] bool received(LinkId link, frame::Message message, std::size_t bytes);
  void closed(LinkId link, std::string why);

  SteadyTime turn(SteadyTime now) override;
  /// Gives out no more orders; what is out may come back finished.
  void drain() { draining_ = true; }
  /// order_not_found: there is none of that name here.
  [[nodiscard]] Outcome set_concurrency(const std::string& worker, const Concurrency& concurrency);
  [[nodiscard]] std::vector<WorkerView> views() const;
  /// Appends what ended lately, newest first for each worker.
  void recent(std::vector<FinishedStep>& out) const;

 private:
  struct Opened {
    std::shared_ptr<FrameLink> link;
  };
  struct Closed {
    std::string why;
  };
  struct Event {
    LinkId link = 0;
    std::variant<Opened, frame::Message, Closed> what;
    std::size_t bytes = 0;
  };
  using Sessions = std::map<LinkId, std::unique_ptr<RemoteSession>>;

  void hear(Event& event);
  void hear(RemoteSession& session, frame::Message& message);
  void greet(RemoteSession& session, const frame::Hello& hello);
  void send_away(RemoteSession& session, const std::string& reason);
  void part(RemoteSession& session, const std::string& why);
  bool give(Lane lane);
  [[nodiscard]] std::string free_name(const std::string& wanted) const;

  OrderQueue& queue_;
  FulfilmentLoop& loop_;
  const Clock& clock_;
  const StepHook hook_;
  const RemoteWorkersSettings settings_;
  Sessions sessions_;
  std::vector<std::unique_ptr<RemoteSession>> parted_;  ///< The ledger is still at their completions.
  std::size_t first_ = 0;                               ///< Who is served first next time.
  bool draining_ = false;

  std::mutex mutex_;
  std::vector<Event> events_;              ///< Guarded by mutex_.
  std::map<LinkId, std::size_t> backlog_;  ///< Bytes of each link in events_. Guarded by mutex_.
  LinkId next_link_ = 1;                   ///< Guarded by mutex_.
};

}  // namespace scalemart
