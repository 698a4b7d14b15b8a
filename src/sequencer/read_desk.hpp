#pragma once
// Reads of orders from the system of record, many in one call.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "port/system_of_record.hpp"

namespace scalemart {

/// Purpose: an OrderBook's questions, answered by a few threads that read what gathered meanwhile at once.
/// Errors: what the record does not answer in time is dropped, its callback destroyed uncalled; then for a moment
/// no questions are taken. Concurrency: any thread. Callbacks run on the desk's threads.
class ReadDesk {
 public:
  using One = std::function<void(std::optional<OrderView>)>;
  using Many = std::function<void(std::vector<OrderView>)>;
  struct Options {
    std::size_t threads = 2;
    std::size_t waiting_max = 4096;  ///< Of each kind.
    std::size_t batch_max = 256;
    std::chrono::milliseconds within{5000};
    std::chrono::milliseconds pause{200};  ///< After a failure.
  };

  ReadDesk(SystemOfRecord& record, const Clock& clock, Options options);
  ~ReadDesk();

  void start();
  /// Answers what was taken, joins. Idempotent.
  void stop();
  /// Answers what waits on the caller's thread. False: nothing did.
  bool step();

  // False: full, stopped, or the record did not answer a moment ago.
  [[nodiscard]] bool find(OrderId id, One done);
  [[nodiscard]] bool find_by_key(BuyerKey key, One done);
  [[nodiscard]] bool of_buyer(UserId buyer, OrderId before, std::size_t limit, Many done);

 private:
  template <class Question, class Done>
  struct Asked {
    Question question;
    Done done;
  };
  struct Page {
    UserId buyer;
    OrderId before;
    std::size_t limit;
  };
  using ById = Asked<OrderId, One>;
  using ByKey = Asked<BuyerKey, One>;
  using OfBuyer = Asked<Page, Many>;
  struct Taken {
    std::vector<ById> ids;
    std::vector<ByKey> keys;
    std::vector<OfBuyer> pages;
    [[nodiscard]] bool empty() const { return ids.empty() && keys.empty() && pages.empty(); }
  };
  template <class List, class Item>
  [[nodiscard]] bool put(List& list, Item item);
  [[nodiscard]] Taken take();
  void run();
  void answer(Taken taken);
  template <class Items, class Read>
  void answer_all(Items& items, Read read);
  void pause();

  SystemOfRecord& record_;
  const Clock& clock_;
  const Options options_;
  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable wake_;
  // All guarded by mutex_.
  std::deque<ById> ids_;
  std::deque<ByKey> keys_;
  std::deque<OfBuyer> pages_;
  SteadyTime paused_until_{};
  bool stopping_ = false;
};

}  // namespace scalemart
