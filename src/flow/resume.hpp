#pragma once
// What a process that ended left to do, handed to fulfilment.

#include <span>

#include "flow/catalogue.hpp"
#include "fulfilment/dispatcher.hpp"
#include "ledger/ledger.hpp"

namespace scalemart {

/// Fills a new dispatcher with what the ledger found unfinished: `unfinished` and `parked` as Ledger lists
/// them, both in order of acceptance, and every product they may name. Before the dispatcher observes its
/// first batch.
void resume_orders(Dispatcher& dispatcher, std::span<const Offer> offers, std::span<const UnfinishedOrder> unfinished,
                   std::span<const ParkedOrder> parked);

}  // namespace scalemart
