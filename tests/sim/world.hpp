#pragma once
// One deterministic, single-threaded world around the real ledger, sequencer, fulfilment and flow.

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "tests/sim/admins.hpp"
#include "tests/sim/buyers.hpp"
#include "tests/sim/process.hpp"

namespace scalemart::sim {

/// One fault at one place, for sweeps.
struct PlannedFault {
  MemoryJournal::Fault fault = MemoryJournal::Fault::none;
  std::uint64_t append = 0;   ///< The how-manieth, from 1.
  std::uint64_t reserve = 0;  ///< Batches that a full disk still takes.
};

struct Result {
  std::string violation;      ///< Empty: everything held.
  std::uint64_t digest = 0;   ///< Of the whole history: equal for equal seeds.
  std::uint64_t appends = 0;  ///< Batches that became durable before everything was healed.
  std::uint64_t deaths = 0;   ///< Of the process, until then.
  Tally tally;
};

/// Purpose: lets buyers, administrators, the sequencer, the workers, the bank and time take turns in an order
/// drawn from the seed, and breaks things; then heals everything and waits for the last order to end.
class World {
 public:
  explicit World(const Settings& settings, PlannedFault planned = {});
  Result run();

 private:
  void open_shop();
  void turn();
  void one_turn();
  void pass_time();
  void advance(std::chrono::nanoseconds by);
  void break_something();
  void kill_something();
  void trouble_something();
  void toggle_disk(bool full);
  void die(Happened how);
  void died();
  void start();
  void heal();
  bool heal_a_little();
  void settle();
  void sell_out();
  [[nodiscard]] bool settled() const;
  [[nodiscard]] std::uint64_t digest() const;
  [[nodiscard]] Process::Parts parts();

  const Settings settings_;
  const PlannedFault planned_;
  Dice dice_;
  Tally tally_;
  ManualClock clock_;
  Fuse fuse_;
  Bank bank_;
  Papers papers_;
  Snapshots snapshots_;
  std::unique_ptr<MemoryJournal> journal_;
  Referee referee_;
  Shelf shelf_;
  Buyers buyers_;
  Admins admins_;
  std::unique_ptr<Process> process_;
  std::vector<Command> outstanding_;
  std::uint64_t lives_ = 0;
  SteadyTime pulse_at_{};
  bool outage_ = false;
  bool has_script_ = false;  ///< The journal may have a fault that is still to come.
  std::array<std::uint32_t, 6> weights_{};
};

/// Draws the seed's settings and runs it.
[[nodiscard]] Result run_seed(std::uint64_t seed, std::uint64_t operations);

}  // namespace scalemart::sim
