// Holds whose time is over.
#include "backend/postgresql/sale_run.hpp"
#include "domain/validity.hpp"

namespace scalemart::pg {
namespace {

// The products of what was due a moment ago are locked. What became due since then may be of another product: each
// order and each product is changed as it is when its turn comes, so that is no less exact. It may lose to another
// batch by a deadlock, and is then done again as a whole.
constexpr Statement kExpire{"expire_due", R"(
WITH due AS (
  SELECT id, due, number FROM orders WHERE due > $3 AND due <= $1 AND status = 0 ORDER BY due, number LIMIT $2
), ended AS (
  UPDATE orders o SET status = 4, reason = 2, due = NULL, ended_at = greatest($1, t.last_at)
  FROM due d, stock t WHERE o.id = d.id AND o.status = 0 AND t.ref = o.product
  RETURNING o.id, o.buyer, o.product, o.quantity, o.ended_at, d.due, d.number
), counted AS (
  UPDATE stock t SET available = t.available + m.units, held = t.held - m.units, sequence = t.sequence + m.records,
                     last_at = greatest($1, t.last_at)
  FROM (SELECT product, sum(quantity) AS units, count(*) AS records FROM ended GROUP BY product) m
  WHERE t.ref = m.product
  RETURNING t.ref, t.total, t.available, t.held, t.sold, t.sequence
)
SELECT e.id, e.buyer, e.product, e.quantity, e.ended_at, k.total, k.available, k.held, k.sold, k.sequence
FROM ended e JOIN counted k ON k.ref = e.product ORDER BY e.due, e.number
)"};
enum Column { kId, kBuyer, kProduct, kQuantity, kAt, kStock };

static_assert(static_cast<int>(OrderStatus::expired) == 4 && static_cast<int>(StatusReason::hold_expired) == 2);

class ExpireRun final : public SaleRun {
 public:
  explicit ExpireRun(std::int64_t after_ms) : after_ms_(after_ms) {}
  bool add(const Command& command, std::size_t place) override {
    const auto* expire = std::get_if<ExpireDue>(&command);
    if (expire == nullptr || taken_) return false;
    limit_ = std::min(expire->limit, rules::kExpireMax);
    place_ = place;
    return taken_ = true;
  }
  Call call(WallTime now, bool) override {
    parameters_ = {};
    parameters_.add(now.ms).add(std::int64_t{limit_}).add(after_ms_);
    return {&kExpire, &parameters_};
  }
  void read(const Rows& rows, BatchAnswers& answers) const override;
  void name_locks(std::vector<std::int32_t>&, std::vector<OrderId>&) const override {}
  bool locks_alone() const override { return false; }

 private:
  const std::int64_t after_ms_;
  std::uint32_t limit_ = 0;
  std::size_t place_ = 0;
  bool taken_ = false;
  Parameters parameters_;
};

void ExpireRun::read(const Rows& rows, BatchAnswers& answers) const {
  boost::unordered_flat_map<std::int64_t, Sequence> counted;  // by product
  for (int row = 0; row < rows.count(); ++row) {
    const auto [at, is_new] = counted.try_emplace(rows.integer(row, kProduct), 0);
    if (is_new) at->second = static_cast<Sequence>(rows.integer(row, kStock + 4));
    --at->second;
  }
  for (int row = 0; row < rows.count(); ++row) {
    const auto product = ProductRef{static_cast<std::uint32_t>(rows.integer(row, kProduct))};
    answers.stock(read_stock(rows, row, kStock, product));
    answers.change({rows.id<OrderId>(row, kId), rows.id<UserId>(row, kBuyer), product,
                    static_cast<std::uint32_t>(rows.integer(row, kQuantity)), OrderStatus::expired,
                    StatusReason::hold_expired, WallTime{rows.integer(row, kAt)},
                    ++counted[rows.integer(row, kProduct)]});
  }
  Answer answer;
  answer.outcome = Outcome::done;
  answer.count = static_cast<std::uint32_t>(rows.count());
  answers.answer(place_, answer);
}

}  // namespace

std::unique_ptr<SaleRun> make_expire_run(std::int64_t after_ms) {
  return std::make_unique<ExpireRun>(after_ms);
}

}  // namespace scalemart::pg
