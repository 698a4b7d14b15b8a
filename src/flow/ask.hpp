#pragma once
// One command, one callback: for everything that is not a buy.

#include <functional>

#include "port/sale_ledger.hpp"

namespace scalemart {

/// Submits `command` and calls `then` with the answer on the ledger's thread, whoever is still interested.
/// False: the queue is full and `then` is never called. `then` must be quick and must not throw.
[[nodiscard]] bool ask(SaleLedger& ledger, Command command, std::function<void(const Answer&)> then);

}  // namespace scalemart
