#pragma once
// An order as a document of the collection `orders`: everything that is asked for stands in it.

#include "backend/mongodb/document.hpp"
#include "port/order_archive.hpp"

namespace scalemart::mongo {

/// Members: _id (ULID), buyer (ULID), product (its number), product_id, currency, quantity, price, amount (quantity ×
/// price), status, reason (the enumerators' numbers), sequence, created, begun?, ended?, refunded? (milliseconds since
/// 1970), payment?. Who records orders adds members of their own.
[[nodiscard]] Document order_document(const ArchivedOrder& order);
/// Errors: Malformed.
[[nodiscard]] ArchivedOrder read_order(const Reading& document);

}  // namespace scalemart::mongo
