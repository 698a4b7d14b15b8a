#pragma once
// Where records become durable.

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "base/result.hpp"
#include "domain/record.hpp"

namespace scalemart {

using ChainHash = std::array<std::byte, 32>;  ///< SHA-256 over the previous batch's hash and this batch's bytes.

struct JournalHead {
  Sequence sequence = 0;  ///< 0: empty.
  ChainHash hash{};
};

/// Purpose: an append-only list of records, written in batches that are whole or absent.
/// Concurrency: one owner thread; one process (a lock on the data folder keeps others out).
/// Errors: no_space leaves the journal as it was. Every other storage error is an unknown outcome: the
/// implementation writes one log line and ends the process (design.md section 1, step 4).
class Journal {
 public:
  enum class Appended : std::uint8_t { durable, no_space };

  virtual ~Journal() = default;
  /// Returns only when the batch survives a power cut. records is not empty, its sequences are dense and
  /// start at head().sequence + 1. `for_release`: the batch holds no buy and may use the disk's reserve.
  virtual Appended append(std::span<const Record> records, bool for_release) = 0;
  [[nodiscard]] virtual JournalHead head() const = 0;
  /// Calls `visit` for every record after `after`, in order, after checking the hash chain from there on.
  /// `known`: the chain's hash at `after` (all zero for 0). An error names the first bad batch.
  virtual Result<void> replay(Sequence after, const ChainHash& known,
                              const std::function<void(const Record&)>& visit) = 0;
  /// The same without checking the chain, for who fell behind: whole batches from the one that holds
  /// after + 1, until at least `max` records were visited. The last sequence visited, or `after`.
  virtual Result<Sequence> read(Sequence after, std::size_t max, const std::function<void(const Record&)>& visit) = 0;
  /// Housekeeping of at most a few milliseconds. The owner calls it when a batch's answers are out.
  virtual void tidy() {}
  /// False while the disk has room for releases only. Safe from any thread.
  [[nodiscard]] virtual bool has_room_for_buys() const noexcept = 0;
};

}  // namespace scalemart
