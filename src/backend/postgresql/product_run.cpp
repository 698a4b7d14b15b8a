// An administrator's commands about products: rare, so one statement each.
#include "backend/postgresql/sale_run.hpp"
#include "domain/validity.hpp"

namespace scalemart::pg {
namespace {

// Each answers one row: outcome, ref, recorded, total, available, held, sold, sequence (NULL: no such product). The
// product's lock was taken before, and for CreateProduct the lock of creation.

constexpr Statement kCreate{"create_product", R"(
WITH old AS (
  SELECT ref FROM products WHERE slug = $3
), made AS (
  INSERT INTO products (ref, slug, currency, name, description, image_url, list_price)
  SELECT n.ref, $3, $4, $5, $6, $7, $8 FROM (SELECT coalesce(max(ref) + 1, 0) AS ref FROM products) n
  WHERE $2 AND n.ref < 65535 AND NOT EXISTS (SELECT FROM old)
  RETURNING ref
), stocked AS (
  INSERT INTO stock (ref, price, starts_at, ends_at, per_user_limit, total, available, sequence, last_at)
  SELECT ref, $9, $10, $11, $12, $13, $13, 1, $1 FROM made
  RETURNING ref, total, available, held, sold, sequence
), noted AS (
  INSERT INTO product_records (product, sequence, at, kind, delta) SELECT ref, 1, $1, 'created', $13 FROM made
)
SELECT CASE WHEN old.ref IS NOT NULL THEN 12 WHEN made.ref IS NOT NULL THEN 0 ELSE 13 END, coalesce(old.ref, made.ref),
  made.ref IS NOT NULL, coalesce(s.total, t.total), coalesce(s.available, t.available), coalesce(s.held, t.held),
  coalesce(s.sold, t.sold), coalesce(s.sequence, t.sequence)
FROM (SELECT) one LEFT JOIN old ON true LEFT JOIN made ON true LEFT JOIN stocked s ON true
  LEFT JOIN stock t ON t.ref = old.ref
)"};

constexpr Statement kChange{"change_product", R"(
WITH decided AS (
  SELECT t.ref, t.sequence + 1 AS sequence, greatest($1, t.last_at) AS at,
    CASE WHEN t.removed THEN 3 WHEN NOT $2 OR p.slug <> $4 OR p.currency <> $5 THEN 13 ELSE 0 END AS outcome
  FROM stock t JOIN products p ON p.ref = t.ref WHERE t.ref = $3
), named AS (
  UPDATE products p SET name = $6, description = $7, image_url = $8, list_price = $9
  FROM decided d WHERE d.outcome = 0 AND p.ref = d.ref
), changed AS (
  UPDATE stock t SET price = $10, starts_at = $11, ends_at = $12, per_user_limit = $13, sequence = d.sequence,
                     last_at = d.at
  FROM decided d WHERE d.outcome = 0 AND t.ref = d.ref
), noted AS (
  INSERT INTO product_records (product, sequence, at, kind) SELECT ref, sequence, at, 'changed' FROM decided
  WHERE outcome = 0
)
SELECT coalesce(d.outcome, 3), $3, d.outcome = 0, t.total, t.available, t.held, t.sold,
  CASE d.outcome WHEN 0 THEN d.sequence ELSE t.sequence END
FROM (SELECT) one LEFT JOIN decided d ON true LEFT JOIN stock t ON t.ref = d.ref
)"};

constexpr Statement kRemove{"remove_product", R"(
WITH decided AS (
  SELECT ref, sequence + 1 AS sequence, greatest($1, last_at) AS at,
    CASE WHEN removed THEN 3 WHEN held > 0 THEN 10 ELSE 0 END AS outcome
  FROM stock WHERE ref = $2
), changed AS (
  UPDATE stock t SET removed = true, sequence = d.sequence, last_at = d.at
  FROM decided d WHERE d.outcome = 0 AND t.ref = d.ref
), noted AS (
  INSERT INTO product_records (product, sequence, at, kind) SELECT ref, sequence, at, 'removed' FROM decided
  WHERE outcome = 0
)
SELECT coalesce(d.outcome, 3), $2, d.outcome = 0, t.total, t.available, t.held, t.sold,
  CASE d.outcome WHEN 0 THEN d.sequence ELSE t.sequence END
FROM (SELECT) one LEFT JOIN decided d ON true LEFT JOIN stock t ON t.ref = d.ref
)"};

constexpr Statement kAdjust{"adjust_stock", R"(
WITH decided AS (
  SELECT ref, sequence + 1 AS sequence, greatest($1, last_at) AS at,
    CASE WHEN removed THEN 3
      WHEN NOT $2 OR available + $4 < 0 OR total + $4 NOT BETWEEN 0 AND 1000000000 THEN 13 ELSE 0 END AS outcome
  FROM stock WHERE ref = $3
), changed AS (
  UPDATE stock t SET total = t.total + $4, available = t.available + $4, sequence = d.sequence, last_at = d.at
  FROM decided d WHERE d.outcome = 0 AND t.ref = d.ref
), noted AS (
  INSERT INTO product_records (product, sequence, at, kind, delta, reason)
  SELECT ref, sequence, at, 'adjusted', $4, $5 FROM decided WHERE outcome = 0
)
SELECT coalesce(d.outcome, 3), $3, d.outcome = 0, t.total + c.delta, t.available + c.delta, t.held, t.sold,
  CASE d.outcome WHEN 0 THEN d.sequence ELSE t.sequence END
FROM (SELECT) one LEFT JOIN decided d ON true LEFT JOIN stock t ON t.ref = d.ref
  LEFT JOIN LATERAL (SELECT CASE d.outcome WHEN 0 THEN $4 ELSE 0 END AS delta) c ON true
)"};

constexpr Statement kPause{"set_paused", R"(
WITH decided AS (
  SELECT ref, sequence + 1 AS sequence, greatest($1, last_at) AS at, CASE WHEN removed THEN 3 ELSE 0 END AS outcome,
    NOT removed AND paused <> $3 AS recorded
  FROM stock WHERE ref = $2
), changed AS (
  UPDATE stock t SET paused = $3, sequence = d.sequence, last_at = d.at
  FROM decided d WHERE d.recorded AND t.ref = d.ref
), noted AS (
  INSERT INTO product_records (product, sequence, at, kind)
  SELECT ref, sequence, at, CASE WHEN $3 THEN 'paused' ELSE 'resumed' END FROM decided WHERE recorded
)
SELECT coalesce(d.outcome, 3), $2, d.recorded, t.total, t.available, t.held, t.sold,
  CASE WHEN d.recorded THEN d.sequence ELSE t.sequence END
FROM (SELECT) one LEFT JOIN decided d ON true LEFT JOIN stock t ON t.ref = d.ref
)"};
enum Column { kOutcome, kRef, kRecorded, kStock };
constexpr int kSequenceColumn = kStock + 4;

static_assert(static_cast<int>(Outcome::product_not_found) == 3 && static_cast<int>(Outcome::invalid_state) == 10 &&
              static_cast<int>(Outcome::product_exists) == 12 && static_cast<int>(Outcome::invalid_value) == 13);

bool is_storable(const ProductSpec& spec) {
  return pg::is_storable(spec.details.name) && pg::is_storable(spec.details.description) &&
         pg::is_storable(spec.details.image_url);
}

std::optional<std::int64_t> milliseconds(const std::optional<WallTime>& time) {
  if (!time) return std::nullopt;
  return time->ms;
}

/// A command as its statement and parameters.
struct Asked {
  const Statement& statement;
  Parameters parameters;
  std::optional<ProductRef> product;  ///< Unless it is new.
  bool changes_terms = true;
};

void add_names(Parameters& to, const ProductSpec& spec) {
  // What is not fine is not stored: it only has to travel.
  to.add(storable(spec.id)).add(storable(spec.currency.text())).add(storable(spec.details.name));
  to.add(storable(spec.details.description)).add(storable(spec.details.image_url));
  to.add(spec.details.list_price, Type::int8);
}

void add_terms(Parameters& to, const SaleTerms& terms) {
  to.add(terms.price).add(milliseconds(terms.starts_at), Type::int8).add(milliseconds(terms.ends_at), Type::int8);
  to.add(std::int64_t{terms.per_user_limit});
}

Asked asked(const CreateProduct& c, WallTime now) {
  static const ProductSpec kNone;
  const ProductSpec& spec = c.spec ? *c.spec : kNone;
  Asked a{kCreate, {}, std::nullopt};
  a.parameters.add(now.ms).add(c.spec && rules::is_valid(spec) && is_storable(spec) && rules::is_valid_total(c.total));
  add_names(a.parameters, spec);
  add_terms(a.parameters, spec.terms);
  a.parameters.add(c.total);
  return a;
}

Asked asked(const ChangeProduct& c, WallTime now) {
  static const ProductSpec kNone;
  const ProductSpec& spec = c.spec ? *c.spec : kNone;
  Asked a{kChange, {}, c.product};
  a.parameters.add(now.ms).add(c.spec && rules::is_valid(spec) && is_storable(spec)).add(column_of(c.product));
  add_names(a.parameters, spec);
  add_terms(a.parameters, spec.terms);
  return a;
}

Asked asked(const RemoveProduct& c, WallTime now) {
  Asked a{kRemove, {}, c.product};
  a.parameters.add(now.ms).add(column_of(c.product));
  return a;
}

Asked asked(const AdjustStock& c, WallTime now) {
  // No stock can take more, and the sum of the two never overflows.
  const bool fits = c.delta >= -kStockMax && c.delta <= kStockMax;
  Asked a{kAdjust, {}, c.product, false};
  a.parameters.add(now.ms).add(fits && rules::is_valid_reason(c.reason) && pg::is_storable(c.reason));
  a.parameters.add(column_of(c.product)).add(fits ? c.delta : 0).add(storable(c.reason));
  return a;
}

Asked asked(const SetPaused& c, WallTime now) {
  Asked a{kPause, {}, c.product};
  a.parameters.add(now.ms).add(column_of(c.product)).add(c.paused);
  return a;
}

template <class C>
concept AboutProduct = requires(const C& c) {
  asked(c, WallTime{});
};

class ProductRun final : public SaleRun {
 public:
  bool add(const Command& command, std::size_t place) override {
    if (command_ != nullptr || !std::visit([]<class C>(const C&) { return AboutProduct<C>; }, command)) return false;
    command_ = &command;
    place_ = place;
    return true;
  }

  Call call(WallTime now, bool) override {
    std::visit(
        [&]<class C>(const C& c) {
          if constexpr (AboutProduct<C>) asked_.emplace(asked(c, now));
        },
        *command_);
    return {&asked_->statement, &asked_->parameters};
  }

  void read(const Rows& rows, BatchAnswers& answers) const override;
  void name_locks(std::vector<std::int32_t>& products, std::vector<OrderId>&) const override {
    std::visit(
        [&]<class C>(const C& c) {
          if constexpr (AboutProduct<C> && !std::is_same_v<C, CreateProduct>) products.push_back(column_of(c.product));
        },
        *command_);
  }
  bool locks_alone() const override { return false; }

 private:
  const Command* command_ = nullptr;
  std::size_t place_ = 0;
  std::optional<Asked> asked_;
};

void ProductRun::read(const Rows& rows, BatchAnswers& answers) const {
  Answer answer;
  answer.outcome = static_cast<Outcome>(rows.integer(0, kOutcome));
  if (asked_->product)
    answer.product = *asked_->product;
  else if (!rows.is_null(0, kRef))
    answer.product = ProductRef{static_cast<std::uint32_t>(rows.integer(0, kRef))};
  if (!rows.is_null(0, kSequenceColumn)) {
    answer.sequence = static_cast<Sequence>(rows.integer(0, kSequenceColumn));
    answers.stock(read_stock(rows, 0, kStock, answer.product));
    if (asked_->changes_terms && !rows.is_null(0, kRecorded) && rows.flag(0, kRecorded)) answers.terms(answer.product);
  }
  answers.answer(place_, answer);
}

}  // namespace

std::unique_ptr<SaleRun> make_product_run() {
  return std::make_unique<ProductRun>();
}

}  // namespace scalemart::pg
