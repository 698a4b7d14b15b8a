#pragma once
// A whole shop on its way from one place to another, table by table.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/result.hpp"
#include "domain/order.hpp"
#include "domain/product.hpp"
#include "port/account_store.hpp"

namespace scalemart {

struct CopiedProduct {
  ProductRef product{};
  std::shared_ptr<const ProductSpec> spec;
  Stock stock;
  bool paused = false;
  bool removed = false;
  Sequence sequence = 0;  ///< Of the last record about it.
  WallTime last_at;       ///< That record's time.
};

/// What an administrator did to a product. The deltas of one add up to its total.
struct ProductEvent {
  enum class Kind : std::uint8_t { created, changed, removed, adjusted, paused, resumed };
  ProductRef product{};
  Sequence sequence = 0;
  WallTime at;
  Kind kind = Kind::created;
  std::int64_t delta = 0;
  std::string reason;
};
[[nodiscard]] std::string_view to_text(ProductEvent::Kind kind);
[[nodiscard]] std::optional<ProductEvent::Kind> parse_event_kind(std::string_view text);

struct CopiedOrder {
  enum class Paper : std::uint8_t { open, finished, skipped };
  struct Parked {
    Step step = Step::payment;
    std::uint32_t attempts = 0;
    WallTime since;
    std::string reason;
  };
  OrderId id;
  UserId buyer;
  KeyDigest key;  ///< Empty: none was given.
  ProductRef product{};
  std::uint32_t quantity = 0;
  MinorUnits unit_price = 0;
  OrderStatus status = OrderStatus::pending;
  StatusReason reason = StatusReason::none;
  Sequence sequence = 0;  ///< Of the record that accepted it.
  WallTime created;
  std::optional<WallTime> due;  ///< The end of its hold, as long as there is something left to do for it.
  std::optional<WallTime> begun, ended, refunded;
  std::uint32_t fence = 0;  ///< Of the last lease.
  Paper invoice = Paper::open;
  Paper mail = Paper::open;
  std::optional<Parked> parked;   ///< It is a dead letter.
  std::string payment_reference;  ///< Empty: not paid.
};

struct CopiedUser {
  Account account;
  std::optional<WallTime> epoch_at;  ///< When its epoch last changed, as long as that matters.
};
struct CopiedLogin {
  RefreshFamily family;
  std::optional<WallTime> revoked;
  std::optional<WallTime> rotated;
};
/// A login whose access tokens are void.
struct CopiedRevocation {
  FamilyId family;
  WallTime at;
};

/// Takes a shop in portions. Texts are plain UTF-8 (base/utf8.hpp). An error ends the walk.
class ShopSink {
 public:
  virtual ~ShopSink() = default;
  [[nodiscard]] virtual Result<void> take(std::span<const CopiedProduct> products) = 0;
  [[nodiscard]] virtual Result<void> take(std::span<const ProductEvent> events) = 0;
  [[nodiscard]] virtual Result<void> take(std::span<const CopiedOrder> orders) = 0;
  [[nodiscard]] virtual Result<void> take(std::span<const CopiedUser> users) = 0;
  [[nodiscard]] virtual Result<void> take(std::span<const CopiedLogin> logins) = 0;
  [[nodiscard]] virtual Result<void> take(std::span<const CopiedRevocation> revocations) = 0;
  [[nodiscard]] virtual Result<void> take(std::span<const AuditRow> rows) = 0;
  [[nodiscard]] virtual Result<void> take(std::span<const Setting> settings) = 0;
};

class ShopSource {
 public:
  virtual ~ShopSource() = default;
  /// Everything, in the order of ShopSink: products by ref, events by sequence, orders by acceptance, users, logins and
  /// revocations by id, the audit trail by sequence, settings by key. The same shop reads the same each time.
  [[nodiscard]] virtual Result<void> read(ShopSink& sink) = 0;
};

/// Which shop was copied, and as it was when.
struct ShopOrigin {
  std::string digest;  ///< Over all of it (ShopSums::digest).
  Sequence head = 0;   ///< Its last record.
  std::string place;   ///< For people.
  WallTime at;         ///< When it was copied.
};

/// Purpose: a place for a shop, in a database that several processes will share.
/// Operation: begin(); the source is read into it; read() gives back what is there now; finish(). Until finish() nobody
/// sees any of it as a shop; what ends before that can be begun again. Texts and ids stay as they are.
/// Errors: one line with what to do. Concurrency: one thread.
class ShopTarget : public ShopSink, public ShopSource {
 public:
  struct State {
    std::optional<ShopOrigin> copied;  ///< A shop that was copied here before; it may have sold since.
    std::string content;               ///< What is there, in words: "3 products, 14 orders". Empty: nothing.
    bool has_tables = false;
  };
  /// Changes nothing.
  [[nodiscard]] virtual Result<State> look() = 0;
  /// Makes the tables and keeps everybody else from writing. An error when there is a shop.
  [[nodiscard]] virtual Result<void> begin() = 0;
  [[nodiscard]] virtual Result<void> finish(const ShopOrigin& origin) = 0;
};

}  // namespace scalemart
