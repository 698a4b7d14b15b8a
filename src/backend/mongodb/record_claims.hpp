#pragma once
// How a batch becomes durable, one document at a time; and how anybody finishes what a crash left.

#include <condition_variable>
#include <functional>
#include <mutex>
#include <set>
#include <vector>

#include "backend/mongodb/client.hpp"
#include "backend/mongodb/record_product.hpp"
#include "base/clock.hpp"

namespace scalemart::mongo {

/// What is written for a batch, in this order. Before each, a process may die.
enum class Writing : std::uint8_t { claim, orders, changes, records, settlement, end };

/// New orders of a claim that cannot be: an order under the same key, or with the same id, came first, in another
/// product. Their units go back.
using Voided = std::vector<OrderId>;

/// Purpose: claims of products.
///   1. claim(): one conditional update of the product's document puts in the new stock and, beside it, everything that
///      was decided. It happens whole or not at all, and nobody else's decision came between. From here on it happened.
///   2. carry_out(): inserts the orders, replaces the changed ones, adds the records. Each write is good for once,
///      however often and late it arrives: ids and keys are unique, and an order is only replaced by a later state.
///   3. settle(): takes the claim out. Until then no other claim is possible.
/// Whoever finds a claim waits a little for its owner, then does 2 and 3 in its place. It signs the claim first: a
/// write by a majority, after which the claim cannot be rolled back while its orders stay. Concurrency: any thread.
class Claims {
 public:
  /// Called before each write, for tests: may throw, as if the process had died.
  using Hook = std::function<void(Writing next)>;

  Claims(Client& client, const Clock& clock, Hook hook) : client_(client), clock_(clock), hook_(std::move(hook)) {}

  /// True: it is the product's. False: the product has changed since it was read.
  [[nodiscard]] Reply<bool> claim(const RecordedProduct& product, const Claim& claim);
  /// A new product, with its claim. False: its number or its name is taken.
  [[nodiscard]] Reply<bool> create(const RecordedProduct& product, const Claim& claim);
  [[nodiscard]] Reply<Voided> carry_out(ProductRef product, const Claim& claim);
  [[nodiscard]] Reply<void> settle(ProductRef product, const Claim& claim, const Voided& voided);

  /// These products, without claims: those found are waited for, then finished. Products that do not exist are left
  /// out.
  [[nodiscard]] Reply<std::vector<RecordedProduct>> load(const std::vector<ProductRef>& products, SteadyTime until);
  /// Every claim there was when it was called is settled.
  [[nodiscard]] Reply<void> finish_all(SteadyTime until);
  /// For somebody else to finish, or a server to come back.
  void pause(std::chrono::milliseconds time);
  /// Announces a write to whom it may concern.
  void before(Writing next) const {
    if (hook_) hook_(next);
  }

 private:
  struct Seen;
  [[nodiscard]] Reply<void> finish(const Reading& product);
  [[nodiscard]] Reply<void> insert_or_find(std::string_view collection, const std::vector<Document>& documents);
  [[nodiscard]] Reply<Voided> missing(ProductRef product, const std::vector<Document>& orders);

  Client& client_;
  const Clock& clock_;
  const Hook hook_;
  std::mutex mutex_;
  std::condition_variable never_;
};

/// Threads of one process take turns at a product, in place of finding each other's claims.
class Turns {
 public:
  class Turn {
   public:
    Turn(Turn&& other) noexcept : turns_(std::exchange(other.turns_, nullptr)), products_(std::move(other.products_)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn();

   private:
    friend class Turns;
    Turn(Turns* turns, std::vector<ProductRef> products) : turns_(turns), products_(std::move(products)) {}
    Turns* turns_;
    std::vector<ProductRef> products_;
  };
  /// nullopt: they did not become free in time.
  [[nodiscard]] std::optional<Turn> take(std::vector<ProductRef> products, std::chrono::nanoseconds within);

 private:
  std::mutex mutex_;
  std::condition_variable freed_;
  std::set<ProductRef> taken_;  ///< Guarded by mutex_.
};

/// Time is up before anything was sent.
[[nodiscard]] inline Failure too_late() {
  return {Failure::Kind::refused, 0, "not in time"};
}

}  // namespace scalemart::mongo
