#include "port/audit_chain.hpp"

#include <openssl/sha.h>

namespace scalemart {

Digest256 audit_hash(const Digest256& previous, std::uint64_t sequence, const AuditEntry& entry) {
  std::string bytes(reinterpret_cast<const char*>(previous.data()), previous.size());
  const auto number = [&](std::uint64_t value) {
    for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(value >> shift));
  };
  number(sequence);
  number(static_cast<std::uint64_t>(entry.when.ms));
  for (const std::string* field : {&entry.who, &entry.what, &entry.target, &entry.from, &entry.before, &entry.after}) {
    number(field->size());
    bytes += *field;
  }
  Digest256 digest;
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

bool AuditWalk::take(const AuditRow& row) {
  if (check_.first_bad != 0) return false;
  ++check_.rows;
  if (row.sequence != check_.rows || row.hash != audit_hash(last_, row.sequence, row.entry))
    check_.first_bad = check_.rows;
  last_ = row.hash;
  return check_.first_bad == 0;
}

AuditCheck AuditWalk::finish(std::uint64_t head) const {
  AuditCheck check = check_;
  if (check.first_bad == 0 && check.rows != head) check.first_bad = check.rows + 1;
  return check;
}

}  // namespace scalemart
