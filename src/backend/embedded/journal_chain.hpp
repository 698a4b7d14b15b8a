#pragma once
// The hash chain over a journal's batches: an edit, a gap or a reordering anywhere breaks it from there on.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "port/journal.hpp"

struct evp_md_ctx_st;

namespace scalemart {

/// SHA-256(previous hash || first || count || bytes), numbers as 8 bytes, little-endian.
/// Concurrency: one thread; keeps its working memory between calls.
class ChainHasher {
 public:
  ChainHasher();
  [[nodiscard]] ChainHash next(const ChainHash& previous, Sequence first, std::uint64_t count,
                               std::span<const std::byte> bytes);

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const noexcept;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

}  // namespace scalemart
