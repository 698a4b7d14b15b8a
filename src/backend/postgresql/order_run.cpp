// Commands about orders that exist: one statement decides and applies them all.
#include <boost/unordered/unordered_flat_set.hpp>

#include "backend/postgresql/sale_run.hpp"
#include "domain/validity.hpp"

namespace scalemart::pg {
namespace {

template <class T>
constexpr int kind_of() {
  return static_cast<int>(Command(T{}).index());
}

// The products' locks were taken before, so that nobody else changes these rows. Outcomes, states, steps and reasons
// are the enumerators' numbers; kinds are the places in Command: 1 Cancel, 2 Begin, 3 Confirm, 4 Decline, 5 FinishStep,
// 6 Park, 13 Refund, 14 Unpark, 15 Discard. The checks stand in the order of src/ledger/ledger_decide.cpp. `fine`: the
// values that travel with the command are within their bounds.
constexpr Statement kChangeOrders{"change_orders", R"(
WITH asked AS (
  SELECT * FROM unnest($2::int4[], $3::uuid[], $4::uuid[], $5::int8[], $6::int4[], $7::int8[], $8::text[], $9::int4[])
    WITH ORDINALITY AS c(kind, id, asker, lease, step, attempts, note, fine, place)
), seen AS (
  SELECT c.*, o.ctid AS row, o.buyer, o.product, o.quantity, o.price, o.status, o.reason, o.invoice, o.mail, o.fence, o.parked_step,
    greatest($1, t.last_at) AS at,
    CASE
      WHEN o.id IS NULL OR (c.kind = 1 AND o.buyer IS DISTINCT FROM c.asker) THEN 9
      WHEN c.kind = 1 THEN CASE WHEN o.status = 0 THEN 0 ELSE 10 END
      WHEN c.kind = 2 THEN CASE
        WHEN o.parked_step IS NOT NULL OR NOT (o.status IN (0, 1) OR (o.status = 2 AND (o.invoice = 0 OR o.mail = 0)))
          THEN 10
        WHEN c.lease > o.fence THEN 0 ELSE 11 END
      WHEN c.kind IN (3, 4) AND (o.status <> 1 OR o.parked_step IS NOT NULL) THEN 10
      WHEN c.kind = 5 AND (o.status <> 2 OR o.parked_step IS NOT NULL) THEN 10
      WHEN c.kind = 6 AND (o.parked_step IS NOT NULL OR NOT (
             (o.status = 1 AND c.step IN (0, 1))
             OR (o.status = 2 AND ((c.step = 2 AND o.invoice = 0) OR (c.step = 3 AND o.mail = 0))))) THEN 10
      WHEN c.kind IN (3, 4, 5, 6) THEN CASE WHEN c.lease <> o.fence THEN 11 WHEN c.fine = 0 THEN 13 ELSE 0 END
      WHEN c.kind = 13 THEN CASE WHEN o.status = 2 THEN 0 ELSE 10 END
      ELSE CASE WHEN o.parked_step IS NOT NULL THEN 0 ELSE 10 END
    END AS outcome
  FROM asked c LEFT JOIN orders o ON o.id = c.id LEFT JOIN stock t ON t.ref = o.product
), decided AS (
  SELECT s.*,
    outcome = 0 AND NOT (kind = 5 AND (CASE step WHEN 2 THEN invoice ELSE mail END) <> 0) AS recorded,
    CASE kind WHEN 1 THEN 5 WHEN 2 THEN CASE status WHEN 0 THEN 1 ELSE status END WHEN 3 THEN 2 WHEN 4 THEN 3
      WHEN 13 THEN 6 WHEN 15 THEN CASE status WHEN 2 THEN 2 ELSE 3 END ELSE status END AS to_status,
    CASE WHEN kind = 1 THEN 3 WHEN kind = 4 THEN step WHEN kind = 13 THEN 5 WHEN kind = 15 AND status <> 2 THEN 4
      ELSE reason END AS to_reason,
    CASE WHEN kind = 5 AND step = 2 THEN 1 WHEN kind = 15 AND status = 2 AND parked_step = 2 THEN 2 ELSE invoice END
      AS to_invoice,
    CASE WHEN kind = 5 AND step = 3 THEN 1 WHEN kind = 15 AND status = 2 AND parked_step = 3 THEN 2 ELSE mail END
      AS to_mail
  FROM seen s
), changed AS (
  UPDATE orders o SET
    status = d.to_status, reason = d.to_reason, invoice = d.to_invoice, mail = d.to_mail,
    fence = CASE WHEN d.kind = 2 THEN d.lease ELSE o.fence END,
    due = CASE WHEN d.to_status <= 1 OR (d.to_status = 2 AND (d.to_invoice = 0 OR d.to_mail = 0)) THEN o.due END,
    begun_at = CASE WHEN d.status = 0 AND d.to_status = 1 THEN d.at ELSE o.begun_at END,
    ended_at = CASE WHEN d.status < 2 AND d.to_status >= 2 THEN d.at ELSE o.ended_at END,
    refunded_at = CASE WHEN d.kind = 13 THEN d.at ELSE o.refunded_at END,
    parked_step = CASE WHEN d.kind = 6 THEN d.step WHEN d.kind >= 13 THEN NULL ELSE o.parked_step END,
    parked_attempts = CASE WHEN d.kind = 6 THEN d.attempts WHEN d.kind >= 13 THEN NULL ELSE o.parked_attempts END,
    parked_at = CASE WHEN d.kind = 6 THEN d.at WHEN d.kind >= 13 THEN NULL ELSE o.parked_at END,
    parked_reason = CASE WHEN d.kind = 6 THEN d.note WHEN d.kind >= 13 THEN NULL ELSE o.parked_reason END,
    payment_reference = CASE WHEN d.kind = 3 THEN d.note ELSE o.payment_reference END
  FROM decided d WHERE d.recorded AND o.ctid = d.row
), counted AS (
  UPDATE stock t SET
    available = t.available + m.back, held = t.held - m.unheld, sold = t.sold + m.sold - m.unsold,
    sequence = t.sequence + m.records, last_at = greatest($1, t.last_at)
  FROM (
    SELECT product, count(*) AS records,
      coalesce(sum(quantity) FILTER (WHERE status < 2 AND to_status >= 2), 0) AS unheld,
      coalesce(sum(quantity) FILTER (WHERE status < 2 AND to_status = 2), 0) AS sold,
      coalesce(sum(quantity) FILTER (WHERE status <> to_status AND to_status > 2), 0) AS back,
      coalesce(sum(quantity) FILTER (WHERE status = 2 AND to_status > 2), 0) AS unsold
    FROM decided WHERE recorded GROUP BY product) m
  WHERE t.ref = m.product
  RETURNING t.ref, t.total, t.available, t.held, t.sold, t.sequence
)
SELECT d.place, d.outcome, d.product, d.buyer, d.quantity, d.price, d.to_status, d.to_reason, d.status <> d.to_status,
  d.recorded, d.at, coalesce(k.total, t.total), coalesce(k.available, t.available), coalesce(k.held, t.held),
  coalesce(k.sold, t.sold), coalesce(k.sequence, t.sequence)
FROM decided d LEFT JOIN counted k ON k.ref = d.product LEFT JOIN stock t ON t.ref = d.product
)"};
enum Column { kPlace, kOutcome, kProduct, kBuyer, kQuantity, kPrice, kStatus, kReason, kMoved, kRecorded, kAt, kStock };
constexpr int kSequenceColumn = kStock + 4;

static_assert(kind_of<Cancel>() == 1 && kind_of<Begin>() == 2 && kind_of<Confirm>() == 3 && kind_of<Decline>() == 4 &&
              kind_of<FinishStep>() == 5 && kind_of<Park>() == 6 && kind_of<Refund>() == 13 &&
              kind_of<Unpark>() == 14 && kind_of<Discard>() == 15);
static_assert(static_cast<int>(Outcome::order_not_found) == 9 && static_cast<int>(Outcome::invalid_state) == 10 &&
              static_cast<int>(Outcome::stale_fence) == 11 && static_cast<int>(Outcome::invalid_value) == 13);
static_assert(static_cast<int>(OrderStatus::confirmed) == 2 && static_cast<int>(OrderStatus::failed) == 3 &&
              static_cast<int>(OrderStatus::cancelled) == 5 && static_cast<int>(OrderStatus::refunded) == 6);
static_assert(static_cast<int>(StatusReason::cancelled_by_buyer) == 3 &&
              static_cast<int>(StatusReason::discarded_by_admin) == 4 &&
              static_cast<int>(StatusReason::refunded_by_admin) == 5);
static_assert(static_cast<int>(Step::confirm) == 1 && static_cast<int>(Step::invoice) == 2 &&
              static_cast<int>(Step::mail) == 3);

/// A command as a row of the statement's arrays.
struct Asked {
  OrderId order;
  UserId asker{};
  std::uint32_t fence = 0;
  std::int32_t step = 0;  ///< Decline: the reason.
  std::uint32_t attempts = 0;
  std::string note{};
  bool fine = true;
};

Asked row_of(const Cancel& c) {
  return {.order = c.order, .asker = c.buyer};
}
Asked row_of(const Begin& c) {
  return {.order = c.order, .fence = c.fence};
}
Asked row_of(const Confirm& c) {
  const bool fine = c.payment_reference.size() <= rules::kPaymentReferenceMax && is_storable(c.payment_reference);
  return {.order = c.order, .fence = c.fence, .note = fine ? c.payment_reference : std::string(), .fine = fine};
}
Asked row_of(const Decline& c) {
  return {.order = c.order,
          .fence = c.fence,
          .step = static_cast<std::int32_t>(c.reason),
          .fine = rules::is_decline(c.reason)};
}
Asked row_of(const FinishStep& c) {
  return {.order = c.order,
          .fence = c.fence,
          .step = static_cast<std::int32_t>(c.step),
          .fine = rules::is_paperwork(c.step)};
}
Asked row_of(const Park& c) {
  return {.order = c.order,
          .fence = c.fence,
          .step = static_cast<std::int32_t>(c.step),
          .attempts = c.attempts,
          .note = storable(rules::shortened(c.reason))};
}
Asked row_of(const Refund& c) {
  return {.order = c.order};
}
Asked row_of(const Unpark& c) {
  return {.order = c.order};
}
Asked row_of(const Discard& c) {
  return {.order = c.order};
}

template <class C>
concept AboutOrder = requires(const C& c) {
  row_of(c);
};

class OrderRun final : public SaleRun {
 public:
  bool add(const Command& command, std::size_t place) override {
    return std::visit(
        [&]<class C>(const C& c) {
          if constexpr (AboutOrder<C>) {
            if (!ids_.insert(c.order).second) return false;
            append(static_cast<std::int32_t>(command.index()), row_of(c), place);
            return true;
          } else {
            return false;
          }
        },
        command);
  }

  Call call(WallTime now, bool) override {
    parameters_ = {};
    parameters_.add(now.ms).add(kinds_).add(orders_).add(askers_).add(fences_).add(steps_).add(attempts_);
    parameters_.add(notes_).add(fine_);
    return {&kChangeOrders, &parameters_};
  }

  void read(const Rows& rows, BatchAnswers& answers) const override;
  void name_locks(std::vector<std::int32_t>&, std::vector<OrderId>& orders) const override {
    orders.insert(orders.end(), orders_.begin(), orders_.end());
  }
  bool locks_alone() const override { return false; }

 private:
  void append(std::int32_t kind, Asked row, std::size_t place) {
    kinds_.push_back(kind);
    orders_.push_back(row.order);
    askers_.push_back(row.asker);
    fences_.push_back(row.fence);
    steps_.push_back(row.step);
    attempts_.push_back(row.attempts);
    notes_.push_back(std::move(row.note));
    fine_.push_back(row.fine ? 1 : 0);
    places_.push_back(place);
  }

  std::vector<std::int32_t> kinds_, steps_, fine_;
  std::vector<OrderId> orders_;
  std::vector<UserId> askers_;
  std::vector<std::int64_t> fences_, attempts_;
  std::vector<std::string> notes_;
  std::vector<std::size_t> places_;  ///< In the batch.
  boost::unordered_flat_set<OrderId, std::hash<OrderId>> ids_;
  Parameters parameters_;
};

void OrderRun::read(const Rows& rows, BatchAnswers& answers) const {
  // Rows come as they like; commands are counted in their order.
  std::vector<int> row_of_place(orders_.size(), -1);
  boost::unordered_flat_map<std::int64_t, Sequence> counted;  // by product: before this run, then as we go
  for (int row = 0; row < rows.count(); ++row) {
    row_of_place[static_cast<std::size_t>(rows.integer(row, kPlace)) - 1] = row;
    if (rows.is_null(row, kProduct)) continue;
    const auto [at, is_new] = counted.try_emplace(rows.integer(row, kProduct), 0);
    if (is_new) at->second = static_cast<Sequence>(rows.integer(row, kSequenceColumn));
    if (rows.flag(row, kRecorded)) --at->second;
  }
  for (std::size_t i = 0; i < orders_.size(); ++i) {
    const int row = row_of_place[i];
    Answer answer;
    answer.order = orders_[i];
    answer.outcome = static_cast<Outcome>(rows.integer(row, kOutcome));
    if (answer.outcome != Outcome::order_not_found) {
      Sequence& sequence = counted[rows.integer(row, kProduct)];
      if (rows.flag(row, kRecorded)) ++sequence;
      answer.sequence = sequence;
      answer.product = ProductRef{static_cast<std::uint32_t>(rows.integer(row, kProduct))};
      answer.quantity = static_cast<std::uint32_t>(rows.integer(row, kQuantity));
      answer.unit_price = rows.integer(row, kPrice);
      answers.stock(read_stock(rows, row, kStock, answer.product));
      if (rows.flag(row, kRecorded) && rows.flag(row, kMoved))
        answers.change({answer.order, rows.id<UserId>(row, kBuyer), answer.product, answer.quantity,
                        static_cast<OrderStatus>(rows.integer(row, kStatus)),
                        static_cast<StatusReason>(rows.integer(row, kReason)), WallTime{rows.integer(row, kAt)},
                        sequence});
    }
    answers.answer(places_[i], answer);
  }
}

}  // namespace

std::unique_ptr<SaleRun> make_order_run() {
  return std::make_unique<OrderRun>();
}

}  // namespace scalemart::pg
