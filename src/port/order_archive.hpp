#pragma once
// Questions about all orders that the ledger's memory is not made for. Filled behind the answers.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "domain/order.hpp"

namespace scalemart {

struct OrderSearch {
  std::optional<OrderStatus> status;
  std::string product_id;        ///< Empty: any.
  std::optional<UserId> buyer;   ///< Exactly this buyer.
  std::string id_prefix;         ///< The beginning of an order's id; empty: any.
  std::optional<WallTime> from;  ///< Accepted at this time or later.
  std::optional<WallTime> to;    ///< Accepted before this time.
  std::string cursor;            ///< Empty: from the newest.
  std::size_t limit = 20;
};

/// An order as the archive knows it.
struct ArchivedOrder {
  OrderView order;
  std::string payment_reference;  ///< Empty: not paid.
};

struct OrderPage {
  std::vector<ArchivedOrder> orders;
  std::string next_cursor;  ///< Empty: the last page.
  /// Every record up to here is included. 0: there is no such number, for the record itself was asked (a shared one).
  Sequence as_of = 0;
  bool is_cursor_known = true;  ///< False: the search's cursor is none of this list; there are no orders then.
};

/// The first and the last id that begin with these characters, in either case; nullopt: none can.
[[nodiscard]] std::optional<std::pair<OrderId, OrderId>> ids_beginning_with(std::string_view prefix);

/// Purpose: search and export over every order ever accepted.
/// Concurrency: any thread; a call blocks for the time of one indexed query, so not from an event loop.
class OrderArchive {
 public:
  virtual ~OrderArchive() = default;
  [[nodiscard]] virtual Result<OrderPage> search(const OrderSearch& search) = 0;
  [[nodiscard]] virtual Result<std::optional<ArchivedOrder>> find(OrderId id) = 0;
  /// The last record included; 0 as for as_of.
  [[nodiscard]] virtual Sequence applied() const noexcept = 0;
};

}  // namespace scalemart
