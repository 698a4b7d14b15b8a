#pragma once
// A shop that comes to PostgreSQL from elsewhere.

#include <memory>

#include "backend/postgresql/connection.hpp"
#include "backend/postgresql/schema.hpp"
#include "backend/postgresql/server_check.hpp"
#include "port/shop_copy.hpp"

namespace scalemart::pg {

/// Purpose: ShopTarget in PostgreSQL. Operation: everything is one transaction, so it is there as a whole or not at
/// all, and a gateway that runs already waits for it with its first write. Concurrency: one thread.
class PostgresTarget final : public ShopTarget {
 public:
  struct Options {
    Connection::Options connection;
    ServerDemands demands;
    std::chrono::minutes patience{60};  ///< For one statement.
  };
  /// Connects and checks the server; makes nothing yet.
  [[nodiscard]] static Result<std::unique_ptr<PostgresTarget>> open(Options options, const Clock& clock);

  Result<State> look() override;
  Result<void> begin() override;
  Result<void> finish(const ShopOrigin& origin) override;

  Result<void> take(std::span<const CopiedProduct> products) override;
  Result<void> take(std::span<const ProductEvent> events) override;
  Result<void> take(std::span<const CopiedOrder> orders) override;
  Result<void> take(std::span<const CopiedUser> users) override;
  Result<void> take(std::span<const CopiedLogin> logins) override;
  Result<void> take(std::span<const CopiedRevocation> revocations) override;
  Result<void> take(std::span<const AuditRow> rows) override;
  Result<void> take(std::span<const Setting> settings) override;
  Result<void> read(ShopSink& sink) override;

 private:
  /// What a table is read with: a cursor, for the transaction sees it all at one moment.
  struct Reading {
    const char* open;
    Statement fetch;
    const char* close;
  };
  PostgresTarget(Options options, Connection connection)
      : options_(std::move(options)), connection_(std::move(connection)) {}
  [[nodiscard]] Result<void> run(const Statement& statement, const Parameters& parameters);
  [[nodiscard]] Result<void> execute(const std::string& script);
  template <class Row, class Read>
  [[nodiscard]] Result<void> read_table(const Reading& reading, ShopSink& sink, Read read_row);

  const Options options_;
  Connection connection_;
  std::int64_t orders_ = 0;  ///< Taken so far.
};

}  // namespace scalemart::pg
