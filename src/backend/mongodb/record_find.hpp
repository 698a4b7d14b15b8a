#pragma once
// Questions to the collections of the sale.

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "backend/mongodb/client.hpp"
#include "backend/mongodb/record_order.hpp"
#include "backend/mongodb/record_product.hpp"

namespace scalemart::mongo {

using Visit = std::function<void(const Reading&)>;

/// Orders by id, those there are. `members`: only these; none: all.
[[nodiscard]] Reply<void> for_each_by_id(Client& client, const std::vector<OrderId>& ids, const Visit& visit,
                                         std::initializer_list<const char*> members = {});
/// Orders of which a member is one of these texts, by which each has one at most.
[[nodiscard]] Reply<void> for_each_in(Client& client, const char* member, const std::vector<std::string>& texts,
                                      const Visit& visit, std::initializer_list<const char*> members = {});
/// Orders of these buyers for these products that count against a cap.
[[nodiscard]] Reply<void> for_each_that_counts(Client& client, const std::vector<std::string>& buyers,
                                               const std::vector<ProductRef>& products, const Visit& visit);
/// Orders whose hold is over, the oldest hold first; where they belong goes to `homes`.
[[nodiscard]] Reply<std::vector<OrderId>> due_holds(Client& client, WallTime now, std::size_t limit,
                                                    std::map<OrderId, ProductRef>& homes);
[[nodiscard]] Reply<std::optional<RecordedProduct>> find_slug(Client& client, const std::string& slug);
/// The number of the next product.
[[nodiscard]] Reply<std::uint32_t> next_ref(Client& client);
/// All products, by ref, without their claims.
[[nodiscard]] Reply<std::vector<RecordedProduct>> all_products(Client& client);

}  // namespace scalemart::mongo
