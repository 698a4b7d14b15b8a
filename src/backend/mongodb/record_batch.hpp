#pragma once
// A batch on its way into the database.

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "backend/mongodb/record_claims.hpp"
#include "backend/mongodb/record_rules.hpp"

namespace scalemart::mongo {

/// What batches have in common.
struct Workshop {
  Client& client;
  Claims& claims;
  Turns& turns;
  Numbers& numbers;
  const Clock& clock;
};

/// Purpose: decides and writes one batch. It is cut into parts, one after the other: within a part no command depends
/// on one about another product, so each product's share is decided and claimed alone. A share whose product somebody
/// else changed meanwhile is decided again. One object a batch.
class BatchRun {
 public:
  BatchRun(Workshop shop, std::span<const Command> commands, WallTime now, SteadyTime until)
      : shop_(shop), commands_(commands), now_(now), until_(until), answers_(commands.size()) {}

  /// Errors: Malformed.
  [[nodiscard]] Reply<void> run();
  /// Something is durable, or may be: what failed is not as if it had not been tried.
  [[nodiscard]] bool has_written() const { return written_; }
  /// After run() has worked.
  [[nodiscard]] RecordedBatch result() &&;

 private:
  using Places = std::vector<std::size_t>;
  [[nodiscard]] std::vector<Places> parts() const;
  [[nodiscard]] Reply<void> run_part(Places places);
  /// The places that must be decided again.
  [[nodiscard]] Reply<Places> decide_once(const Places& places);
  [[nodiscard]] Reply<void> create(const CreateProduct& command, std::size_t place);
  /// True: it is decided.
  [[nodiscard]] Reply<bool> try_to_create(const CreateProduct& command, std::size_t place);
  [[nodiscard]] Reply<void> expire(const ExpireDue& command, std::size_t place);
  [[nodiscard]] Reply<std::size_t> expire_these(const std::vector<OrderId>& orders, std::size_t place);

  /// Of orders that exist; it never changes.
  [[nodiscard]] Reply<void> find_homes(const std::vector<OrderId>& orders);
  [[nodiscard]] std::optional<ProductRef> product_of(const Command& command) const;
  [[nodiscard]] Reply<std::vector<RecordedProduct>> load(const std::vector<ProductRef>& products);
  [[nodiscard]] Reply<void> read_orders(const Places& places, Decider& decider);
  /// Nothing: the product has changed since it was read.
  [[nodiscard]] Reply<std::optional<Voided>> write(Sale& sale, const Decider& decider);
  [[nodiscard]] Reply<Voided> carry_through(ProductRef product, const Claim& claim);
  void keep(const Sale& sale, const Voided& voided);
  [[nodiscard]] std::chrono::nanoseconds left() const { return until_ - shop_.clock.steady(); }

  const Workshop shop_;
  const std::span<const Command> commands_;
  const WallTime now_;
  const SteadyTime until_;
  std::map<OrderId, ProductRef> homes_;
  bool written_ = false;

  std::vector<Answer> answers_;
  std::map<ProductRef, StockRecord> stocks_;
  std::vector<Sale::Moved> moved_;
  std::vector<std::pair<std::size_t, ProductRef>> terms_;
};

}  // namespace scalemart::mongo
