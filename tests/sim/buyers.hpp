#pragma once
// The crowd: buys, loses answers, tries again, cancels, asks.

#include <memory>
#include <string>
#include <vector>

#include "tests/sim/process.hpp"

namespace scalemart::sim {

/// What is on offer, as people know it: the slugs that were ever created.
struct Shelf {
  std::vector<std::string> slugs;  ///< By ProductRef.
};

class Buyers final : public AnswerSink {
 public:
  Buyers(const Settings& settings, const Shelf& shelf, const ManualClock& clock, Dice& dice, Referee& referee,
         Tally& tally)
      : settings_(settings), shelf_(shelf), clock_(clock), dice_(dice), referee_(referee), tally_(tally) {}

  /// One buyer does one thing.
  void act(Process& process);
  /// Everybody who waited for an answer will never get it.
  void shop_died();
  void answers(std::span<const Item> items) noexcept override;

  // --- when everything is healed
  /// Those who do not know what became of their buy try again; false: nobody is left.
  bool settle_one(Process& process);
  /// A new buyer who wants one unit; the token names the attempt.
  std::uint64_t buy_one(Process& process, std::uint32_t product);
  /// nullopt: not answered yet.
  [[nodiscard]] std::optional<Outcome> outcome_of(std::uint64_t token) const;
  [[nodiscard]] bool waiting() const { return waiting_ > 0; }

 private:
  enum class State : std::uint8_t { waiting, answered, lost };
  struct Intent {
    UserId buyer;
    std::uint32_t product = 0;
    std::uint32_t quantity = 1;
    KeyDigest key;
    OrderId order;         ///< Once known.
    bool unsure = false;   ///< An answer was lost, and there is a key to ask again with.
    bool crashed = false;  ///< It was lost in a crash.
  };
  struct Attempt {
    std::size_t intent = 0;
    State state = State::waiting;
    Outcome outcome = Outcome::overloaded;
  };

  [[nodiscard]] Intent new_intent();
  [[nodiscard]] std::size_t some_intent();
  void buy_something_new(Process& process);
  void try_again(Process& process);
  void send(Process& process, std::size_t intent);
  void heard(std::uint64_t token, const Answer& answer);
  void forget_answer(Attempt& attempt, bool crashed);
  void cancel(Process& process);
  void ask(Process& process);
  void compare(const std::optional<OrderView>& found, const ReferenceModel::Order* expected);

  const Settings& settings_;
  const Shelf& shelf_;
  const ManualClock& clock_;
  Dice& dice_;
  Referee& referee_;
  Tally& tally_;
  std::vector<Intent> intents_;
  std::vector<Attempt> attempts_;    ///< By token.
  std::vector<std::size_t> unsure_;  ///< Intents.
  std::vector<std::uint64_t> waiting_tokens_;
  std::uint64_t waiting_ = 0;
  bool healed_ = false;
};

}  // namespace scalemart::sim
