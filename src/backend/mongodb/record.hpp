#pragma once
// The system of record in a database of MongoDB's protocol.

#include <memory>

#include "backend/mongodb/breaker.hpp"
#include "backend/mongodb/client.hpp"
#include "backend/mongodb/record_batch.hpp"
#include "backend/mongodb/record_claims.hpp"
#include "port/system_of_record.hpp"

namespace scalemart::mongo {

/// Purpose: SystemOfRecord on the atomicity of single documents alone (docs/adr/0016-claims-in-mongodb.md). A product's
/// document is where its batches are put in order: one conditional update of it takes a whole batch, and holds what was
/// decided until the orders are written. Whoever finds such a claim without its owner finishes it.
/// Concurrency: as the port says; threads of one process take turns at a product. Errors: as the port says, but for a
/// batch about several products: each product's share is whole or absent, and when one could not be written after
/// another was, the batch is `unknown`. Texts as in PostgresRecord. A call blocks up to `within` and the client's
/// patience.
/// Limits: a buyer's orders are read to count them, where there is a cap.
class MongoRecord final : public SystemOfRecord {
 public:
  struct Options {
    Client::Options client;
    std::uint32_t copies = 0;  ///< That a write must be able to reach: 2 or more need a replica set. 0, 1: any server.
    bool create = true;        ///< Make indexes that are missing. Otherwise they must be there.
    Claims::Hook hook{};       ///< For tests.
  };

  /// Connects once, checks the server, prepares or checks the indexes. An error is one line and says what to do.
  [[nodiscard]] static Result<std::unique_ptr<MongoRecord>> open(Options options, const Clock& clock);

  [[nodiscard]] RecordedBatch commit(std::span<const Command> commands, WallTime now,
                                     std::chrono::milliseconds within) override;

  [[nodiscard]] Result<std::vector<std::optional<OrderView>>> find(std::span<const OrderId> ids,
                                                                   std::chrono::milliseconds within) override;
  [[nodiscard]] Result<std::vector<std::optional<OrderView>>> find_by_key(std::span<const BuyerKey> keys,
                                                                          std::chrono::milliseconds within) override;
  [[nodiscard]] Result<std::vector<OrderView>> of_buyer(UserId buyer, OrderId before, std::size_t limit,
                                                        std::chrono::milliseconds within) override;
  [[nodiscard]] Result<std::vector<UsedKey>> used_keys(OrderId after, std::size_t limit,
                                                       std::chrono::milliseconds within) override;
  [[nodiscard]] Result<std::vector<ProductRecord>> products(std::chrono::milliseconds within) override;
  [[nodiscard]] Result<Sweep> unfinished(SweepCursor after, std::size_t limit,
                                         std::chrono::milliseconds within) override;
  [[nodiscard]] Result<std::vector<DeadLetter>> dead_letters(std::size_t limit,
                                                             std::chrono::milliseconds within) override;
  [[nodiscard]] Result<std::optional<WallTime>> next_expiry(std::chrono::milliseconds within) override;
  /// Products that are sold while it counts are counted again, until they stand still for as long as that takes.
  [[nodiscard]] Result<Recount> recount(std::chrono::milliseconds within) override;

  /// For a gauge of the breaker; any thread.
  [[nodiscard]] bool is_cut_off() const { return breaker_.is_open(); }

 private:
  MongoRecord(std::unique_ptr<Client> client, const Clock& clock, Claims::Hook hook)
      : clock_(clock),
        client_(std::move(client)),
        breaker_(clock),
        numbers_(clock),
        claims_(*client_, clock, std::move(hook)) {}
  /// A read, twice when the connection was lost. `ask` takes the deadline and gives a Reply.
  template <class Ask>
  auto read(std::chrono::milliseconds within, Ask ask) -> Result<typename decltype(ask(SteadyTime()))::value_type>;
  void heard(const std::optional<Failure>& failure);
  /// One text of each order; as many views, in their order. Those that are not there are looked for in claims.
  [[nodiscard]] Reply<std::vector<std::optional<OrderView>>> views(const char* member,
                                                                   const std::vector<std::string>& texts,
                                                                   SteadyTime until);

  const Clock& clock_;
  const std::unique_ptr<Client> client_;
  Breaker breaker_;
  Numbers numbers_;
  Claims claims_;
  Turns turns_;
};

}  // namespace scalemart::mongo
