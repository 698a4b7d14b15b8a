#include "tests/sim/papers.hpp"

#include <utility>

namespace scalemart::sim {
namespace {

bool trait(std::uint64_t id, std::uint64_t salt, double share) {
  std::uint64_t h = (id ^ (salt * 0x9e3779b97f4a7c15ULL)) * 0xbf58476d1ce4e5b9ULL;
  h ^= h >> 29;
  return share > 0 && static_cast<double>(h >> 11) * 0x1p-53 < share;
}

constexpr std::uint64_t kRejected = 11, kNoAddress = 12;

}  // namespace

void Papers::note(std::map<OrderId, Effect>& effects, OrderId order, const Effect& effect, const char* what) {
  Effect& known = effects.try_emplace(order, effect).first->second;
  const bool same =
      known.total == effect.total && known.ordered_ms == effect.ordered_ms && known.confirmed_ms == effect.confirmed_ms;
  if (!same && on_misuse) on_misuse(order, std::string(what) + " was made again and says something else");
  ++known.times;
}

Result<void> Papers::issue(const InvoiceData& data) {
  fuse_.burn();
  if (!healed_ && dice_.chance(traits_.invoice_fails)) {
    tally_.add(Happened::invoice_failed);
    return error("no room");
  }
  note(invoices_, data.order, {data.total(), data.ordered_at.ms, data.confirmed_at.ms, 0}, "invoice");
  fuse_.burn();
  return {};
}

Result<std::string> Papers::fetch(const InvoiceData& data) {
  if (!healed_ && dice_.chance(traits_.invoice_fails)) return error("cannot be read");
  return "%PDF-" + to_string(data.order);
}

void Papers::send(Mail mail, MailDone done) {
  fuse_.burn();
  MailResult result{MailOutcome::sent, {}};
  bool delivered = true;
  bool answers = true;
  if (!healed_) {
    if (trait(mail.order.lo, kRejected, traits_.mail_rejected)) {
      tally_.add(Happened::mail_rejected);
      result = {MailOutcome::rejected, "550 no such mailbox"};
      delivered = false;
    } else if (dice_.chance(traits_.mail_fails)) {
      tally_.add(Happened::mail_unavailable);
      result = {MailOutcome::unavailable, "421 come back later"};
      delivered = dice_.coin();  // the answer to DATA may be what was lost
    } else if (dice_.chance(traits_.silent)) {
      tally_.add(Happened::mail_silent);
      delivered = dice_.coin();
      answers = false;
    }
  }
  if (delivered) {
    note(mails_, mail.order, {0, 0, mail.date.ms, 0}, "mail");
    if (mails_.at(mail.order).times > 1) tally_.add(Happened::mail_again);
  }
  fuse_.burn();
  if (!answers) return;
  const auto most = static_cast<std::uint64_t>(std::chrono::nanoseconds(traits_.latency).count());
  const SteadyTime at = clock_.steady() + std::chrono::nanoseconds(static_cast<std::int64_t>(dice_.below(most + 1)));
  answers_.emplace(at, Answer{at, std::move(result), std::move(done)});
}

Result<std::optional<Contact>> Papers::contact(UserId buyer) {
  if (!healed_ && trait(buyer.lo, kNoAddress, traits_.no_address)) {
    tally_.add(Happened::no_address);
    return std::optional<Contact>();
  }
  return std::optional(Contact{"b" + std::to_string(buyer.lo) + "@example.com", "Buyer"});
}

bool Papers::run(std::function<void()> work) {
  if (!healed_ && dice_.chance(traits_.pool_full)) {
    tally_.add(Happened::executor_full);
    return false;
  }
  pool_.push_back(std::move(work));
  return true;
}

void Papers::turn(std::size_t works) {
  for (; works > 0 && !pool_.empty(); --works) {
    const std::function<void()> work = std::move(pool_.front());
    pool_.pop_front();
    work();
  }
  const SteadyTime now = clock_.steady();
  while (!answers_.empty() && answers_.begin()->first <= now) {
    Answer answer = std::move(answers_.begin()->second);
    answers_.erase(answers_.begin());
    answer.done(std::move(answer.result));
  }
}

SteadyTime Papers::next() const {
  if (!pool_.empty()) return clock_.steady();
  return answers_.empty() ? SteadyTime::max() : answers_.begin()->first;
}

void Papers::shop_died() {
  pool_.clear();
  answers_.clear();
}

}  // namespace scalemart::sim
