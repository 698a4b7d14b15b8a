#pragma once
// One receiver of events: what it is sent next, when, and what becomes of what it does not take.

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "port/outbox_store.hpp"

namespace scalemart {

struct OutletSettings {
  /// Pauses before the second, third, … try of an event that is refused; after the last it is given up.
  std::vector<std::chrono::milliseconds> retry{
      std::chrono::seconds(5), std::chrono::minutes(5), std::chrono::minutes(30),
      std::chrono::hours(2),   std::chrono::hours(5),   std::chrono::hours(10),
      std::chrono::hours(14),  std::chrono::hours(20),  std::chrono::hours(24)};
  std::chrono::milliseconds disable_after{std::chrono::hours(120)};
  /// Pauses while nobody answers: doubled from the first to the last.
  std::chrono::milliseconds pause_first{1000};
  std::chrono::milliseconds pause_last{std::chrono::minutes(5)};
  std::chrono::milliseconds stock_every{1000};  ///< Stock of one product is told so often at the most.
  std::size_t in_flight_max = 8;
  std::size_t window_max = 512;    ///< Read and not yet begun.
  std::size_t letters_max = 1000;  ///< To be tried again; then no others are begun.
};

struct DeliveryResult {
  enum class Kind : std::uint8_t {
    delivered,
    refused,      ///< The receiver is there and does not want this one.
    unreachable,  ///< Nobody is there, or it asks for patience.
    rejected,     ///< Will never work: no other try.
    gone,         ///< The receiver wants nothing any more.
  };
  Kind kind = Kind::unreachable;
  int status = 0;
  std::string problem;
  std::chrono::milliseconds retry_after{0};
};

/// Purpose: the rules of docs/webhooks.md, without thread, clock or network. Events are read from the journal up to
/// read_to(); next() gives what may begin, ended() takes what became of it. An event that was not taken becomes a
/// letter, so that the cursor goes on. Events of one subject keep their order. Whoever does not answer at all is
/// asked with one event at a time, ever more rarely, and that is not held against the events. Concurrency: one
/// thread. Limits: see OutletSettings; the journal keeps what does not fit.
class Outlet {
 public:
  Outlet(OutletSettings settings, OutletPlace place, std::vector<Letter> letters, Random& random);

  [[nodiscard]] bool wants_more() const { return waiting_.size() < settings_.window_max; }
  [[nodiscard]] Sequence read_to() const { return read_to_; }
  /// In order. One of a stock that waits already is left out: the one that waits will say the newest.
  void add(Letter event);
  void advance(Sequence read_to) { read_to_ = read_to; }

  /// What may begin now, counted as under way; nothing: nothing may.
  [[nodiscard]] std::optional<Letter> next(WallTime now);
  void ended(const Letter& event, const DeliveryResult& result, WallTime now);
  /// A dead letter that shall be tried again.
  void revive(Letter letter);

  /// Why it shall be disabled; empty: it shall not.
  [[nodiscard]] std::string verdict(WallTime now) const;
  [[nodiscard]] bool is_enabled() const { return place_.disabled.empty(); }
  /// next() gives nothing from now on; the cursor stays, so that nothing is lost.
  void disable(std::string why);
  /// Its failures are forgotten, and everything is due.
  void enable(WallTime now);

  [[nodiscard]] OutletPlace place() const;
  [[nodiscard]] const std::map<Sequence, Letter>& letters() const { return letters_; }
  [[nodiscard]] const std::deque<Letter>& recent() const { return recent_; }
  [[nodiscard]] const std::string& problem() const { return problem_; }
  [[nodiscard]] std::size_t in_flight() const { return in_flight_.size(); }
  /// What must become durable; nothing: nothing changed.
  [[nodiscard]] std::optional<OutletChange> take_change();

 private:
  /// By sequence; of one record an event and a stock, so two places each.
  using Events = std::map<Sequence, Letter>;
  [[nodiscard]] static Sequence place_of(const Letter& event) { return event.sequence * 2 + (event.stock ? 1 : 0); }

  [[nodiscard]] bool is_behind_another(const Letter& event) const;
  [[nodiscard]] bool is_too_early(const Letter& event, WallTime now) const;
  [[nodiscard]] std::optional<Letter> begin_waiting(WallTime now);
  [[nodiscard]] std::optional<Letter> begin_letter(WallTime now);
  Letter begin(Events& events, Events::iterator at, WallTime now);
  void put_by(Letter letter);
  void taken(Letter letter, bool was_letter, WallTime now);
  void failed(Letter letter, bool was_letter, const DeliveryResult& result, WallTime now);
  void count_silence(const DeliveryResult& result, WallTime now);
  [[nodiscard]] std::chrono::milliseconds jittered(std::chrono::milliseconds pause);

  const OutletSettings settings_;
  Random& random_;
  OutletPlace place_;
  OutletPlace saved_;
  Sequence read_to_;
  Events waiting_;  ///< Read, never tried.
  Events letters_;  ///< To be tried again, or behind one that is.
  Events in_flight_;
  std::set<Sequence> letters_in_flight_;                           ///< Places.
  std::unordered_map<std::string, std::set<Sequence>> unsettled_;  ///< By subject: letters and in flight.
  std::set<std::string> stock_pending_;                            ///< Subjects that wait or are letters.
  std::unordered_map<std::uint32_t, WallTime> stock_told_;         ///< When each was last begun.
  std::deque<Letter> recent_;                                      ///< Delivered, newest first.
  std::uint32_t unanswered_ = 0;                                   ///< In a row; 0: it is there.
  WallTime paused_until_;
  bool gone_ = false;
  std::string problem_;
  OutletChange change_;
  bool changed_ = false;
};

}  // namespace scalemart
