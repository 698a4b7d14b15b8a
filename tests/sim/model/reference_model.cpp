#include "tests/sim/model/reference_model.hpp"

#include <algorithm>

namespace scalemart::sim {
namespace {

using Status = OrderStatus;

bool open(const ReferenceModel::Order& o) {
  return o.status == Status::pending || o.status == Status::processing;
}

bool sound(const ProductSpec& s) {
  if (s.id.empty() || s.id.size() > 64 || s.id[0] == '-') return false;
  if (s.id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos) return false;
  for (const char c : s.currency.code)
    if (c < 'A' || c > 'Z') return false;
  // The tests use ASCII: bytes are characters.
  if (s.details.name.empty() || s.details.name.size() > 200) return false;
  if (s.details.description.size() > 4000 || s.details.image_url.size() > 500) return false;
  if (s.terms.price < 0 || s.terms.price > 1'000'000'000'000) return false;
  if (s.details.list_price && (*s.details.list_price < 0 || *s.details.list_price > 1'000'000'000'000)) return false;
  return !(s.terms.starts_at && s.terms.ends_at && s.terms.ends_at->ms <= s.terms.starts_at->ms);
}

}  // namespace

Answer ReferenceModel::execute(const Command& command, WallTime now) {
  now_ = std::max(now.ms, last_time_);
  return std::visit([this](const auto& c) { return on(c); }, command);
}

// --- counting -----------------------------------------------------------------------------------------

Stock ReferenceModel::stock(std::uint32_t product) const {
  Stock s;
  s.total = products_[product].total;
  for (const Order& o : orders_) {
    if (o.product != product) continue;
    if (open(o)) s.held += o.quantity;
    if (o.status == Status::confirmed) s.sold += o.quantity;
  }
  s.available = s.total - s.held - s.sold;
  return s;
}

std::optional<WallTime> ReferenceModel::next_expiry() const {
  std::optional<WallTime> next;
  for (const Order& o : orders_)
    if (o.status == Status::pending && (!next || o.created + o.hold_ms < next->ms))
      next = WallTime{o.created + o.hold_ms};
  return next;
}

ReferenceModel::Order* ReferenceModel::find(OrderId id) {
  for (Order& o : orders_)
    if (o.id == id) return &o;
  return nullptr;
}

ReferenceModel::Product* ReferenceModel::find(ProductRef ref) {
  if (index_of(ref) >= products_.size() || products_[index_of(ref)].removed) return nullptr;
  return &products_[index_of(ref)];
}

void ReferenceModel::record() {
  ++sequence_;
  last_time_ = now_;
}

Answer ReferenceModel::say(Outcome outcome) const {
  Answer a;
  a.outcome = outcome;
  a.sequence = sequence_;
  return a;
}

Answer ReferenceModel::say(Outcome outcome, const Order& order) const {
  Answer a = say(outcome);
  a.order = order.id;
  a.product = ProductRef{order.product};
  a.quantity = order.quantity;
  a.unit_price = order.price;
  return a;
}

Answer ReferenceModel::say(Outcome outcome, ProductRef product) const {
  Answer a = say(outcome);
  a.product = product;
  return a;
}

// --- a buyer's ----------------------------------------------------------------------------------------

Answer ReferenceModel::on(const Reserve& c) {
  const auto refuse = [&](Outcome outcome) {
    Answer a = say(outcome, c.product);
    a.order = c.order;
    a.quantity = c.quantity;
    return a;
  };
  if (c.key != KeyDigest{})
    for (const Order& o : orders_) {
      if (o.buyer != c.buyer || o.key != c.key) continue;
      if (ProductRef{o.product} != c.product || o.quantity != c.quantity) return refuse(Outcome::idempotency_conflict);
      Answer a = say(Outcome::replayed, o);
      a.sequence = o.sequence;
      return a;
    }
  const Product* p = find(c.product);
  if (p == nullptr) return refuse(Outcome::product_not_found);
  const SaleTerms& terms = p->spec.terms;
  if (p->paused) return refuse(Outcome::sale_paused);
  if (terms.starts_at && now_ < terms.starts_at->ms) return refuse(Outcome::sale_not_started);
  if (terms.ends_at && now_ >= terms.ends_at->ms) return refuse(Outcome::sale_ended);
  const Stock s = stock(index_of(c.product));
  if (s.available < c.quantity) {
    Answer a = refuse(Outcome::out_of_stock);
    a.final = s.held == 0;
    return a;
  }
  std::uint64_t has = 0;
  for (const Order& o : orders_)
    if (o.buyer == c.buyer && ProductRef{o.product} == c.product && (open(o) || o.status == Status::confirmed))
      has += o.quantity;
  if (terms.per_user_limit != 0 && has + c.quantity > terms.per_user_limit) return refuse(Outcome::purchase_limit);
  if (find(c.order) != nullptr) return refuse(Outcome::invalid_state);
  if (c.quantity < 1 || c.quantity > 10 || c.order == OrderId{} || c.buyer == UserId{})
    return refuse(Outcome::invalid_value);

  record();
  Order o;
  o.id = c.order;
  o.buyer = c.buyer;
  o.product = index_of(c.product);
  o.quantity = c.quantity;
  o.hold_ms = c.hold_ms;
  o.price = terms.price;
  o.key = c.key;
  o.sequence = sequence_;
  o.created = now_;
  orders_.push_back(o);
  return say(Outcome::done, o);
}

Answer ReferenceModel::on(const Cancel& c) {
  Order* o = find(c.order);
  if (o == nullptr || o->buyer != c.buyer) {
    Answer a = say(Outcome::order_not_found);
    a.order = c.order;
    return a;
  }
  if (o->status != Status::pending) return say(Outcome::invalid_state, *o);
  record();
  o->status = Status::cancelled;
  o->reason = StatusReason::cancelled_by_buyer;
  return say(Outcome::done, *o);
}

// --- fulfilment's -------------------------------------------------------------------------------------

#define FIND_OR_REFUSE(o)                     \
  Order* o = find(c.order);                   \
  if (o == nullptr) {                         \
    Answer a = say(Outcome::order_not_found); \
    a.order = c.order;                        \
    return a;                                 \
  }

Answer ReferenceModel::on(const Begin& c) {
  FIND_OR_REFUSE(o)
  const bool papers_left = o->status == Status::confirmed && !(o->invoice && o->mail);
  if (o->parked || (!open(*o) && !papers_left)) return say(Outcome::invalid_state, *o);
  if (c.fence <= o->fence) return say(Outcome::stale_fence, *o);
  record();
  o->fence = c.fence;
  if (o->status == Status::pending) o->status = Status::processing;
  return say(Outcome::done, *o);
}

Answer ReferenceModel::on(const Confirm& c) {
  FIND_OR_REFUSE(o)
  if (o->parked || o->status != Status::processing) return say(Outcome::invalid_state, *o);
  if (c.fence != o->fence) return say(Outcome::stale_fence, *o);
  if (c.payment_reference.size() > 255) return say(Outcome::invalid_value, *o);
  record();
  o->status = Status::confirmed;
  return say(Outcome::done, *o);
}

Answer ReferenceModel::on(const Decline& c) {
  FIND_OR_REFUSE(o)
  if (o->parked || o->status != Status::processing) return say(Outcome::invalid_state, *o);
  if (c.fence != o->fence) return say(Outcome::stale_fence, *o);
  if (c.reason != StatusReason::payment_declined && c.reason != StatusReason::hold_expired)
    return say(Outcome::invalid_value, *o);
  record();
  o->status = Status::failed;
  o->reason = c.reason;
  return say(Outcome::done, *o);
}

Answer ReferenceModel::on(const FinishStep& c) {
  FIND_OR_REFUSE(o)
  if (o->parked || o->status != Status::confirmed) return say(Outcome::invalid_state, *o);
  if (c.fence != o->fence) return say(Outcome::stale_fence, *o);
  if (c.step != Step::invoice && c.step != Step::mail) return say(Outcome::invalid_value, *o);
  bool& done = c.step == Step::invoice ? o->invoice : o->mail;
  if (!done) record();
  done = true;
  return say(Outcome::done, *o);
}

Answer ReferenceModel::on(const Park& c) {
  FIND_OR_REFUSE(o)
  bool waits = false;
  if (o->status == Status::processing) waits = c.step == Step::payment || c.step == Step::confirm;
  if (o->status == Status::confirmed)
    waits = (c.step == Step::invoice && !o->invoice) || (c.step == Step::mail && !o->mail);
  if (o->parked || !waits) return say(Outcome::invalid_state, *o);
  if (c.fence != o->fence) return say(Outcome::stale_fence, *o);
  record();
  o->parked = c.step;
  return say(Outcome::done, *o);
}

// --- the clock's --------------------------------------------------------------------------------------

Answer ReferenceModel::on(const ExpireDue& c) {
  std::vector<Order*> due;
  for (Order& o : orders_)
    if (o.status == Status::pending && o.created + o.hold_ms <= now_) due.push_back(&o);
  std::stable_sort(due.begin(), due.end(),
                   [](Order* a, Order* b) { return a->created + a->hold_ms < b->created + b->hold_ms; });
  std::uint32_t ended = 0;
  for (Order* o : due) {
    if (ended == c.limit) break;
    record();
    o->status = Status::expired;
    o->reason = StatusReason::hold_expired;
    ++ended;
  }
  Answer a = say(Outcome::done);
  a.count = ended;
  return a;
}

// --- an administrator's -------------------------------------------------------------------------------

Answer ReferenceModel::on(const CreateProduct& c) {
  for (std::uint32_t i = 0; i < products_.size(); ++i)
    if (c.spec && products_[i].spec.id == c.spec->id) return say(Outcome::product_exists, ProductRef{i});
  if (!c.spec || !sound(*c.spec) || c.total < 0 || c.total > 1'000'000'000) return say(Outcome::invalid_value);
  record();
  products_.push_back({*c.spec, c.total, false, false});
  return say(Outcome::done, ProductRef{product_count() - 1});
}

Answer ReferenceModel::on(const ChangeProduct& c) {
  Product* p = find(c.product);
  if (p == nullptr) return say(Outcome::product_not_found, c.product);
  if (!c.spec || !sound(*c.spec) || c.spec->id != p->spec.id || c.spec->currency != p->spec.currency)
    return say(Outcome::invalid_value, c.product);
  record();
  p->spec = *c.spec;
  return say(Outcome::done, c.product);
}

Answer ReferenceModel::on(const RemoveProduct& c) {
  Product* p = find(c.product);
  if (p == nullptr) return say(Outcome::product_not_found, c.product);
  for (const Order& o : orders_)
    if (ProductRef{o.product} == c.product && open(o)) return say(Outcome::invalid_state, c.product);
  record();
  p->removed = true;
  return say(Outcome::done, c.product);
}

Answer ReferenceModel::on(const AdjustStock& c) {
  Product* p = find(c.product);
  if (p == nullptr) return say(Outcome::product_not_found, c.product);
  const Stock s = stock(index_of(c.product));
  // Nothing near the ends of 64 bits is within bounds either.
  if (c.delta < -1'000'000'000 || c.delta > 1'000'000'000 || s.available + c.delta < 0 ||
      s.total + c.delta > 1'000'000'000 || c.reason.size() > 200)
    return say(Outcome::invalid_value, c.product);
  record();
  p->total += c.delta;
  return say(Outcome::done, c.product);
}

Answer ReferenceModel::on(const SetPaused& c) {
  Product* p = find(c.product);
  if (p == nullptr) return say(Outcome::product_not_found, c.product);
  if (p->paused != c.paused) record();
  p->paused = c.paused;
  return say(Outcome::done, c.product);
}

Answer ReferenceModel::on(const Refund& c) {
  FIND_OR_REFUSE(o)
  if (o->status != Status::confirmed) return say(Outcome::invalid_state, *o);
  record();
  o->status = Status::refunded;
  o->reason = StatusReason::refunded_by_admin;
  o->parked.reset();
  return say(Outcome::done, *o);
}

Answer ReferenceModel::on(const Unpark& c) {
  FIND_OR_REFUSE(o)
  if (!o->parked) return say(Outcome::invalid_state, *o);
  record();
  o->parked.reset();
  return say(Outcome::done, *o);
}

Answer ReferenceModel::on(const Discard& c) {
  FIND_OR_REFUSE(o)
  if (!o->parked) return say(Outcome::invalid_state, *o);
  record();
  if (o->status == Status::confirmed) {
    (o->parked == Step::invoice ? o->invoice : o->mail) = true;
  } else {
    o->status = Status::failed;
    o->reason = StatusReason::discarded_by_admin;
  }
  o->parked.reset();
  return say(Outcome::done, *o);
}

}  // namespace scalemart::sim
