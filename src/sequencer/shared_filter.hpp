#pragma once

#include <mutex>
#include <vector>

#include "port/stock_filter.hpp"

namespace scalemart {

/// The filter as the threads of a process share it: calls for one partition one at a time.
class SharedFilter {
 public:
  /// `filter` may be nullptr: then nothing is filtered.
  SharedFilter(StockFilter* filter, std::uint32_t partitions) : filter_(filter), locks_(partitions) {}

  [[nodiscard]] bool is_there() const { return filter_ != nullptr; }
  [[nodiscard]] std::uint32_t partitions() const { return static_cast<std::uint32_t>(locks_.size()); }
  template <class Use>
  auto with(std::uint32_t partition, Use use) {
    const std::lock_guard guard(locks_[partition]);
    return use(*filter_);
  }

 private:
  StockFilter* filter_;
  std::vector<std::mutex> locks_;
};

}  // namespace scalemart
