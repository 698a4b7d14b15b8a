#pragma once
// How other threads reach an event loop: answers of the ledger, late responses, stream events, tasks.
//
// Operation: whatever arrives while the loop is busy shares one wake-up. The eventfd is watched
// edge-triggered, so it needs no read. Concurrency: every call from any thread; take() on the loop's. A
// mailbox outlives its loop as long as anyone holds it; what comes then is dropped.

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "gateway/exchange.hpp"
#include "port/sale_ledger.hpp"

namespace scalemart {

class StreamReader;

class Mailbox final : public AnswerSink, public Later::Target {
 public:
  struct Completion {
    std::uint64_t token;
    Response response;
  };
  struct Contents {
    std::vector<AnswerSink::Item> answers;
    std::vector<Completion> completions;
    std::vector<std::shared_ptr<StreamReader>> readers;  ///< Those with news.
    std::vector<std::function<void()>> tasks;
    [[nodiscard]] bool empty() const {
      return answers.empty() && completions.empty() && readers.empty() && tasks.empty();
    }
    void clear();
  };

  Mailbox();
  ~Mailbox() override;
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  void answers(std::span<const AnswerSink::Item> items) noexcept override;
  void complete(std::uint64_t token, Response&& response) noexcept override;
  void news_for(std::shared_ptr<StreamReader> reader) noexcept;
  void post(std::function<void()> task);
  /// Swaps what has come into `out`, which is empty; the vectors' capacity goes back and forth.
  void take(Contents& out);

 private:
  /// Writes the eventfd unless that was done since the last take(). Called with mutex_ held.
  [[nodiscard]] bool must_wake();
  void wake() noexcept;

  int fd_;
  std::mutex mutex_;
  Contents contents_;       ///< Guarded by mutex_.
  bool signalled_ = false;  ///< Guarded by mutex_.
};

}  // namespace scalemart
