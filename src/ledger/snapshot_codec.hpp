#pragma once
// A snapshot as blocks of bytes. The storage side keeps the blocks, in order, each protected against damage.
//
//   head     1:u8  version:u8 (1)  sequence:u64  last_time:i64  products:u32  buyers:u32  orders:u32   always
//   the first products 2:u8  count:varint  (spec total:svarint held:svarint sold:svarint flags:u8)*count up
//   to 64 a block
//            flags: 1 paused, 2 removed; available is total - held - sold
//   buyers   3:u8  count:u32  (id: 16 bytes)*count                                                up to 4096
//   a block orders   4:u8  count:u32  parked:u32  (OrderRow: 84 bytes)*count                              up
//   to 1024 a block
//            (offset:u16 step:u8 attempts:varint since:svarint reason:s)*parked
//   end      5:u8 always the last
//
// All of products, then all of buyers, then all of orders; every block but the last of its kind is full.
// Spellings as in domain/record_codec.hpp; the row is laid out in ledger/order_row.hpp.

#include <cstddef>
#include <functional>
#include <span>

#include "base/result.hpp"
#include "ledger/snapshot.hpp"

namespace scalemart {

inline constexpr std::uint8_t kSnapshotVersion = 1;
/// No block is longer, as long as texts keep to their bounds.
inline constexpr std::size_t kSnapshotBlockMax = 2 << 20;

/// Takes one block; an error stops the writing and is passed on.
using BlockSink = std::function<Result<void>(std::span<const std::byte>)>;
/// Gives the next block; it stays valid until the next call. An error is passed on. Empty: there are no more.
using BlockSource = std::function<Result<std::span<const std::byte>>()>;

/// May run on any thread beside the ledger's.
[[nodiscard]] Result<void> write_snapshot(const Snapshot& snapshot, const BlockSink& sink);
/// Safe on any bytes. Whether what was read makes sense is checked by Ledger::from_snapshot().
[[nodiscard]] Result<Snapshot> read_snapshot(const BlockSource& source);

}  // namespace scalemart
