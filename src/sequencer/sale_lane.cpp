#include "sequencer/sale_lane.hpp"

#include <sys/prctl.h>

#include <algorithm>

#include "base/check.hpp"

namespace scalemart {
namespace {

Answer answer_to(const Reserve& buy, Outcome outcome) {
  Answer answer;
  answer.outcome = outcome;
  answer.order = buy.order;
  answer.product = buy.product;
  answer.quantity = buy.quantity;
  return answer;
}

}  // namespace

SaleLane::SaleLane(SystemOfRecord& record, SharedFilter& filter, KeyTeacher& teacher, std::uint32_t partition,
                   TimeSource time, const Clock& clock, const LaneOptions& options)
    : record_(record),
      filter_(filter),
      teacher_(teacher),
      partition_(partition),
      time_(std::move(time)),
      clock_(clock),
      options_(options),
      queue_(options.limits),
      window_(options.window) {}

SaleLane::~SaleLane() {
  stop();
}

void SaleLane::start() {
  tick(clock_.steady());
  SCALEMART_CHECK(!thread_.joinable());
  thread_ = std::thread([this] { run(); });
}

void SaleLane::stop() {
  queue_.close();
  if (thread_.joinable()) thread_.join();
}

void SaleLane::tick(SteadyTime at) noexcept {
  last_tick_ns_.store(at.time_since_epoch().count(), std::memory_order_relaxed);
}

void SaleLane::run() {
  ::prctl(PR_SET_NAME, partition_ == kOrders ? "orders" : "lane");
  ::prctl(PR_SET_TIMERSLACK, 5'000UL);  // windows are fractions of a millisecond
  for (;;) {
    bool timed_out = false;
    if (taken_.size() == 0) {
      const bool any = queue_.wait(1, unpublished_.empty() ? std::chrono::seconds(1) : options_.rebuild_every) > 0;
      tick(clock_.steady());
      if (any) timed_out = fill_window();
    }
    const bool closed = queue_.is_closed();  // Asked first: nothing comes in after it.
    queue_.take(taken_, no_reads_);
    if (taken_.size() > 0)
      round(timed_out);
    else if (closed)
      break;
    else
      publish_terms();
  }
}

bool SaleLane::step() {
  queue_.take(taken_, no_reads_);
  if (taken_.size() == 0) {
    publish_terms();
    return false;
  }
  round(false);
  return true;
}

bool SaleLane::fill_window() {
  const std::size_t target = std::min(window_.target(), options_.batch_max);
  if (target <= 1) return false;
  const SteadyTime until = clock_.steady() + window_.max();
  for (;;) {
    const auto left = until - clock_.steady();
    if (left <= std::chrono::nanoseconds::zero()) return true;
    if (queue_.wait(target, left) >= target || queue_.is_closed()) return false;
  }
}

void SaleLane::round(bool timed_out) {
  collect();
  screen();
  answers_.hand_out();  // who was refused need not wait for the commit
  commit();
  settle();  // before the answers: who cancels and buys again must not be refused for the units just given back
  answers_.hand_out();
  window_.ended(handled_, taken_.size() + queue_.release(taken_), timed_out);
}

void SaleLane::collect() {
  commands_.clear();
  waiting_.clear();
  buys_.clear();
  buyers_.clear();
  handled_ = 0;
  now_ = time_();
  const SteadyTime at = clock_.steady();
  tick(at);
  while (taken_.next_other < taken_.others.size() && !is_full()) collect_one(taken_.others[taken_.next_other++], at);
  while (taken_.next_buy < taken_.buys.size() && !is_full()) collect_one(taken_.buys[taken_.next_buy++], at);
}

void SaleLane::collect_one(Ticket& ticket, SteadyTime at) {
  ++handled_;
  if (ticket.deadline != SteadyTime{} && at > ticket.deadline) {
    answers_.add(ticket.sink, ticket.token, Answer());  // overloaded
  } else if (const auto* buy = std::get_if<Reserve>(&ticket.command)) {
    buys_.push_back(*buy);
    buyers_.push_back({ticket.sink, ticket.token});
  } else {
    commands_.push_back(std::move(ticket.command));
    waiting_.push_back({ticket.sink, ticket.token});
  }
}

Screening SaleLane::ask_filter() {
  return filter_.with(
      partition_, [&](StockFilter& filter) { return filter.screen(partition_, buys_, now_, options_.filter_within); });
}

void SaleLane::refuse_buys(Outcome outcome) {
  for (std::size_t i = 0; i < buys_.size(); ++i)
    answers_.add(buyers_[i].sink, buyers_[i].token, answer_to(buys_[i], outcome));
  buys_.clear();
  buyers_.clear();
}

/// Leaves in commands_ what the record has to decide.
void SaleLane::screen() {
  if (!buys_.empty() && filter_.is_there()) {
    Screening screening = ask_filter();
    if (screening.state == Screening::State::closed) {
      rebuild_filter();
      screening = ask_filter();
    }
    const bool away = screening.state == Screening::State::away;
    if (screening.state == Screening::State::closed || (away && !options_.sell_without_filter)) {
      refuse_buys(Outcome::unavailable);
    } else if (!away) {
      SCALEMART_CHECK(screening.verdicts.size() == buys_.size());
      epoch_ = screening.epoch;
      teacher_.seen(partition_, epoch_, screening.keys_known);
      std::size_t kept = 0;
      for (std::size_t i = 0; i < buys_.size(); ++i) {
        const Verdict& verdict = screening.verdicts[i];
        if (verdict.kind == Verdict::Kind::refuse) {
          Answer answer = answer_to(buys_[i], verdict.outcome);
          answer.final = verdict.final;
          answer.sequence = verdict.sequence;
          answers_.add(buyers_[i].sink, buyers_[i].token, answer);
          continue;
        }
        buys_[kept] = buys_[i];
        buyers_[kept] = buyers_[i];
        buyers_[kept++].taken = verdict.kind == Verdict::Kind::taken;
      }
      buys_.resize(kept);
      buyers_.resize(kept);
    }
  }
  commands_.insert(commands_.end(), buys_.begin(), buys_.end());
  waiting_.insert(waiting_.end(), buyers_.begin(), buyers_.end());
}

void SaleLane::rebuild_filter() {
  const SteadyTime at = clock_.steady();
  if (at < next_rebuild_) return;
  next_rebuild_ = at + options_.rebuild_every;
  auto products = record_.products(options_.commit_within);
  if (!products) return;
  std::erase_if(*products,
                [this](const ProductRecord& p) { return partition_of(p.product, filter_.partitions()) != partition_; });
  static_cast<void>(filter_.with(
      partition_, [&](StockFilter& filter) { return filter.rebuild(partition_, *products, options_.filter_within); }));
}

void SaleLane::commit() {
  batch_ = {};
  if (commands_.empty()) return;
  const SteadyTime begin = clock_.steady();
  batch_ = record_.commit(commands_, now_, options_.commit_within);
  const bool committed = batch_.fate == Fate::committed;
  SCALEMART_CHECK(!committed || batch_.answers.size() == commands_.size());
  if (committed) tell_observers();
  if (committed && options_.commit_duration) options_.commit_duration->record(clock_.steady() - begin);
  if (committed && options_.batch_size) options_.batch_size->record_items(commands_.size());
  Answer undecided;
  undecided.outcome = batch_.fate == Fate::unknown ? Outcome::unknown : Outcome::unavailable;
  for (std::size_t i = 0; i < commands_.size(); ++i)
    answers_.add(waiting_[i].sink, waiting_[i].token, committed ? batch_.answers[i] : undecided);
}

void SaleLane::tell_observers() {
  for (BatchObserver* observer : options_.observers) observer->committed(batch_);
}

void SaleLane::settle() {
  if (!filter_.is_there()) return;
  unpublished_.insert(unpublished_.end(), batch_.terms.begin(), batch_.terms.end());
  if (partition_ == kOrders) {
    for (std::uint32_t p = 0; p < filter_.partitions(); ++p) settle_partition(p, {});
  } else {
    const std::size_t first = commands_.size() - buys_.size();
    std::vector<Settlement> settlements;
    for (std::size_t i = 0; i < buys_.size(); ++i) {
      if (!buyers_[i].taken) continue;
      Settlement settlement{&buys_[i]};
      if (batch_.fate == Fate::unavailable) {
        settlement.kind = Settlement::Kind::refused;
        settlement.outcome = Outcome::unavailable;
      } else if (batch_.fate == Fate::committed) {
        settlement.outcome = batch_.answers[first + i].outcome;
        settlement.kind = settlement.outcome == Outcome::done       ? Settlement::Kind::sold
                          : settlement.outcome == Outcome::replayed ? Settlement::Kind::replayed
                                                                    : Settlement::Kind::refused;
      }
      settlements.push_back(settlement);
    }
    settle_partition(partition_, settlements);
  }
  publish_terms();
}

void SaleLane::settle_partition(std::uint32_t partition, std::span<const Settlement> settlements) {
  const auto is_here = [&](ProductRef p) { return partition_of(p, filter_.partitions()) == partition; };
  std::vector<StockRecord> stocks;
  std::vector<OrderChange> changes;
  for (const StockRecord& stock : batch_.stocks)
    if (is_here(stock.product)) stocks.push_back(stock);
  for (const OrderChange& change : batch_.changes)
    if (is_here(change.product)) changes.push_back(change);
  if (settlements.empty() && stocks.empty()) return;
  filter_.with(partition, [&](StockFilter& filter) {
    filter.settle(partition, epoch_, settlements, stocks, changes, options_.filter_within);
  });
}

/// A filter with old terms would go on refusing a sale that was resumed: tried again until the record could be read.
void SaleLane::publish_terms() {
  if (unpublished_.empty() || !filter_.is_there()) return;
  const auto products = record_.products(options_.commit_within);
  if (!products) return;
  for (std::uint32_t p = 0; p < filter_.partitions(); ++p) {
    std::vector<ProductRecord> here;
    for (const ProductRecord& product : *products)
      if (partition_of(product.product, filter_.partitions()) == p &&
          std::find(unpublished_.begin(), unpublished_.end(), product.product) != unpublished_.end())
        here.push_back(product);
    if (here.empty()) continue;
    filter_.with(p, [&](StockFilter& filter) { filter.publish(p, here, options_.filter_within); });
  }
  unpublished_.clear();
}

std::chrono::nanoseconds SaleLane::oldest_age() const noexcept {
  const TicketQueue::Depth depth = queue_.depth();
  if (depth.buys + depth.others == 0) return {};
  return clock_.steady().time_since_epoch() - std::chrono::nanoseconds(last_tick_ns_.load(std::memory_order_relaxed));
}

SteadyTime SaleLane::last_tick() const noexcept {
  return SteadyTime(std::chrono::nanoseconds(last_tick_ns_.load(std::memory_order_relaxed)));
}

}  // namespace scalemart
