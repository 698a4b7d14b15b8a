#!/usr/bin/env python3
"""Does the simulator bite? Breaks one line of the program at a time and expects the simulator to notice.

  mutants.py [--seeds N] [--ops N] [--only NAME] [--work FOLDER]

Works on a copy of the tree (FOLDER, default a new one under the system's temporary folder); nothing here is touched.
Exit 0: every mutant was noticed; 1: one survived, or a patch no longer fits.
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# name -> [(file, what stands there, what the mutant says)]
MUTANTS = {
    "one unit too many is sold": [
        ("src/ledger/rules.cpp", "product.stock.available < quantity", "product.stock.available + 1 < quantity")],
    "the cap is not checked": [
        ("src/ledger/ledger_decide.cpp", "if (has + quantity > cap)", "if (has > cap)"),
        ("src/ledger/ledger_apply.cpp", "SCALEMART_CHECK(terms.per_user_limit == 0 ||",
         "SCALEMART_CHECK(true || terms.per_user_limit == 0 ||")],
    "a key belongs to nobody in particular": [
        ("src/ledger/buyer_book.hpp", "(k.key.hi + k.buyer)", "k.key.hi"),
        ("src/ledger/buyer_book.hpp", "const BuyerKey& k, Row order) const { return k == of(order); }",
         "const BuyerKey& k, Row order) const { return k.key == of(order).key; }")],
    "the same key with another quantity is the same buy": [
        ("src/ledger/ledger_decide.cpp", "row.product == index_of(c.product) && row.quantity() == c.quantity",
         "row.product == index_of(c.product)")],
    "the sale goes on for one more millisecond": [
        ("src/ledger/rules.cpp", "terms.ends_at && at >= *terms.ends_at", "terms.ends_at && at > *terms.ends_at"),
        ("src/ledger/ledger_apply.cpp", "(!terms.ends_at || at < *terms.ends_at)", "true")],
    "an expired order can be cancelled": [
        ("src/ledger/ledger_decide.cpp",
         "if (orders_->at(order).status() != OrderStatus::pending) return answer_about(Outcome::invalid_state, order);\n"
         "  commit(record::Cancelled",
         "if (is_open(orders_->at(order).status()) && orders_->at(order).status() != OrderStatus::pending)\n"
         "    return answer_about(Outcome::invalid_state, order);\n  commit(record::Cancelled"),
        ("src/ledger/ledger_apply.cpp", "SCALEMART_CHECK(is_arrow(from, to));", "static_cast<void>(&is_arrow);")],
    "a hold expires while its payment is being processed": [
        ("src/ledger/rules.cpp", "order.status() == OrderStatus::pending && order.expires_at() <= at",
         "is_open(order.status()) && order.created.time() <= at"),
        ("src/ledger/hold_queue.hpp", "return orders_.at(order).status() == OrderStatus::pending;",
         "return is_open(orders_.at(order).status());"),
        ("src/ledger/ledger_apply.cpp", "SCALEMART_CHECK(is_arrow(from, to));", "static_cast<void>(&is_arrow);")],
    "a hold ends too early": [
        ("src/ledger/order_row.hpp", "created.time().ms + std::int64_t{hold_or_fence}",
         "created.time().ms + std::int64_t{hold_or_fence} / 2")],
    "a declined payment returns the units twice": [
        ("src/ledger/ledger_apply.cpp", "move_units(stock_of(order).held, stock_of(order).available, order.quantity());",
         "move_units(stock_of(order).held, stock_of(order).available,\n"
         "               order.quantity() * (to == OrderStatus::failed ? 2 : 1));")],
    "a refund keeps the buyer's allowance": [
        ("src/ledger/ledger_apply.cpp",
         "ledger.buyers_->give_back(place.order);\n    OrderRow& order = change_status(OrderStatus::refunded",
         "OrderRow& order = change_status(OrderStatus::refunded")],
    "a stale completion is taken": [
        ("src/ledger/rules.cpp", "return fence == order.fence() ?", "return fence <= order.fence() ?")],
    "a stale lease is taken": [
        ("src/ledger/rules.cpp", "return fence > order.fence() ?", "return fence > 0 ?"),
        ("src/ledger/ledger_apply.cpp", "SCALEMART_CHECK(r.fence > edit().fence());", "")],
    "a snapshot is not protected from later changes": [
        ("src/ledger/ledger_snapshot.cpp", "  orders_->freeze();\n", "")],
    "a snapshot forgets why orders are parked": [
        ("src/ledger/snapshot_codec.cpp", "note.reason = in.text();", "static_cast<void>(in.text());")],
    "answers leave before the batch is durable": [
        ("src/sequencer/sequencer.cpp", "  if (!records_.empty()) make_durable();\n  answers_.hand_out();",
         "  answers_.hand_out();\n  if (!records_.empty()) make_durable();")],
    "observers hear of a batch that is not durable": [
        ("src/sequencer/sequencer.cpp", "  Journal::Appended appended = journal_.append(records_, may_use_reserve_);",
         "  for (Observer* early : options_.observers) early->committed({records_, ledger_, now_});\n"
         "  Journal::Appended appended = journal_.append(records_, may_use_reserve_);")],
    "the replay leaves out the last record": [
        ("src/sequencer/recovery.cpp", "    if (refused) return;\n",
         "    if (refused || record.sequence == journal.head().sequence) return;\n"),
        ("src/sequencer/sequencer.cpp", "SCALEMART_CHECK(ledger_.sequence() == journal_.head().sequence);", "")],
    "buys go on while the disk is full": [
        ("src/sequencer/sequencer.cpp", "!room_ && needs_room(ticket.command)", "!room_ && false")],
    "the last buy in the queue is decided first": [
        ("src/sequencer/sequencer.cpp", "decide(taken_.buys[taken_.next_buy++], at)",
         "std::swap(taken_.buys[taken_.next_buy], taken_.buys.back()), decide(taken_.buys[taken_.next_buy++], at)")],
    "a full queue stays full until the next take": [
        ("src/sequencer/ticket_queue.cpp",
         "  taken_buys_ = taken.buys.size() - taken.next_buy;\n  taken_others_ = taken.others.size() - taken.next_other;\n"
         "  return", "  static_cast<void>(taken);\n  return")],
    "an expired hold is not published: sold out for ever": [
        ("src/flow/publication.cpp", "static_cast<void>(moved(r.order, OrderStatus::expired, StatusReason::hold_expired));",
         "tell(r.order, OrderStatus::expired, StatusReason::hold_expired);")],
    "used keys are forgotten in a restart": [
        ("src/flow/publication.cpp", "if (!order.key.empty()) used_keys_.add(order.buyer, order.key);", "")],
    "the sale's clock follows every step of the wall clock": [
        ("src/flow/sale_clock.cpp", "if (std::abs(gap) > kStepNs || passed <= 0) return;", "if (passed <= 0) return;"),
        ("src/flow/sale_clock.cpp", "std::clamp(gap, -most, most)", "(most > 0 ? gap : most)")],
    "a restart forgets what waits for its mail": [
        ("src/fulfilment/dispatcher.cpp", "  if (order.lane == Lane::paper && order.invoice_done) {\n    make_ready(order);",
         "  if (order.lane == Lane::paper && order.invoice_done) {")],
    "a restart pays confirmed orders again": [
        ("src/flow/resume.cpp", "order.status == OrderStatus::confirmed ? Lane::paper : Lane::sale", "Lane::sale")],
    "a payment without an answer counts as declined": [
        ("src/fulfilment/worker.cpp", "    case in_progress:\n    case unknown:\n",
         "    case in_progress:\n    case unknown: return submit(slot, Stage::decline);\n")],
    "a declined payment is confirmed": [
        ("src/fulfilment/worker.cpp", "return submit(slot, Stage::decline);", "return submit(slot, Stage::confirm);")],
    "a dead letter is discarded without asking the bank": [
        ("src/fulfilment/service.cpp", "if (letter->order.lane == Lane::paper) return", "if (letter != nullptr) return")],
    "a dead letter is retried while it is being discarded": [
        ("src/fulfilment/service.cpp", "if (cancelling_.contains(order) || ", "if (")],
    "a mail that failed counts as sent": [
        ("src/fulfilment/worker_papers.cpp", "if (result.outcome != PaperOutcome::done)\n",
         "if (result.outcome != PaperOutcome::done && step == Step::invoice)\n")],
    "an order whose lease lapsed is dropped": [
        ("src/fulfilment/dispatcher.cpp", "    const Lease lease = at->second;\n    end_lease(at);\n    give_back(lease);",
         "    end_lease(at);")],
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=150)
    parser.add_argument("--ops", type=int, default=4000)
    parser.add_argument("--only", default="")
    parser.add_argument("--work", default="")
    options = parser.parse_args()
    work = options.work or tempfile.mkdtemp(prefix="scalemart-mutants-")
    try:
        return run(options, work)
    finally:
        if not options.work:
            shutil.rmtree(work, ignore_errors=True)


def run(options, work):
    tree, build = os.path.join(work, "tree"), os.path.join(work, "build")
    shutil.rmtree(tree, ignore_errors=True)
    skipped = shutil.ignore_patterns("build", "data", ".git", "node_modules", "__pycache__")
    # Not with their times: an older run may have left objects of mutants.
    shutil.copytree(ROOT, tree, ignore=skipped, symlinks=True, copy_function=shutil.copyfile)
    quiet(["cmake", "-S", tree, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release"])
    if not compiles(build) or noticed(build, options) is not None:
        print("the program as it is does not pass; mutants would prove nothing")
        return 1
    survivors = []
    for name, patches in MUTANTS.items():
        if options.only not in name:
            continue
        originals = {}
        fits = True
        for file, there, mutant in patches:
            path = os.path.join(tree, file)
            with open(path, encoding="utf-8") as source:
                text = source.read()
            originals.setdefault(path, text)
            fits = fits and there in text
            with open(path, "w", encoding="utf-8") as source:
                source.write(text.replace(there, mutant, 1))
        if not fits:
            how = None
            print(f"DOES NOT FIT  {name}", flush=True)
        elif not compiles(build):
            how = None
            print(f"DOES NOT COMPILE  {name}", flush=True)
        else:
            how = noticed(build, options)
            print(f"{'noticed' if how else 'SURVIVED':8}  {name}{': ' + how if how else ''}", flush=True)
        if not how:
            survivors.append(name)
        for path, text in originals.items():
            with open(path, "w", encoding="utf-8") as source:
                source.write(text)
    print(f"{len(MUTANTS) - len(survivors)} of {len(MUTANTS)} mutants noticed" if not options.only else "", flush=True)
    return 1 if survivors else 0


def quiet(command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def compiles(build):
    command = ["nice", "-n", "5", "ninja", "-C", build, "simulate"]
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0


def noticed(build, options):
    """How, in a line; None: not at all."""
    program = os.path.join(build, "tests", "sim", "simulate")
    command = [program, "--seeds", str(options.seeds), "--ops", str(options.ops)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    except subprocess.TimeoutExpired:
        return "it never ended"
    if done.returncode == 0:
        return None
    lines = (done.stdout + done.stderr).splitlines()
    seeds = [line.split("--seed ")[1].split(" ")[0] for line in lines if line.startswith("again: ") and "--seed " in line]
    what = [line for line in lines if line.startswith(("BROKEN", "NOT REACHED")) or "check" in line.lower()]
    return f"seed {seeds[0] if seeds else '-'}, {what[0][:110] if what else 'exit ' + str(done.returncode)}"


if __name__ == "__main__":
    sys.exit(main())
