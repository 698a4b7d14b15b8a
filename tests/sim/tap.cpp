#include "tests/sim/tap.hpp"

#include <utility>

namespace scalemart::sim {

bool Callbacks::ask(SaleLedger& ledger, Command command, Then then) {
  const std::uint64_t token = ++made_;
  waiting_.emplace(token, std::move(then));
  if (ledger.submit(Ticket{std::move(command), this, token, {}})) return true;
  waiting_.erase(token);
  return false;
}

void Callbacks::answers(std::span<const Item> items) noexcept {
  for (const Item& item : items) {
    const auto at = waiting_.find(item.token);
    const Then then = std::move(at->second);
    waiting_.erase(at);
    then(item.answer);
  }
}

bool Tap::submit(Ticket ticket) noexcept {
  const std::uint64_t token = ++made_;
  Ticket tapped = ticket;
  tapped.sink = this;
  tapped.token = token;
  waiting_.emplace(token, Waiting{std::move(ticket), referee_.floor()});
  if (sequencer_->submit(std::move(tapped))) return true;
  waiting_.erase(token);
  tally_.add(Happened::queue_full);
  return false;
}

void Tap::answers(std::span<const Item> items) noexcept {
  for (const Item& item : items) {
    const auto at = waiting_.find(item.token);
    if (at == waiting_.end()) return referee_.fail("answered twice, or somebody who never asked");
    const Waiting waiting = std::move(at->second);
    waiting_.erase(at);
    std::uint64_t& last = std::holds_alternative<Reserve>(waiting.ticket.command) ? last_buy_ : last_other_;
    if (item.token < last) referee_.fail("decided before one that came first");
    last = item.token;
    referee_.answered(waiting.ticket, item.answer, round_, waiting.floor);
    if (waiting.ticket.sink == nullptr) continue;
    const Item passed_on{waiting.ticket.token, item.answer};
    waiting.ticket.sink->answers(std::span(&passed_on, 1));
  }
}

WallTime Tap::begin_round() {
  round_.now = std::max(round_.now, sale_clock_.now());
  round_.at = clock_.steady();
  round_.room = journal_.has_room_for_buys();
  return round_.now;
}

std::vector<Command> Tap::outstanding() const {
  std::vector<Command> commands;
  for (const auto& [token, waiting] : waiting_) commands.push_back(waiting.ticket.command);
  return commands;
}

}  // namespace scalemart::sim
