#pragma once
// One worker of another process, at the order queue's side.

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fulfilment/remote/frame_link.hpp"
#include "fulfilment/remote/frames.hpp"

namespace scalemart {

/// Purpose: what a welcome worker says becomes calls of the queue under its own name there; what the queue says becomes
/// frames. Nothing that a worker sends can do more than lose its own leases: the queue takes completions from the
/// holder of a lease alone. Concurrency: the fulfilment loop's thread. Lifetime: when it has end()ed it stays until
/// is_settled(), for the ledger may still be at its completions.
class RemoteSession final : public CompletionSink {
 public:
  RemoteSession(OrderQueue& queue, const Clock& clock, std::shared_ptr<FrameLink> link);

  void welcome(const frame::Hello& hello, std::string id, std::chrono::milliseconds lease_ttl);
  [[nodiscard]] bool is_welcome() const { return worker_.has_value(); }
  /// What is wrong with it, or nothing. Not for Hello and Report, which are its owner's.
  [[nodiscard]] std::optional<std::string> take(frame::Message& message);
  void take(frame::Report& report);
  /// Leases as many orders of this lane as the worker wants, at most `most`.
  std::size_t give(Lane lane, std::size_t most);
  /// Sends what was gathered since the last time.
  void flush();
  void steer(const Concurrency& concurrency);
  /// Its leases go back to the queue. Idempotent.
  void end();
  [[nodiscard]] bool is_ended() const { return ended_; }
  [[nodiscard]] bool is_settled() const { return ended_ && with_ledger_ == 0; }

  [[nodiscard]] FrameLink& link() { return *link_; }
  [[nodiscard]] const WorkerView& view() const { return view_; }
  [[nodiscard]] const std::deque<FinishedStep>& recent() const { return recent_; }  ///< Newest first.

 private:
  using Fault = std::optional<std::string>;
  void completed(std::uint64_t token, Outcome outcome) override;
  Fault on(frame::Want& want);
  Fault on(frame::Completions& completions);
  Fault on(frame::Releases& releases);
  Fault on(frame::Heartbeat&);
  Fault on(frame::Leave&);
  template <class Other>
  Fault on(Other&) {
    return "a frame that is not a worker's to send now";
  }
  void introduce(const Task& task);
  void show_steered();

  OrderQueue& queue_;
  const Clock& clock_;
  std::shared_ptr<FrameLink> link_;
  std::optional<WorkerRef> worker_;
  WorkerView view_;
  std::deque<FinishedStep> recent_;
  std::optional<frame::Steer> steer_;  ///< Not obeyed yet.
  std::uint32_t steers_ = 0;
  frame::Want want_;
  std::array<std::uint64_t, kLaneCount> given_{};
  std::vector<std::shared_ptr<const ProductSpec>> introduced_;  ///< As the worker knows them.
  frame::Orders orders_;
  frame::Answers answers_;
  std::vector<Task> leased_;       ///< Scratch.
  std::uint64_t with_ledger_ = 0;  ///< Completions without an answer.
  bool ended_ = false;
};

}  // namespace scalemart
