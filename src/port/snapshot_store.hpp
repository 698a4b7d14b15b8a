#pragma once
// Where the ledger's state is kept from time to time, so that a restart need not fold the whole journal.

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "port/journal.hpp"

namespace scalemart {

/// Purpose: keeps the last few snapshots, each whole or absent. A snapshot is bytes to this interface, at a
/// place in the journal. Losing all of them costs time at the next start, nothing else.
/// Concurrency: one caller at a time.
/// Errors: a write that fails leaves the older ones as they were; the caller may try again later.
class SnapshotStore {
 public:
  using Sink = std::function<void(std::span<const std::byte>)>;

  virtual ~SnapshotStore() = default;
  /// `produce` hands the content to the sink in as many pieces as it likes. Blocks until it is durable.
  virtual Result<void> write(const JournalHead& at, const std::function<void(const Sink&)>& produce) = 0;
  /// Newest first. Their content is not checked yet.
  [[nodiscard]] virtual std::vector<Sequence> list() const = 0;
  struct Loaded {
    JournalHead at;
    std::vector<std::byte> content;
  };
  /// An error when it is missing or damaged.
  virtual Result<Loaded> load(Sequence sequence) = 0;
};

}  // namespace scalemart
