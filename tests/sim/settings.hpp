#pragma once
// One seed's world. Every seed draws its own, and leaves features out with an even chance, because some bugs
// only show when something else does not happen. Source: Groce et al., "Swarm Testing", ISSTA 2012.

#include <chrono>
#include <cstdint>

#include "fulfilment/service.hpp"
#include "sequencer/ticket_queue.hpp"
#include "tests/sim/dice.hpp"

namespace scalemart::sim {

/// Shares are of calls, or of orders where it says so.
struct BankTraits {
  std::chrono::milliseconds latency{20};  ///< Answers take up to twice this.
  double decline = 0;                     ///< Of orders.
  double reject = 0;                      ///< Of orders: the charge can never work.
  double long_reference = 0;              ///< Of orders: the reference is longer than allowed.
  double lose_request = 0;
  double lose_answer = 0;
  double silent = 0;  ///< Not even the deadline is answered.
  double unavailable = 0;
  double undecided = 0;
  double late = 0;       ///< Answers after the deadline; the money moves all the same.
  bool outages = false;  ///< From time to time everything is refused.
};

struct PaperTraits {
  std::chrono::milliseconds latency{5};
  double invoice_fails = 0;
  double mail_fails = 0;
  double mail_rejected = 0;  ///< Of orders.
  double silent = 0;
  double no_address = 0;  ///< Of buyers.
  double pool_full = 0;
};

struct Settings {
  std::uint64_t seed = 1;
  std::uint64_t operations = 4000;

  // what is sold, and to whom
  std::uint32_t products = 1;
  std::int64_t stock_max = 50;
  std::uint64_t buyers = 100;
  double skew = 1;
  std::uint32_t hold_ms = 60'000;
  bool windows = false, caps = false;

  // what people do
  bool cancel = false, duplicates = false, key_reuse = false, keyless = false, reads = false, direct = false;
  bool deadlines = false;
  bool restock = false, pause = false, terms = false, removal = false, refunds = false, steering = false;
  double lost_requests = 0, lost_answers = 0;

  // what goes wrong
  bool crashes = false, storage_errors = false, calls_that_kill = false, disk_full = false, wall_steps = false;
  bool stalls = false, ghosts = false, snapshots = false, snapshot_damage = false;
  std::uint64_t fault_every = 200;  ///< Turns of the world, on average.

  // who is how busy, relative to each other
  std::uint32_t buying = 10, deciding = 4, fulfilling = 3, administering = 1, passing = 6;
  std::int64_t tick_ms = 20;  ///< Time passes in steps of up to this.

  // sizes of the program
  TicketQueue::Limits limits;
  std::size_t batch_records_max = 4096, batch_commands_max = 16'384;
  std::size_t used_keys_bits = 1 << 14;
  FulfilmentSettings fulfilment;
  BankTraits bank;
  PaperTraits papers;
};

[[nodiscard]] Settings draw_settings(std::uint64_t seed, std::uint64_t operations);

/// A small world without faults, always the same: for sweeps that put one fault into each place.
[[nodiscard]] Settings calm_settings(std::uint64_t operations);

}  // namespace scalemart::sim
