#pragma once
// A few connections for many threads.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "backend/postgresql/connection.hpp"

namespace scalemart::pg {

/// Purpose: lends connections, opens them when they are needed and again when they broke, and does not run against
/// a server that is not there.
/// Operation: a connection that broke while it was lent is not taken back. After a failure to connect, nobody tries
/// for a while (100 ms, doubled up to 2 s), then one thread tries alone; meanwhile everybody is told at once.
/// Concurrency: any thread; each lease is one thread's. Leases end before the pool does.
class Pool {
 public:
  class Lease {
   public:
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    Connection& operator*() { return *connection_; }
    Connection* operator->() { return connection_.get(); }
    /// It goes to a server that is no use any more (one that became a standby): not to be lent again.
    void discard() { spoilt_ = true; }

   private:
    friend class Pool;
    Lease(Pool& pool, std::unique_ptr<Connection> connection) : pool_(&pool), connection_(std::move(connection)) {}
    Pool* pool_;
    std::unique_ptr<Connection> connection_;
    bool spoilt_ = false;
  };

  Pool(Connection::Options options, std::size_t most, const Clock& clock);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// Waits for a free one at most `within`. A new one may take connect_within more.
  [[nodiscard]] Reply<Lease> borrow(std::chrono::milliseconds within);

  /// True: the last attempt to connect failed. For a gauge.
  [[nodiscard]] bool is_cut_off() const;

 private:
  [[nodiscard]] std::unique_ptr<Connection> take_idle();
  void give_back(std::unique_ptr<Connection> connection, bool spoilt);
  [[nodiscard]] Reply<Lease> connect();

  const Connection::Options options_;
  const std::size_t most_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable freed_;
  // All guarded by mutex_.
  std::vector<std::unique_ptr<Connection>> idle_;  ///< The last used at the back.
  std::size_t lent_ = 0;
  std::size_t connecting_ = 0;
  int failures_ = 0;  ///< To connect, in a row.
  SteadyTime next_attempt_{};
  std::string last_failure_;
};

}  // namespace scalemart::pg
