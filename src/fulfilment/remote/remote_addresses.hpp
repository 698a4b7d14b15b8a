#pragma once
// Buyers' addresses for a worker in a process of its own: whoever holds the accounts is asked.

#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "fulfilment/remote/frame_link.hpp"
#include "fulfilment/remote/frames.hpp"

namespace scalemart {

/// Concurrency: contact() from any thread, it waits for the answer; the rest on the link's thread.
class RemoteAddresses final : public AddressBook {
 public:
  explicit RemoteAddresses(std::chrono::nanoseconds patience = std::chrono::seconds(10)) : patience_(patience) {}

  void connected(std::shared_ptr<FrameLink> link);
  void received(frame::ContactAnswer answer);
  /// Whoever waits hears that it cannot be said now.
  void disconnected();

  Result<std::optional<Contact>> contact(UserId buyer) override;

 private:
  using Answer = Result<std::optional<Contact>>;

  const std::chrono::nanoseconds patience_;
  std::mutex mutex_;
  std::shared_ptr<FrameLink> link_;                                  ///< Guarded by mutex_; none: nobody can be asked.
  std::unordered_map<std::uint64_t, std::promise<Answer>> waiting_;  ///< Guarded by mutex_. One a thread that asks.
  std::uint64_t next_ = 1;                                           ///< Guarded by mutex_.
};

}  // namespace scalemart
