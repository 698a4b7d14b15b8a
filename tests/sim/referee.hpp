#pragma once
// Knows what must be true, and compares everything that the program does with it.

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "flow/catalogue.hpp"
#include "ledger/ledger.hpp"
#include "port/journal.hpp"
#include "port/sale_ledger.hpp"
#include "tests/sim/bank.hpp"
#include "tests/sim/model/reference_model.hpp"
#include "tests/sim/papers.hpp"
#include "tests/sim/tally.hpp"

namespace scalemart::sim {

/// Purpose: follows the program through the reference model: every answer as it is given, every durable
/// record, the state after every batch, the money, the papers; after a crash, what the journal has; at the
/// end, the whole history once more from the journal and from what people were told (the witness check:
/// Porcupine's question, answered by the sequence numbers that the answers carry). It outlives the processes
/// that it watches. The first violation is kept; nothing is thrown.
class Referee {
 public:
  Referee(Tally& tally, const Bank& bank, const Papers& papers) : tally_(tally), bank_(bank), papers_(papers) {}

  void fail(const std::string& what);
  [[nodiscard]] bool failed() const { return !violation_.empty(); }
  [[nodiscard]] const std::string& violation() const { return violation_; }

  [[nodiscard]] std::uint64_t batches() const { return batches_; }
  [[nodiscard]] const ReferenceModel& model() const { return model_; }
  [[nodiscard]] const ReferenceModel::Order* find(OrderId id) const;

  /// What a round was decided under.
  struct Round {
    WallTime now;
    SteadyTime at{};
    bool room = true;  ///< The disk had room for buys.
  };
  /// Everybody who asks later must not be answered from before this.
  [[nodiscard]] Sequence floor() const { return floor_; }

  // --- as it happens
  void committed(std::span<const Record> records);
  void answered(const Ticket& ticket, const Answer& answer, const Round& round, Sequence floor);
  void refused_quickly(const Reserve& wish, const Answer& answer, WallTime now);
  void after_round(const Ledger& ledger, const Catalogue& catalogue);
  /// The money moves: only for an order that is being processed.
  void captured(OrderId order);
  /// The provider was told to take nothing: not for an order that is sold.
  void voided(OrderId order);

  // --- after a crash
  /// `outstanding`: commands that were submitted and not answered; each of them may have happened or not.
  void recovered(Ledger& ledger, Journal& journal, std::vector<Command> outstanding);
  void compare_everything(Ledger& ledger);

  // --- at the end
  void check_settled();
  void check_history(Journal& journal);

 private:
  struct Told {
    Command command;
    Answer answer;
    WallTime now;
  };
  void follow(const Command& command, const Record& record);
  void note(const Record& record);
  void touch(std::uint32_t product);
  void check_money(const ReferenceModel::Order& order);
  void compare_order(const Ledger& ledger, const ReferenceModel::Order& order);
  void compare_product(const Ledger& ledger, std::uint32_t product);
  void check_told(ReferenceModel& model, const Told& told, const Record* record);

  Tally& tally_;
  const Bank& bank_;
  const Papers& papers_;
  std::string violation_;
  ReferenceModel model_;
  std::unordered_map<OrderId, std::size_t> places_;  ///< In model_.orders().
  std::vector<OrderStatus> statuses_;                ///< As of the last record, by place.
  struct ByKey {
    OrderId order;
    Sequence sequence;
  };
  std::map<std::pair<UserId, KeyDigest>, ByKey> by_key_;

  std::vector<Record> round_;  ///< Durable records that no answer has explained yet.
  std::size_t explained_ = 0;
  std::uint64_t batches_ = 0;
  std::vector<OrderId> touched_;  ///< By the records of the round.
  std::vector<std::uint32_t> touched_products_;
  std::set<std::pair<OrderId, Step>> skipped_;  ///< Papers that an administrator gave up.
  Sequence floor_ = 0;
  std::vector<Told> told_;  ///< What buyers were told.
};

}  // namespace scalemart::sim
