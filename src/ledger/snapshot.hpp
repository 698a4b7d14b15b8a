#pragma once
// The ledger's whole state at one record, shared and unchanging.

#include <memory>
#include <vector>

#include "domain/ids.hpp"
#include "ledger/order_row.hpp"
#include "ledger/product.hpp"

namespace scalemart {

/// Purpose: what Ledger::snapshot() hands to another thread; written and read by ledger/snapshot_codec.hpp.
/// Concurrency: may be read and dropped on any thread while the ledger goes on. In the last chunk of each
/// list only the entries below the count belong to the snapshot; the ledger may be filling in those behind
/// it.
struct Snapshot {
  Sequence sequence = 0;  ///< Of the last record in it.
  WallTime last_time;     ///< Of that record.
  std::vector<Product> products;
  Row order_count = 0;
  std::vector<std::shared_ptr<const OrderChunk>> orders;
  Row buyer_count = 0;
  std::vector<std::shared_ptr<const BuyerChunk>> buyers;
};

}  // namespace scalemart
