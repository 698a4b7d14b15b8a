#include "tests/sim/tally.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace scalemart::sim {
namespace {

struct Kind {
  Happened what;
  const char* name;
  std::uint64_t least;  ///< In 500,000 operations.
};

// The least is far below what the default run shows (see simulate), so that a lucky seed is not a failure.
constexpr Kind kTable[] = {
    {Happened::crash_between, "crash between events", 100},
    {Happened::crash_before_durable, "crash in an append, batch lost", 30},
    {Happened::crash_after_durable, "crash in an append, batch there", 30},
    {Happened::crash_in_a_call, "crash in a call to a dependency", 30},
    {Happened::crash_for_want_of_space, "crash for want of space", 5},
    {Happened::crash_while_recovering, "crash while recovering", 10},
    {Happened::tidy_stop, "tidy stop", 30},
    {Happened::outcome_unknown, "command of unknown outcome that is durable", 30},
    {Happened::disk_full, "disk full", 30},
    {Happened::buy_refused_read_only, "refused: read only", 100},
    {Happened::disk_has_room_again, "disk has room again", 20},
    {Happened::snapshot_written, "snapshot written", 100},
    {Happened::snapshot_failed, "snapshot failed", 10},
    {Happened::snapshot_damaged, "snapshot damaged", 10},
    {Happened::snapshot_used, "recovered from a snapshot", 50},
    {Happened::snapshot_passed_over, "damaged snapshot passed over", 5},
    {Happened::queue_full, "queue full", 100},
    {Happened::deadline_passed, "deadline passed in the queue", 50},
    {Happened::wall_stepped, "wall clock stepped", 50},
    {Happened::loop_stalled, "fulfilment stalled", 50},
    {Happened::lease_lost, "lease lost", 20},
    {Happened::stale_completion, "stale completion refused", 50},
    {Happened::bank_declined, "bank: declined", 100},
    {Happened::bank_timed_out, "bank: request lost", 50},
    {Happened::bank_charged_without_answer, "bank: charged, answer lost", 50},
    {Happened::bank_unavailable, "bank: unavailable", 100},
    {Happened::bank_undecided, "bank: undecided", 50},
    {Happened::bank_rejected, "bank: rejected", 30},
    {Happened::bank_misconfigured, "bank: misconfigured", 20},
    {Happened::bank_silent, "bank: no answer at all", 20},
    {Happened::bank_late, "bank: answer after the deadline", 20},
    {Happened::bank_long_reference, "bank: reference too long", 10},
    {Happened::bank_refunded, "bank: refunded", 50},
    {Happened::bank_voided, "bank: cancelled", 10},
    {Happened::invoice_failed, "invoice failed", 50},
    {Happened::mail_unavailable, "mail unavailable", 50},
    {Happened::mail_rejected, "mail rejected", 20},
    {Happened::mail_silent, "mail: no answer at all", 10},
    {Happened::mail_again, "same mail sent again", 10},
    {Happened::no_address, "buyer without an address", 10},
    {Happened::executor_full, "paper pool full", 50},
    {Happened::request_lost, "request lost", 100},
    {Happened::answer_lost, "answer lost", 100},
    {Happened::retried_after_loss, "retried after a loss", 100},
    {Happened::retried_after_crash, "retried after a crash", 100},
    {Happened::duplicate_sent, "duplicate sent", 100},
    {Happened::key_reused, "key reused with another body", 100},
    {Happened::refused_quickly, "refused before the ledger", 100},
    {Happened::asked_by_key, "asked by key", 100},
    {Happened::bought_without_key, "bought without a key", 100},
    {Happened::restocked, "restocked", 50},
    {Happened::paused, "sale paused", 30},
    {Happened::terms_changed, "terms changed", 50},
    {Happened::product_removed, "product removed", 5},
    {Happened::queue_paused, "queue paused", 20},
    {Happened::concurrency_changed, "concurrency changed", 20},
    {Happened::dead_letter, "dead letter", 50},
    {Happened::dead_letter_retried, "dead letter retried", 20},
    {Happened::unpaid_letter_discarded, "unpaid dead letter discarded", 10},
    {Happened::papers_discarded, "paper of a dead letter discarded", 10},
};
static_assert(std::size(kTable) == Tally::kKinds);

struct Edge {
  OrderStatus from, to;
};
using enum OrderStatus;
constexpr Edge kEdges[] = {{pending, processing},   {pending, expired},   {pending, cancelled},
                           {processing, confirmed}, {processing, failed}, {confirmed, refunded}};
constexpr std::uint64_t kEdgeLeast = 50;
constexpr std::uint64_t kOutcomeLeast = 20;
constexpr std::uint64_t kEnough = 500'000;

std::string line(std::string_view name, std::uint64_t count) {
  std::string text = std::to_string(count);
  text.insert(0, 12 - std::min<std::size_t>(12, text.size()), ' ');
  return text + "  " + std::string(name) + "\n";
}

std::string name_of(const Edge& edge) {
  return "order " + std::string(to_text(edge.from)) + " -> " + std::string(to_text(edge.to));
}

std::uint64_t at(const Tally& tally, const Edge& edge) {
  return tally.edges[static_cast<std::size_t>(edge.from)][static_cast<std::size_t>(edge.to)];
}

}  // namespace

void Tally::add(const Tally& other) {
  for (std::size_t i = 0; i < happened.size(); ++i) happened[i] += other.happened[i];
  for (std::size_t i = 0; i < outcomes.size(); ++i) outcomes[i] += other.outcomes[i];
  for (std::size_t i = 0; i < edges.size(); ++i)
    for (std::size_t j = 0; j < edges.size(); ++j) edges[i][j] += other.edges[i][j];
  operations += other.operations;
  records += other.records;
  events += other.events;
  runs += other.runs;
}

std::vector<std::string> Tally::missing() const {
  std::vector<std::string> list;
  if (operations < kEnough) return list;  // too short to say
  const auto need = [&](const std::string& name, std::uint64_t count, std::uint64_t least) {
    if (count < least)
      list.push_back(name + ": " + std::to_string(count) + " times, expected " + std::to_string(least));
  };
  for (const Kind& kind : kTable) need(kind.name, happened[static_cast<std::size_t>(kind.what)], kind.least);
  for (const Edge& edge : kEdges) need(name_of(edge), at(*this, edge), kEdgeLeast);
  // Those behind it are a shared record's.
  for (std::size_t i = 0; i <= static_cast<std::size_t>(Outcome::read_only); ++i)
    need("answer " + std::string(to_text(static_cast<Outcome>(i))), outcomes[i], kOutcomeLeast);
  return list;
}

std::string Tally::text() const {
  std::string text = line("runs", runs) + line("operations", operations) + line("durable records", records) +
                     line("turns of the world", events);
  for (const Edge& edge : kEdges) text += line(name_of(edge), at(*this, edge));
  for (std::size_t i = 0; i < outcomes.size(); ++i)
    text += line("answer " + std::string(to_text(static_cast<Outcome>(i))), outcomes[i]);
  for (const Kind& kind : kTable) text += line(kind.name, happened[static_cast<std::size_t>(kind.what)]);
  return text;
}

}  // namespace scalemart::sim
