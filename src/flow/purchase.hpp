#pragma once
// The story of a buy, from a checked request to the ledger's answer.

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/random.hpp"
#include "flow/catalogue.hpp"
#include "flow/sale_clock.hpp"
#include "flow/used_keys.hpp"
#include "port/sale_ledger.hpp"
#include "port/trace_book.hpp"

namespace scalemart {

/// A buy that passed validation, authentication and rate limits.
struct BuyIntent {
  UserId buyer;
  std::string_view product_id;
  std::uint32_t quantity = 1;
  KeyDigest key;          ///< Empty: none was given.
  SteadyTime deadline{};  ///< Not decided by then: refused as overloaded.
  std::optional<TraceContext> caller = {};
};

/// Purpose: 1. a product that is not there is refused; 2. a crowd that cannot win (sold out, paused, not
/// started, over) is refused from what is published, without a queue; 3. the rest goes to the ledger.
/// Concurrency: one object per event loop.
class Purchase {
 public:
  struct Options {
    std::uint32_t hold_ms = 600'000;
    TraceBook* traces = nullptr;  ///< Where callers are remembered, if anywhere.
  };
  Purchase(const Catalogue& catalogue, const UsedKeys& used_keys, const SaleClock& clock, SaleLedger& ledger,
           Random& random, Options options)
      : catalogue_(catalogue),
        offers_(catalogue),
        used_keys_(used_keys),
        clock_(clock),
        ledger_(ledger),
        random_(random),
        options_(options) {}

  /// An answer at once, or nothing: then `sink` gets it under `token`.
  [[nodiscard]] std::optional<Answer> begin(const BuyIntent& intent, AnswerSink& sink, std::uint64_t token);

  /// The product as this thread sees it now; nullptr: none. For rendering an answer.
  [[nodiscard]] const Offer* find(std::string_view product_id) { return offers_.offers().find(product_id); }
  [[nodiscard]] const Offer& at(ProductRef ref) { return offers_.offers().at(ref); }

 private:
  const Catalogue& catalogue_;
  Catalogue::Reader offers_;
  const UsedKeys& used_keys_;
  const SaleClock& clock_;
  SaleLedger& ledger_;
  Random& random_;
  Options options_;
};

}  // namespace scalemart
