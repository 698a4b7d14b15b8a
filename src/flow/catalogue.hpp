#pragma once
// What every thread may know of the products without asking the ledger: the last durable state.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "domain/command.hpp"
#include "domain/product.hpp"

namespace scalemart {

/// The stock of one product as last published. One writer; readers on any thread always see one consistent
/// state (a sequence lock: Boehm, "Can seqlocks get along with programming language memory models?", 2012).
class LiveStock {
 public:
  struct State {
    Stock stock;
    Sequence sequence = 0;  ///< Of the last record this state includes.
  };
  void publish(const Stock& stock, Sequence sequence) noexcept;
  [[nodiscard]] State read() const noexcept;

  /// Orders accepted since the start of the process; may be a moment ahead of or behind the stock.
  void count_accepted(std::uint64_t orders) noexcept { accepted_.fetch_add(orders, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t accepted() const noexcept { return accepted_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint32_t> version_{0};
  std::atomic<std::int64_t> total_{0}, available_{0}, held_{0}, sold_{0};
  std::atomic<Sequence> sequence_{0};
  std::atomic<std::uint64_t> accepted_{0};
};

/// One product for sale. Immutable but for `live`, which outlives it.
struct Offer {
  ProductRef ref{};
  std::shared_ptr<const ProductSpec> spec;
  bool paused = false;
  bool removed = false;
  std::shared_ptr<LiveStock> live;
};

/// All products at one moment, in order of creation.
class Offers {
 public:
  explicit Offers(std::vector<Offer> all);
  /// nullptr: there never was such a product. A removed one is found, for its retries.
  [[nodiscard]] const Offer* find(std::string_view slug) const noexcept;
  [[nodiscard]] const Offer& at(ProductRef ref) const { return all_.at(index_of(ref)); }
  /// nullptr: another process made it a moment ago, and this one has not heard of it yet.
  [[nodiscard]] const Offer* look(ProductRef ref) const noexcept {
    return index_of(ref) < all_.size() ? &all_[index_of(ref)] : nullptr;
  }
  [[nodiscard]] const std::vector<Offer>& all() const { return all_; }

 private:
  std::vector<Offer> all_;
  std::vector<std::uint32_t> by_slug_;  ///< Indexes into all_, sorted by id.
};

/// Purpose: publishes offers from the ledger's thread to everyone.
/// Concurrency: set()/publish() from one thread; current() from any. A reader keeps the pointer as long as
/// it likes; hot readers use a Reader of their own, which asks again only when something changed.
class Catalogue {
 public:
  Catalogue();
  [[nodiscard]] std::shared_ptr<const Offers> current() const;
  [[nodiscard]] std::uint64_t version() const noexcept { return version_.load(std::memory_order_acquire); }

  /// All products at once, at start; refs are dense and in order.
  void load(std::vector<Offer> all);
  /// Adds a product or replaces what is known of it.
  void set(ProductRef ref, std::shared_ptr<const ProductSpec> spec, bool paused, bool removed);
  void publish(ProductRef ref, const Stock& stock, Sequence sequence);
  /// Everything up to `sequence` is published; call it after the batch's products.
  void advance(Sequence sequence) noexcept { sequence_.store(sequence, std::memory_order_release); }

  /// A product's state and a position in the journal at which it held: no record up to there changed it.
  [[nodiscard]] LiveStock::State read(const Offer& offer) const noexcept;

  /// One per thread.
  class Reader {
   public:
    explicit Reader(const Catalogue& catalogue) : catalogue_(catalogue) {}
    [[nodiscard]] const Offers& offers() {
      if (const auto version = catalogue_.version(); version != version_ || !offers_) {
        offers_ = catalogue_.current();
        version_ = version;
      }
      return *offers_;
    }

   private:
    const Catalogue& catalogue_;
    std::uint64_t version_ = 0;
    std::shared_ptr<const Offers> offers_;
  };

 private:
  mutable std::mutex mutex_;  ///< Guards offers_ (the pointer, not what it points to).
  std::shared_ptr<const Offers> offers_;
  void replace(std::vector<Offer> all);

  std::atomic<std::uint64_t> version_{1};
  std::atomic<Sequence> sequence_{0};
};

/// Why this buy cannot be accepted in this state, or `done`. The ledger's own rule over what is published,
/// so that a crowd that cannot win is told so without a queue. It knows neither keys nor caps.
[[nodiscard]] Outcome refusal_of(const Offer& offer, const Stock& stock, std::uint32_t quantity, WallTime now);

}  // namespace scalemart
