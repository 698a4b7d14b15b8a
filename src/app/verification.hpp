#pragma once
// Proves a ledger from its records alone.

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "app/operations.hpp"
#include "backend/embedded/journal.hpp"
#include "backend/embedded/journal_chain.hpp"
#include "ledger/ledger.hpp"

namespace scalemart {

/// Purpose: folds every batch from the first one on into a ledger of its own, checking the hash chain, every
/// record against the rules, and at the end every sum against the orders.
/// Concurrency: one thread. Memory: as much as the ledger needs.
class Verification {
 public:
  /// Told of each record after it was applied.
  using Visit = std::function<void(const Record& record, const Ledger& ledger)>;
  explicit Verification(Visit visit = {}) : visit_(std::move(visit)) {}

  /// False: something is wrong and there is no use in going on.
  bool take(std::span<const RawBatch> batches);
  [[nodiscard]] Sequence sequence() const { return ledger_.sequence(); }
  [[nodiscard]] const Ledger& ledger() const { return ledger_; }
  [[nodiscard]] Snapshot snapshot() { return ledger_.snapshot(); }
  void add_problem(std::string problem);

  /// `took` is the caller's to fill in.
  [[nodiscard]] VerifyReport report();

 private:
  bool take(const RawBatch& batch);

  const Visit visit_;
  Ledger ledger_;
  ChainHasher hasher_;
  ChainHash hash_{};
  VerifyReport report_;
};

}  // namespace scalemart
