// The two steps after the sale: invoice and mail.
#include <utility>

#include "fulfilment/worker.hpp"

namespace scalemart {

void Worker::make_invoice(Slot& slot) {
  slot.since = clock_.steady();
  const std::uint64_t token = call(slot, Stage::invoice);
  paper_watch_.push_back({slot.since + settings_.paper_deadline, token});
  papers_.issue_invoice(slot.task, PaperReply{this, token});
}

void Worker::send_mail(Slot& slot) {
  slot.since = clock_.steady();
  const std::uint64_t token = call(slot, Stage::mail);
  paper_watch_.push_back({slot.since + settings_.paper_deadline, token});
  papers_.send_mail(slot.task, PaperReply{this, token});
}

void Worker::post(std::uint64_t token, PaperResult result) {
  bool first = false;
  {
    const std::lock_guard lock(mailbox_mutex_);
    first = paper_answers_.empty();
    paper_answers_.push_back({token, std::move(result)});
  }
  if (first) loop_.wake();
}

void Worker::papered(Slot& slot, PaperResult result) {
  const Step step = slot.stage == Stage::invoice ? Step::invoice : Step::mail;
  judge(breaker(step),
        result.outcome != PaperOutcome::unavailable);  // a rejected mail says nothing bad of the server
  if (result.outcome != PaperOutcome::done)
    return fail(slot, step, std::move(result.detail), result.outcome == PaperOutcome::rejected);
  ended(slot, step, FinishedStep::Result::done);
  submit(slot, step == Step::invoice ? Stage::invoiced : Stage::mailed);
}

}  // namespace scalemart
