#include "backend/postgresql/sale_run.hpp"

#include <algorithm>

#include "domain/validity.hpp"

namespace scalemart::pg {

void BatchAnswers::terms(ProductRef product) {
  auto& list = batch_.terms;
  if (std::find(list.begin(), list.end(), product) == list.end()) list.push_back(product);
}

void BatchAnswers::stock(const StockRecord& stock) {
  const auto [found, is_new] = places_.try_emplace(index_of(stock.product), batch_.stocks.size());
  if (is_new)
    batch_.stocks.push_back(stock);
  else if (stock.sequence >= batch_.stocks[found->second].sequence)
    batch_.stocks[found->second] = stock;
}

RecordedBatch BatchAnswers::finish() && {
  std::sort(batch_.stocks.begin(), batch_.stocks.end(),
            [](const StockRecord& a, const StockRecord& b) { return index_of(a.product) < index_of(b.product); });
  batch_.fate = Fate::committed;
  return std::move(batch_);
}

std::int32_t column_of(ProductRef product) {
  return index_of(product) < rules::kProductsMax ? static_cast<std::int32_t>(index_of(product)) : -1;
}

StockRecord read_stock(const Rows& rows, int row, int first, ProductRef product) {
  return {product,
          {rows.integer(row, first), rows.integer(row, first + 1), rows.integer(row, first + 2),
           rows.integer(row, first + 3)},
          static_cast<Sequence>(rows.integer(row, first + 4))};
}

}  // namespace scalemart::pg
