#pragma once
// The quick no in front of the system of record: it refuses early whom the record would refuse. It can never
// sell: whoever it lets through is still decided by the record.

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

#include "base/clock.hpp"
#include "domain/command.hpp"
#include "port/system_of_record.hpp"

namespace scalemart {

/// What the filter says about one buy.
struct Verdict {
  enum class Kind : std::uint8_t {
    taken,  ///< Units are taken in the filter, until settle() says what became of them.
    ask,    ///< Nothing was taken; let the record answer: a key that was used before, or a case the filter can't judge.
    refuse,  ///< `outcome` is the answer; nothing was taken.
  };
  Kind kind = Kind::ask;
  Outcome outcome = Outcome::done;  ///< refuse: a refusal of Reserve.
  bool final = false;               ///< out_of_stock: nothing is held, so nothing can come back.
  Sequence sequence = 0;            ///< refuse: the product's, as far as the filter knows.
};

/// Of a partition: grows each time its counters are made anew. What was taken under an older one is forgotten
/// there, and is settled without effect.
using FilterEpoch = std::uint64_t;

struct Screening {
  enum class State : std::uint8_t {
    open,
    closed,  ///< The counters are being rebuilt: no buy goes through, the verdicts are empty.
    away,    ///< The filter cannot be reached or did not answer in time. Verdicts are empty; it may have taken
             ///< units all the same, which the next rebuild or expiry of takes gives back.
  };
  State state = State::away;
  FilterEpoch epoch = 0;
  bool keys_known = true;         ///< open: false until remember() has brought all keys used before this epoch.
  std::vector<Verdict> verdicts;  ///< open: one a buy, in their order.
};

/// What became of a buy that was `taken`.
struct Settlement {
  enum class Kind : std::uint8_t {
    sold,      ///< The record made the order: the units are gone from its stock too.
    refused,   ///< The record refused, or the buy never got there: the units go back.
    replayed,  ///< The key was used before: the units go back, the key is worth remembering.
    unknown,   ///< Nobody knows yet: the units stay taken until a sweep has read the truth. The key may be used.
  };
  const Reserve* buy = nullptr;  ///< As given to screen(). Valid during the call.
  Kind kind = Kind::unknown;
  Outcome outcome = Outcome::unknown;  ///< The record's.
};

/// Purpose: for one batch of one partition each: judge, in one call. Keeps what is needed for it (units left,
/// sale terms, buyers' allowances, keys used) next to each other, so that one call is atomic.
/// Truth: the record's stock with its sequence. What the filter lets through is the newest stock it was told,
/// less what was taken and is not settled. So it needs to be told of nothing but stocks: a cancelled order, an
/// expired hold, a restock by whatever process all arrive as a newer stock. An older sequence changes nothing.
/// Errors: none is thrown and none is fatal: a filter that is away or forgot costs speed, never correctness.
/// Keys come first: a retry must get its own order's answer, also when everything is sold out. So a buy under a key
/// that was used in this partition, or whose outcome is unknown, is `ask`; and one that would be refused is `ask` as
/// long as not all used keys are known (keys_known). A partition none of whose products ever had an order
/// (ProductRecord::accepted) knows them all. A key that was used in another partition is not known here: such a buy may
/// be refused before the record says idempotency_conflict.
/// Undersell when unsure: units whose fate is unknown stay taken.
/// Concurrency: calls for one partition come one at a time, not always from the same thread; different partitions at
/// the same time.
class StockFilter {
 public:
  virtual ~StockFilter() = default;

  /// Judges buys in order. All are of products of this partition.
  [[nodiscard]] virtual Screening screen(std::uint32_t partition, std::span<const Reserve> buys, WallTime now,
                                         std::chrono::milliseconds within) = 0;

  /// Says what became of buys that were taken under `epoch`, and what the record's stocks are now. Also called
  /// without settlements, when other commands changed stocks, and with `changes`, from which allowances are
  /// learnt. May return before the filter has it (it is then in order before the next screen()).
  virtual void settle(std::uint32_t partition, FilterEpoch epoch, std::span<const Settlement> settlements,
                      std::span<const StockRecord> stocks, std::span<const OrderChange> changes,
                      std::chrono::milliseconds within) = 0;

  /// Makes the counters of a closed partition anew from the record's products (all of the partition, read
  /// after it was found closed) and opens it under a new epoch. False: it stays closed, or another process
  /// was quicker; screen() tells.
  [[nodiscard]] virtual bool rebuild(std::uint32_t partition, std::span<const ProductRecord> products,
                                     std::chrono::milliseconds within) = 0;

  /// Keys that made orders before `epoch`, as the record has them, in parts; `last` with the last one. Until then
  /// the filter cannot tell a new key from a used one, and asks the record about every buy with a key that it would
  /// refuse. Begin to read them only when whatever was under way at the rebuild is decided. False: start again
  /// (away, or that epoch is over).
  [[nodiscard]] virtual bool remember(std::uint32_t partition, FilterEpoch epoch, std::span<const BuyerKey> keys,
                                      bool last, std::chrono::milliseconds within) {
    static_cast<void>(partition), static_cast<void>(epoch), static_cast<void>(keys);
    static_cast<void>(last), static_cast<void>(within);
    return true;  // a filter that forgets no keys
  }

  /// Products (terms, pause, removal) with their stock, of this partition: when they changed, and all of them from
  /// time to time. Terms replace older ones: whose sequence is lower changes nothing.
  virtual void publish(std::uint32_t partition, std::span<const ProductRecord> products,
                       std::chrono::milliseconds within) = 0;
};

/// Which partition a product belongs to. The count is fixed for an installation.
[[nodiscard]] constexpr std::uint32_t partition_of(ProductRef product, std::uint32_t partitions) {
  return index_of(product) % partitions;
}

}  // namespace scalemart
