#pragma once
// What happened in a run: a simulator that no longer reaches a fault proves nothing about it, and must fail.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "domain/command.hpp"
#include "domain/order.hpp"

namespace scalemart::sim {

enum class Happened : std::uint8_t {
  // the process and its disk
  crash_between,
  crash_before_durable,
  crash_after_durable,
  crash_in_a_call,
  crash_for_want_of_space,
  crash_while_recovering,
  tidy_stop,
  outcome_unknown,
  disk_full,
  buy_refused_read_only,
  disk_has_room_again,
  snapshot_written,
  snapshot_failed,
  snapshot_damaged,
  snapshot_used,
  snapshot_passed_over,
  queue_full,
  deadline_passed,
  wall_stepped,
  loop_stalled,
  lease_lost,
  stale_completion,
  // the bank
  bank_declined,
  bank_timed_out,
  bank_charged_without_answer,
  bank_unavailable,
  bank_undecided,
  bank_rejected,
  bank_misconfigured,
  bank_silent,
  bank_late,
  bank_long_reference,
  bank_refunded,
  bank_voided,
  // papers
  invoice_failed,
  mail_unavailable,
  mail_rejected,
  mail_silent,
  mail_again,
  no_address,
  executor_full,
  // people
  request_lost,
  answer_lost,
  retried_after_loss,
  retried_after_crash,
  duplicate_sent,
  key_reused,
  refused_quickly,
  asked_by_key,
  bought_without_key,
  restocked,
  paused,
  terms_changed,
  product_removed,
  queue_paused,
  concurrency_changed,
  dead_letter,
  dead_letter_retried,
  unpaid_letter_discarded,
  papers_discarded,
  kCount
};

struct Tally {
  static constexpr auto kKinds = static_cast<std::size_t>(Happened::kCount);
  std::array<std::uint64_t, kKinds> happened{};
  std::array<std::uint64_t, kOutcomeCount> outcomes{};
  std::array<std::array<std::uint64_t, kOrderStatusCount>, kOrderStatusCount> edges{};
  std::uint64_t operations = 0;  ///< Commands that were answered, reads, and buys refused before the ledger.
  std::uint64_t records = 0;
  std::uint64_t events = 0;  ///< Turns of the world.
  std::uint64_t runs = 0;

  void add(Happened what) { ++happened[static_cast<std::size_t>(what)]; }
  void add(const Tally& other);
  /// One line each: what happened less often than a run of so many operations must show. Empty: all did.
  [[nodiscard]] std::vector<std::string> missing() const;
  [[nodiscard]] std::string text() const;
};

}  // namespace scalemart::sim
