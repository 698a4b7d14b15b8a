#pragma once
// The order queue as a worker in a process of its own has it: at the far end of a link.

#include <boost/unordered/unordered_flat_map.hpp>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "fulfilment/loop.hpp"
#include "fulfilment/remote/frame_link.hpp"
#include "fulfilment/remote/frames.hpp"
#include "fulfilment/worker_office.hpp"

namespace scalemart {

/// Purpose: the port for one worker, in batches. lease() gives what has arrived and asks for the rest, which wakes the
/// loop when it comes. When the link ends, or the holder says that the leases lapsed, every completion under way is
/// answered stale_fence and nothing more is leased until heartbeat() has said so: then the worker has dropped
/// everything, and no order of before can be mixed up with one of after.
/// Operation: the loop's members in this order: this, the worker, sender().
/// Concurrency: connected(), received(), disconnected() on the link's thread; fault() from any; the rest on the loop's.
/// Memory: orders the worker asked for, its completions under way, and what the link said since the last turn.
class RemoteQueue final : public OrderQueue, public WorkerOffice, public Turnable {
 public:
  static constexpr std::size_t kCompletionsMax = 200'000;
  /// Orders that arrived for a worker that does not want them any more go back after this.
  static constexpr std::chrono::nanoseconds kKeep = std::chrono::seconds(1);

  /// hello.name is replaced by what the worker joins as.
  RemoteQueue(FulfilmentLoop& loop, const Clock& clock, frame::Hello hello);

  void connected(std::shared_ptr<FrameLink> link);
  void received(frame::Message message);
  void disconnected();
  /// Why there is no use in trying again.
  [[nodiscard]] std::optional<std::string> fault() const;

  [[nodiscard]] WorkerRef join(std::string_view name) override;
  void leave(WorkerRef worker) override;
  std::size_t lease(WorkerRef worker, Lane lane, std::size_t max, std::vector<Task>& out) override;
  bool heartbeat(WorkerRef worker) override;
  [[nodiscard]] bool complete(WorkerRef worker, Completion completion, CompletionSink& sink,
                              std::uint64_t token) override;
  void release(WorkerRef worker, OrderId order, std::uint32_t fence, std::uint16_t attempts, bool unresolved,
               std::chrono::nanoseconds delay) override;

  bool report(const WorkerView& view, std::span<const FinishedStep> steps) override;
  [[nodiscard]] std::optional<Concurrency> told() override;

  SteadyTime turn(SteadyTime now) override;
  /// Sends what was gathered: the loop's member behind the worker.
  [[nodiscard]] Turnable& sender() { return sender_; }

 private:
  struct Sender final : Turnable {
    explicit Sender(RemoteQueue& of) : queue(of) {}
    SteadyTime turn(SteadyTime now) override { return queue.send(now); }
    RemoteQueue& queue;
  };
  struct Opened {
    std::shared_ptr<FrameLink> link;
  };
  struct Closed {};
  using Event = std::variant<Opened, frame::Message, Closed>;
  struct Waiting {
    CompletionSink* sink = nullptr;
    std::uint64_t token = 0;
  };
  /// What has arrived of one lane and is not leased by the worker yet.
  struct Inbox {
    std::deque<Task> tasks;
    std::uint64_t received = 0;  ///< Since the welcome.
    std::size_t wanted = 0;      ///< Beyond that, in this turn.
    SteadyTime kept_since{};
  };

  /// Nothing may be asked of the holder: nobody is there, or what was asked before is void.
  [[nodiscard]] bool is_cut_off() const { return !welcome_ || lapsed_ || !joined_; }
  SteadyTime send(SteadyTime now);
  void send_batches();
  void give_back_unwanted(SteadyTime now);
  void hear(Event& event);
  void on(frame::Welcome& m);
  void on(frame::Refused& m);
  void on(frame::Product& m);
  void on(frame::Orders& m);
  void on(frame::Answers& m);
  void on(frame::Lapsed& m);
  void on(frame::Steer& m);
  template <class Other>
  void on(Other&) {
    break_off("a frame that is not the server's to send");
  }
  void break_off(const std::string& why);
  void forget_leases();
  void say_hello();

  FulfilmentLoop& loop_;
  const Clock& clock_;
  frame::Hello hello_;
  Sender sender_{*this};
  std::shared_ptr<FrameLink> link_;
  bool joined_ = false;
  bool welcome_ = false;
  bool lapsed_ = false;  ///< The worker does not know yet that it has lost everything.
  bool heartbeat_ = false;
  std::array<Inbox, kLaneCount> inboxes_;
  frame::Want said_;  ///< The last want.
  std::vector<std::shared_ptr<const ProductSpec>> products_;
  boost::unordered_flat_map<std::uint64_t, Waiting> waiting_;
  std::uint64_t next_request_ = 1;
  std::vector<Waiting> refused_;  ///< Stale completions, answered in the next turn.
  frame::Completions completions_;
  frame::Releases releases_;
  std::optional<frame::Steer> steer_;
  std::uint32_t steered_ = 0;

  mutable std::mutex mutex_;
  std::vector<Event> events_;         ///< Guarded by mutex_.
  std::optional<std::string> fault_;  ///< Guarded by mutex_.
};

}  // namespace scalemart
