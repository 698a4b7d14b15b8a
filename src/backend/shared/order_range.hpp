#pragma once
// Which ids an archive that orders by id has to look at.

#include <optional>

#include "port/order_archive.hpp"

namespace scalemart {

/// Both ends belong to it; it may be empty.
struct IdRange {
  OrderId first{};
  OrderId last{~0ULL, ~0ULL};
};

/// The ids among which the search can find anything: its id's beginning, and its times, since a ULID begins with the
/// time at which a gateway made it. A gateway's clock may be off by ten minutes. nullopt: no id can match.
[[nodiscard]] std::optional<IdRange> ids_to_search(const OrderSearch& search);

}  // namespace scalemart
