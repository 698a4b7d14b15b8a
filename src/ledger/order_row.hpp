#pragma once
// One order in 84 bytes, so that a million of them fit a small machine. The bytes are also the rows of a
// snapshot file (ledger/snapshot_codec.hpp): a change of layout needs a new version there.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "base/check.hpp"
#include "domain/ids.hpp"
#include "domain/order.hpp"

namespace scalemart {

/// Place of an order (or of a buyer) in its table: dense, in order of acceptance.
using Row = std::uint32_t;
inline constexpr Row kNoRow = 0x7fff'ffff;  ///< Also how many there can be; the 32nd bit is free for a mark.

/// 48 bits: milliseconds until the year 10889, amounts and sequences up to 2.8 * 10^14.
class Packed48 {
 public:
  static constexpr std::uint64_t kMax = (std::uint64_t{1} << 48) - 1;
  [[nodiscard]] std::uint64_t get() const {
    return words_[0] | (std::uint64_t{words_[1]} << 16) | (std::uint64_t{words_[2]} << 32);
  }
  void set(std::uint64_t value) {
    SCALEMART_CHECK(value <= kMax);
    for (std::uint16_t& word : words_) {
      word = static_cast<std::uint16_t>(value);
      value >>= 16;
    }
  }
  [[nodiscard]] WallTime time() const { return {static_cast<std::int64_t>(get())}; }
  void set(WallTime at) { set(static_cast<std::uint64_t>(at.ms)); }

 private:
  std::array<std::uint16_t, 3> words_{};
};

/// A 16-byte id at an alignment of 4.
template <class Id>
class PackedId {
 public:
  [[nodiscard]] Id get() const { return std::bit_cast<Id>(words_); }
  void set(Id id) { words_ = std::bit_cast<std::array<std::uint32_t, 4>>(id); }

 private:
  std::array<std::uint32_t, 4> words_{};
};

enum class StepState : std::uint8_t { open, finished, skipped };

struct OrderRow {
  PackedId<OrderId> id;
  PackedId<KeyDigest> key;
  Row buyer = 0;
  Row previous = kNoRow;            ///< The same buyer's order before this one.
  std::uint32_t hold_or_fence = 0;  ///< While pending: hold_ms. From then on: the fence of the last lease.
  Packed48 sequence;
  Packed48 unit_price;
  Packed48 created;
  Packed48 begun;  ///< Of the first lease; this and the next two are set when the status says so.
  Packed48 ended;  ///< Confirmed, failed, expired or cancelled.
  Packed48 refunded;
  std::uint16_t product = 0;

  [[nodiscard]] std::uint32_t quantity() const { return field<0, 4>(); }
  [[nodiscard]] OrderStatus status() const { return static_cast<OrderStatus>(field<4, 3>()); }
  [[nodiscard]] StatusReason reason() const { return static_cast<StatusReason>(field<7, 3>()); }
  [[nodiscard]] StepState invoice() const { return static_cast<StepState>(field<10, 2>()); }
  [[nodiscard]] StepState mail() const { return static_cast<StepState>(field<12, 2>()); }
  [[nodiscard]] bool parked() const { return field<14, 1>() != 0; }
  void set_quantity(std::uint32_t value) { set_field<0, 4>(value); }
  void set_status(OrderStatus value) { set_field<4, 3>(static_cast<std::uint32_t>(value)); }
  void set_reason(StatusReason value) { set_field<7, 3>(static_cast<std::uint32_t>(value)); }
  void set_invoice(StepState value) { set_field<10, 2>(static_cast<std::uint32_t>(value)); }
  void set_mail(StepState value) { set_field<12, 2>(static_cast<std::uint32_t>(value)); }
  void set_parked(bool value) { set_field<14, 1>(value ? 1 : 0); }

  [[nodiscard]] std::uint32_t fence() const { return status() == OrderStatus::pending ? 0 : hold_or_fence; }
  /// Only while pending.
  [[nodiscard]] WallTime expires_at() const { return {created.time().ms + std::int64_t{hold_or_fence}}; }
  /// Counts against the buyer's cap.
  [[nodiscard]] bool uses_allowance() const { return is_open(status()) || status() == OrderStatus::confirmed; }
  [[nodiscard]] bool has_steps_left() const {
    return status() == OrderStatus::confirmed && (invoice() == StepState::open || mail() == StepState::open);
  }

  std::uint16_t bits = 0;

 private:
  template <unsigned Shift, unsigned Width>
  [[nodiscard]] std::uint32_t field() const {
    return (std::uint32_t{bits} >> Shift) & ((1U << Width) - 1);
  }
  template <unsigned Shift, unsigned Width>
  void set_field(std::uint32_t value) {
    constexpr std::uint32_t mask = ((1U << Width) - 1) << Shift;
    bits = static_cast<std::uint16_t>((bits & ~mask) | ((value << Shift) & mask));
  }
};
static_assert(sizeof(OrderRow) == 84 && alignof(OrderRow) == 4);
static_assert(std::is_trivially_copyable_v<OrderRow>);
static_assert(offsetof(OrderRow, sequence) == 44 && offsetof(OrderRow, product) == 80 &&
              offsetof(OrderRow, bits) == 82);

/// Why a dead letter is one.
struct ParkedNote {
  std::uint16_t offset = 0;  ///< Of the order in its chunk.
  Step step = Step::payment;
  std::uint32_t attempts = 0;
  WallTime since;
  std::string reason;
};

/// Orders are kept in chunks that a snapshot shares with the ledger.
struct OrderChunk {
  static constexpr std::uint32_t kRows = 1024;
  std::array<OrderRow, kRows> rows{};
  std::vector<ParkedNote> parked;  ///< By offset.
};

struct BuyerChunk {
  static constexpr std::uint32_t kRows = 4096;
  std::array<UserId, kRows> ids{};
};

}  // namespace scalemart
