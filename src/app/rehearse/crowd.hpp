#pragma once
// The visitors of a rehearsal on one thread: shoppers, refreshers, bots.

#include <atomic>
#include <cstdint>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include "app/rehearse/client.hpp"
#include "app/rehearse/options.hpp"
#include "app/rehearse/report.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"

namespace scalemart::rehearse {

/// Numbers for the progress line; read by another thread.
struct Progress {
  std::atomic<std::uint64_t> visits{0}, accepted{0}, refused{0}, errors{0}, open_orders{0};
};

/// Purpose: lets visits begin when they are due, whatever the server does (open loop), and plays each to its
/// end.
///   shopper    buys one unit under its own Idempotency-Key; on 503, a time-out or a lost connection tries
///   again
///              with the same key, up to kAttemptsMax times; then follows the order until it ends.
///   refresher  reads the product once.
///   bot        buys with one of few accounts, never tries again; its orders are followed too.
/// Latencies are measured from the moment a request was due, so that a stalled server is seen as it is felt.
/// Concurrency: one thread runs it; Progress may be read by others.
class Crowd final : private Client::Sink {
 public:
  /// `share` of `shares`: this thread's part of rate, connections and tokens.
  Crowd(const Options& options, Address address, unsigned share, unsigned shares, const Clock& clock);

  /// Until every visit has ended or patience is over, or `stop` is set.
  void run(const std::atomic<bool>& stop);
  [[nodiscard]] const Tally& tally() const { return tally_; }
  [[nodiscard]] const Progress& progress() const { return progress_; }
  /// From the first visit's due time to the last answer of a buy or a refresh.
  [[nodiscard]] double seconds() const { return std::chrono::duration<double>(last_answer_ - start_).count(); }

 private:
  enum class Kind : std::uint8_t { shopper, refresher, bot };
  enum class Phase : std::uint8_t { begin, follow, resolve };
  struct Visit {
    Kind kind = Kind::refresher;
    Phase phase = Phase::begin;
    std::uint8_t attempts = 0;
    std::uint8_t polls = 0;
    bool in_doubt = false;  ///< An attempt got no answer: the order may exist.
    std::uint32_t token = 0;
    std::uint64_t key = 0;
    SteadyTime due{};  ///< Of the request in flight.
    SteadyTime accepted_at{};
    std::string order;
  };
  struct Later {
    SteadyTime at;
    std::uint32_t visit;
    bool operator>(const Later& other) const { return at > other.at; }
  };
  static constexpr std::uint8_t kAttemptsMax = 6;
  static constexpr std::size_t kFollowedMax = 200'000;

  void answered(std::uint32_t tag, const HttpAnswer& answer) override;
  void failed(std::uint32_t tag, Failure why) override;

  void begin_due(SteadyTime now);
  void begin_visit(SteadyTime due, SteadyTime now);
  void send(std::uint32_t id, SteadyTime due);
  void buy_answered(std::uint32_t id, const HttpAnswer& answer);
  void accept(std::uint32_t id, std::string_view order);
  void count_refusal(const std::string& code);
  void refuse(std::uint32_t id, const HttpAnswer& answer);
  void retry_or_give_up(std::uint32_t id, std::chrono::milliseconds wait);
  void follow_answered(std::uint32_t id, const HttpAnswer& answer);
  void follow_again(std::uint32_t id);
  void resolve_answered(std::uint32_t id, const HttpAnswer& answer);
  void schedule(std::uint32_t id, std::chrono::nanoseconds after);
  void end(std::uint32_t id);
  void give_up_open_visits();
  Second& second() { return second_at(clock_.steady()); }
  Second& second_at(SteadyTime time);
  void buy_took(const Visit& visit, SteadyTime now);

  const Options& options_;
  const unsigned share_, shares_;
  const Clock& clock_;
  SeededRandom random_;
  Client client_;
  std::vector<Visit> visits_;
  std::vector<std::uint32_t> free_;
  std::priority_queue<Later, std::vector<Later>, std::greater<>> later_;
  std::size_t bots_ = 0;
  std::size_t next_shopper_ = 0;
  std::uint64_t begun_ = 0;
  std::size_t followed_ = 0;
  std::string request_;
  SteadyTime start_{}, last_answer_{};
  Tally tally_;
  Progress progress_;
};

}  // namespace scalemart::rehearse
