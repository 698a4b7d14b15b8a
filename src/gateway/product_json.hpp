#pragma once
// Products as administrators write them, already valid under the API document's schema.

#include <boost/json/object.hpp>
#include <variant>

#include "domain/product.hpp"
#include "gateway/response.hpp"

namespace scalemart {

struct NewProduct {
  ProductSpec spec;
  std::int64_t total = 0;
};

/// What the schema cannot say (instants that exist, an end after the start) is checked here: a 422 otherwise.
[[nodiscard]] std::variant<NewProduct, Response> read_new_product(const boost::json::object& body);

/// `spec` with the members of `changes`; null clears what may be absent.
[[nodiscard]] std::variant<ProductSpec, Response> read_changes(ProductSpec spec, const boost::json::object& changes);

}  // namespace scalemart
