#pragma once
// A connection to PostgreSQL: prepared statements with binary values, deadlines, and honest failures.
// For everybody who keeps something there: the sale (record.*), accounts and the archive.

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "backend/postgresql/reply.hpp"
#include "backend/postgresql/values.hpp"
#include "base/clock.hpp"

namespace scalemart::pg {

/// A statement that is prepared once on each connection, in the round trip of its first use.
/// Constants with static storage: `inline constexpr Statement kFind{"find", "SELECT ..."}`.
struct Statement {
  const char* name;  ///< Unique in the program.
  const char* sql;
};

struct Call {
  const Statement* statement;
  const Parameters* parameters;
};

/// Purpose: sends statements and waits for what comes of them, at most so long.
/// Operation: run() sends all its calls and one Sync at once, so they are one transaction and one round trip: when it
/// returns rows, they are committed. A server that gives up (statement_timeout, lock_timeout: `patience`) says so, and
/// nothing happened; the client's own deadline, which is `within`, should be a little longer.
/// Errors: Failure says what may have happened. After `lost` the connection is closed: is_open() is false.
/// A warning while committing (somebody cancelled the wait for the synchronous standby) counts as lost.
/// Concurrency: one thread at a time.
class Connection {
 public:
  struct Options {
    std::string url;  ///< As libpq takes it: postgresql://user:password@host1,host2/name?...
    std::string application = "scalemart";
    std::string schema = "scalemart";                           ///< Where unqualified names are looked for.
    std::chrono::seconds connect_within{3};                     ///< For each address of the URL. At least 2.
    std::chrono::milliseconds patience{4000};                   ///< The server's, for one statement.
    std::vector<std::pair<std::string, std::string>> settings;  ///< More of the session's: name, value.
  };

  /// Connects to a server that takes writes (of several in the URL, the one that does, unless the URL says
  /// otherwise). Blocks up to connect_within for each address.
  [[nodiscard]] static Reply<Connection> open(const Options& options, const Clock& clock);

  /// One transaction, one round trip.
  [[nodiscard]] Reply<std::vector<Rows>> run(std::span<const Call> calls, std::chrono::milliseconds within);
  [[nodiscard]] Reply<Rows> run(const Statement& statement, const Parameters& parameters,
                                std::chrono::milliseconds within);
  /// A script of statements without parameters, one transaction unless it says otherwise. The last one's rows,
  /// as text: for the schema and for settings, not for the sale.
  [[nodiscard]] Reply<Rows> execute(const std::string& script, std::chrono::milliseconds within);

  /// False: it is closed, or the server has closed it while nobody used it.
  [[nodiscard]] bool is_open() noexcept;
  /// As a number: 150018 is 15.18.
  [[nodiscard]] int server_version() const noexcept { return PQserverVersion(raw_.get()); }

 private:
  struct Finish {
    void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
  };
  struct Notices {
    bool warned = false;
    std::string first;
  };
  using RawResult = std::unique_ptr<PGresult, void (*)(PGresult*)>;

  Connection(PGconn* raw, const Clock& clock);
  [[nodiscard]] Reply<void> settle_in(const Options& options);
  [[nodiscard]] bool send(std::span<const Call> calls, std::vector<const Statement*>& fresh);
  [[nodiscard]] bool flush(SteadyTime until);
  [[nodiscard]] bool wait(short events, SteadyTime until);
  /// The next result; nullptr: the command at hand has no more. False: the connection broke or time is up.
  [[nodiscard]] bool next(SteadyTime until, RawResult& result);
  [[nodiscard]] Reply<std::vector<Rows>> receive(std::size_t calls, const std::vector<const Statement*>& fresh,
                                                 SteadyTime until);
  [[nodiscard]] Failure lost(std::string_view doing);
  [[nodiscard]] Failure unsent() const;
  static void take_notice(void* notices, const PGresult* result);

  std::unique_ptr<PGconn, Finish> raw_;
  const Clock* clock_;
  std::unique_ptr<Notices> notices_;
  std::unordered_set<const Statement*> prepared_;
};

}  // namespace scalemart::pg
