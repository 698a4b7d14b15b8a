#pragma once
// Sits between everybody and the sequencer, and tells the referee what was asked and answered, in the order
// of decision.

#include <functional>
#include <map>
#include <vector>

#include "flow/sale_clock.hpp"
#include "port/journal.hpp"
#include "sequencer/sequencer.hpp"
#include "tests/sim/referee.hpp"

namespace scalemart::sim {

/// Answers as callbacks. Dies with its process, and with it what nobody was told.
class Callbacks final : public AnswerSink {
 public:
  using Then = std::function<void(const Answer&)>;
  bool ask(SaleLedger& ledger, Command command, Then then);
  void answers(std::span<const Item> items) noexcept override;

 private:
  std::map<std::uint64_t, Then> waiting_;
  std::uint64_t made_ = 0;
};

class Tap final : public SaleLedger, public AnswerSink {
 public:
  Tap(Referee& referee, Tally& tally, const Clock& clock, const SaleClock& sale_clock, const Journal& journal)
      : referee_(referee), tally_(tally), clock_(clock), sale_clock_(sale_clock), journal_(journal) {}
  void connect(Sequencer& sequencer) { sequencer_ = &sequencer; }

  [[nodiscard]] bool submit(Ticket ticket) noexcept override;
  void answers(std::span<const Item> items) noexcept override;

  /// The sequencer's time source, asked once at the beginning of a round.
  WallTime begin_round();
  /// Submitted and not answered.
  [[nodiscard]] std::vector<Command> outstanding() const;
  [[nodiscard]] bool quiet() const { return waiting_.empty(); }

 private:
  struct Waiting {
    Ticket ticket;
    Sequence floor;
  };
  Referee& referee_;
  Tally& tally_;
  const Clock& clock_;
  const SaleClock& sale_clock_;
  const Journal& journal_;
  Sequencer* sequencer_ = nullptr;
  Referee::Round round_;
  std::map<std::uint64_t, Waiting> waiting_;
  std::uint64_t made_ = 0;
  std::uint64_t last_buy_ = 0, last_other_ = 0;  ///< Decided last, of each kind.
};

}  // namespace scalemart::sim
