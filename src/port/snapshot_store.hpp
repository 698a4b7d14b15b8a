#pragma once
// Where the ledger's state is kept from time to time, so that a restart need not fold the whole journal.

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "port/journal.hpp"

namespace scalemart {

/// Purpose: keeps the last few snapshots, each whole or absent. A snapshot is a list of blocks of bytes to
/// this interface, at a place in the journal. Losing all of them costs time at the next start, nothing else.
/// Concurrency: one caller at a time.
/// Errors: a write that fails leaves the older ones as they were; the caller may try again later.
class SnapshotStore {
 public:
  static constexpr std::size_t kBlockMax = 4 << 20;
  /// Takes one block, not empty, at most kBlockMax. An error is to be passed on.
  using Sink = std::function<Result<void>(std::span<const std::byte>)>;

  /// The blocks of one snapshot, each checked before it is handed out.
  class Reader {
   public:
    virtual ~Reader() = default;
    [[nodiscard]] virtual const JournalHead& at() const = 0;
    /// Valid until the next call. Empty: that was all, and the end is in its place too.
    [[nodiscard]] virtual Result<std::span<const std::byte>> next() = 0;
  };

  virtual ~SnapshotStore() = default;
  /// `produce` hands the blocks to the sink. Blocks until everything is durable.
  virtual Result<void> write(const JournalHead& at, const std::function<Result<void>(const Sink&)>& produce) = 0;
  /// Newest first. Their content is not checked yet.
  [[nodiscard]] virtual std::vector<Sequence> list() const = 0;
  [[nodiscard]] virtual Result<std::unique_ptr<Reader>> open(Sequence sequence) = 0;
};

}  // namespace scalemart
