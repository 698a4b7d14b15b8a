#pragma once
// A product as the ledger keeps it.

#include <memory>

#include "domain/product.hpp"

namespace scalemart {

struct Product {
  std::shared_ptr<const ProductSpec> spec;
  Stock stock;
  bool paused = false;
  bool removed = false;  ///< Its id stays taken, its orders stay readable.
};

}  // namespace scalemart
