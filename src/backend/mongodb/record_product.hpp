#pragma once
// A product as the record keeps it: the one document by which everything about it is put in order.

#include <memory>
#include <optional>

#include "backend/mongodb/document.hpp"
#include "port/system_of_record.hpp"

namespace scalemart::mongo {

/// Sums of money over millions of orders. Kept as text.
using Money = __int128;
[[nodiscard]] std::string to_text(Money sum);
/// Errors: Malformed.
[[nodiscard]] Money parse_money(const std::string& text);

/// What a batch has decided about one product, written into the product's document together with the stock that comes
/// of it. From then on it is what happened: whoever finds it there carries it out (record_claims.hpp).
struct Claim {
  std::int64_t version = 0;        ///< Of the product, with this claim: no other claim ever has it.
  std::vector<Document> accepted;  ///< New orders.
  std::vector<Document> changed;   ///< Orders as they are now.
  std::vector<Document> records;   ///< What an administrator changed.
  [[nodiscard]] bool empty() const { return accepted.empty() && changed.empty() && records.empty(); }
};

/// Members of a document of `products`: _id (the ref), slug, currency, name, description, image_url, list_price?,
/// price, starts_at?, ends_at?, per_user_limit, paused, removed, total, available, held, sold, sequence, last_at,
/// accepted, earned, given_back, last_no (of its newest order), version, signed? (claims that others finished);
/// while a claim is not settled: claim, claimed (its version).
struct RecordedProduct {
  ProductRef ref{};
  std::shared_ptr<const ProductSpec> spec;
  Stock stock;
  bool paused = false;
  bool removed = false;
  Sequence sequence = 0;
  WallTime last_at;
  std::uint64_t accepted = 0;
  Money earned = 0;
  Money given_back = 0;
  std::int64_t last_number = 0;
  std::int64_t version = 0;
  bool claimed = false;  ///< When read: with a claim, so its orders may not be written yet.

  /// All members, with the claim if there is one.
  [[nodiscard]] Document document(const Claim& claim) const;
  /// From the version before this one to this: {"$set": ...}.
  [[nodiscard]] Document update(const Claim& claim) const;
  /// Errors: Malformed.
  [[nodiscard]] static RecordedProduct read(const Reading& document);
  [[nodiscard]] ProductRecord as_record() const { return {ref, spec, stock, paused, removed, sequence, accepted}; }
};

/// The claim that a product's document still has.
[[nodiscard]] std::optional<Claim> claim_in(const Reading& document);

}  // namespace scalemart::mongo
