#pragma once
// The journal of this process as facts.

#include "app/embedded_engine.hpp"
#include "port/shop_facts.hpp"

namespace scalemart {

/// Purpose: port/shop_facts.hpp. The journal is read on the sequencer's thread between two rounds, a few hundred
/// records at a time, and what a record leaves out (an order's product, its price) is taken from the ledger there.
class JournalFacts final : public ShopFacts {
 public:
  explicit JournalFacts(EmbeddedEngine& engine) : engine_(engine) {}
  [[nodiscard]] Sequence head() const override { return engine_.sequencer().sequence(); }
  [[nodiscard]] Result<ShopFactPage> read(Sequence after, std::size_t max) override;
  [[nodiscard]] std::optional<StockNow> stock(ProductRef product) const override;

 private:
  EmbeddedEngine& engine_;
};

/// What a record says to others. `ledger` includes it.
[[nodiscard]] std::optional<ShopFact> fact_of(const Record& record, const Ledger& ledger);

}  // namespace scalemart
