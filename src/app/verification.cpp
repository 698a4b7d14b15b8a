#include "app/verification.hpp"

#include <cstdlib>

#include "base/hex.hpp"
#include "domain/record_codec.hpp"

namespace scalemart {
namespace {

constexpr std::size_t kProblemsMax = 100;

}  // namespace

void Verification::add_problem(std::string problem) {
  if (report_.problems.size() < kProblemsMax) report_.problems.push_back(std::move(problem));
}

bool Verification::take(std::span<const RawBatch> batches) {
  for (const RawBatch& batch : batches)
    if (!take(batch)) return false;
  return true;
}

bool Verification::take(const RawBatch& batch) {
  const std::string name = "the batch at sequence " + std::to_string(batch.first);
  if (batch.first != ledger_.sequence() + 1) {
    add_problem(name + " does not follow " + std::to_string(ledger_.sequence()) + ": records are missing");
    return false;
  }
  hash_ = hasher_.next(hash_, batch.first, batch.count, batch.bytes);
  if (hash_ != batch.hash) {
    add_problem(name + " was changed: its hash does not match");
    return false;
  }
  const auto records = decode_batch(batch.first, batch.bytes);
  if (!records || records->size() != batch.count) {
    add_problem(name + " cannot be read");
    return false;
  }
  for (const Record& record : *records) {
    if (const auto applied = ledger_.apply(record); !applied) {
      add_problem("record " + std::to_string(record.sequence) + ": " + applied.error().message);
      return false;
    }
    if (visit_) visit_(record, ledger_);
  }
  ++report_.batches;
  report_.records += batch.count;
  return true;
}

VerifyReport Verification::report() {
  for (const Drift& drift : ledger_.recount()) {
    report_.drift += std::abs(drift.expected - drift.found);
    add_problem("product " + std::to_string(index_of(drift.product)) + ": " + drift.what + " is " +
                std::to_string(drift.found) + ", the orders say " + std::to_string(drift.expected));
  }
  report_.orders = ledger_.order_count();
  report_.products = ledger_.product_count();
  report_.head = ledger_.sequence();
  report_.head_hash = to_hex(hash_);
  report_.ok = report_.problems.empty() && report_.drift == 0;
  return report_;
}

}  // namespace scalemart
