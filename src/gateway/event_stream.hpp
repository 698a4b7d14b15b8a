#pragma once
// One reader of a live stream, between the threads that publish and the loop that writes.
//
// Operation: a publisher leaves the event here; the reader stands in its loop's mailbox at most once, however
// many events come, so that neither the mailbox nor a slow reader's backlog can grow.
// Concurrency: send() and close() from any thread; take() and set_gone() on the loop's.

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "gateway/exchange.hpp"
#include "gateway/mailbox.hpp"

namespace scalemart {

class StreamReader final : public EventStream::Target, public std::enable_shared_from_this<StreamReader> {
 public:
  StreamReader(std::shared_ptr<Mailbox> mailbox, std::uint64_t token, StreamOptions::Overflow overflow,
               std::size_t pending_bytes_max)
      : mailbox_(std::move(mailbox)), token_(token), overflow_(overflow), bytes_max_(pending_bytes_max) {}

  bool send(EventStream::Text event) noexcept override;
  void close() noexcept override;

  [[nodiscard]] std::uint64_t token() const { return token_; }
  struct News {
    std::vector<EventStream::Text> events;
    bool close = false;
  };
  /// What has come since. Until this is called the reader counts as announced: a loop whose connection cannot
  /// write calls it later, and meanwhile events coalesce here.
  [[nodiscard]] News take();
  void set_gone() noexcept;

 private:
  void announce(std::unique_lock<std::mutex>& lock) noexcept;

  std::shared_ptr<Mailbox> mailbox_;
  const std::uint64_t token_;
  const StreamOptions::Overflow overflow_;
  const std::size_t bytes_max_;
  std::mutex mutex_;
  std::vector<EventStream::Text> pending_;  ///< Guarded by mutex_, like all below.
  std::size_t bytes_ = 0;
  bool announced_ = false;  ///< In the mailbox, or waiting for its connection.
  bool closing_ = false;
  bool gone_ = false;
};

}  // namespace scalemart
