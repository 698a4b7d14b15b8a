#pragma once
// The audit trail is a chain: each row is bound to all before it.

#include "port/account_store.hpp"

namespace scalemart {

/// Of row `sequence` (the first is 1, behind a hash of zeroes): SHA-256 over the previous row's hash, the sequence, the
/// time, and every text with its length, so that no two rows read the same. Numbers are 64 bits, big-endian. This is
/// what is on disk: it does not change.
[[nodiscard]] Digest256 audit_hash(const Digest256& previous, std::uint64_t sequence, const AuditEntry& entry);

/// Walks over a trail from its first row.
class AuditWalk {
 public:
  /// False: this row is the first bad one; nothing is looked at any more.
  bool take(const AuditRow& row);
  [[nodiscard]] const AuditCheck& check() const { return check_; }
  /// What the last row must be when the trail says that it ends here: a tail that was cut off is bad as well.
  [[nodiscard]] AuditCheck finish(std::uint64_t head) const;

 private:
  AuditCheck check_;
  Digest256 last_{};
};

}  // namespace scalemart
