#pragma once
// One console over a queue and workers that several processes share.

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "fulfilment/desk.hpp"
#include "fulfilment/shared/dead_letters.hpp"
#include "fulfilment/shared/registry_beats.hpp"
#include "fulfilment/shared/workers_of_all.hpp"
#include "port/process_registry.hpp"
#include "port/queue_control.hpp"

namespace scalemart {

struct SharedFulfilmentParts {
  QueueControl& queue;       ///< This object's alone.
  ProcessRegistry& workers;  ///< As well.
  const RegistryBeats& own;  ///< The workers of this process.
  DeadLetters& letters;
  std::function<std::uint64_t()> parked;  ///< How many dead letters there are; any thread.
  const Clock& clock;
};

struct SharedFulfilmentSettings {
  std::chrono::milliseconds every{400};  ///< From one look to the next.
  std::chrono::milliseconds within{500};
};

/// Purpose: FulfilmentDesk for a shared shop. While the queue cannot be reached the view says so (QueueView::away) and
/// shows what was seen last; pausing is told as soon as it can be.
/// Operation: a thread of its own looks and tells; nobody else ever waits for the queue.
/// Concurrency: as FulfilmentDesk. Without start(), step() on the caller's thread.
class SharedFulfilment final : public FulfilmentDesk {
 public:
  explicit SharedFulfilment(SharedFulfilmentParts parts, SharedFulfilmentSettings settings = {});
  ~SharedFulfilment() override;

  void start();
  void stop();
  /// Does what was asked, then looks.
  void step();

  [[nodiscard]] std::shared_ptr<const FulfilmentView> view() const override;
  void dead_letters(DeadLetterSearch search, LettersDone done) override;
  void retry_dead(OrderId order, Done done) override;
  void discard_dead(OrderId order, Done done) override;
  void look(OrderId order, PlaceDone done) override;
  void pause(bool paused) override;
  void set_concurrency(std::string worker, Concurrency concurrency, Done done) override;

 private:
  struct Wish {
    std::string worker;
    Concurrency concurrency;
    Done done;
  };
  struct Look {
    OrderId order;
    PlaceDone done;
  };
  static constexpr std::size_t kWishesMax = 1000;
  void tell_pause();
  void tell(const Wish& wish);
  void find(const Look& look);
  void look();
  void note_workers(const FulfilmentView& view);
  void run();

  const SharedFulfilmentParts parts_;
  const SharedFulfilmentSettings settings_;
  WorkersOfAll workers_;                 ///< The thread's.
  std::size_t workers_seen_ = SIZE_MAX;  ///< The thread's.
  QueueDepths depths_;                   ///< The thread's: as last seen.

  mutable std::mutex mutex_;  ///< Guards all below.
  std::condition_variable news_;
  std::shared_ptr<const FulfilmentView> view_;
  std::optional<bool> pause_;  ///< To be told.
  std::deque<Wish> wishes_;
  std::deque<Look> looks_;
  bool asked_ = false;  ///< Something new is to be told.
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace scalemart
