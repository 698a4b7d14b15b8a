#pragma once
// Tells a filter that lost its memory which idempotency keys were used.

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "port/system_of_record.hpp"
#include "sequencer/shared_filter.hpp"

namespace scalemart {

/// Purpose: walks over the keys that the record knows and has the filter remember them, one partition at a time, beside
/// the sale. Until it is done the filter asks the record about every keyed buy that it would refuse.
/// Operation: begins `settle_time` after a partition was first seen without its keys: by then every batch that was
/// under way when its memory was lost is decided. Several processes do the same; who sees that it is done stops.
/// Concurrency: seen() from any thread. One thread of its own; without start(), step() on the caller's.
class KeyTeacher {
 public:
  struct Options {
    std::chrono::milliseconds settle_time{15'000};  ///< Longer than a batch and the server's patience with it.
    std::chrono::milliseconds look_every{200};
    std::chrono::milliseconds within{5000};
    std::size_t page = 4096;
  };

  KeyTeacher(SystemOfRecord& record, SharedFilter& filter, const Clock& clock, Options options);
  ~KeyTeacher();

  void start();
  void stop();
  /// Does one page if something is due. False: nothing was.
  bool step();

  /// What a screening said about a partition.
  void seen(std::uint32_t partition, FilterEpoch epoch, bool keys_known);

 private:
  struct Lesson {
    FilterEpoch epoch = 0;
    SteadyTime due{};
    OrderId after;
    bool open = false;
  };
  [[nodiscard]] std::optional<std::uint32_t> next_due();
  void teach(std::uint32_t partition);
  void run();

  SystemOfRecord& record_;
  SharedFilter& filter_;
  const Clock& clock_;
  const Options options_;
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable wake_;
  // Guarded by mutex_.
  std::vector<Lesson> lessons_;  ///< One a partition.
  bool stopping_ = false;
};

}  // namespace scalemart
