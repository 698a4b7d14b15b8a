// scalemart verify: proves the ledger from its records.

#include <fmt/format.h>

#include <ostream>

#include "app/command.hpp"
#include "app/operations_json.hpp"

namespace scalemart {

void declare_verify(CommandSpec spec) {
  spec.footer(
      "Exit code 0: the chain of records is whole and stock is what they say. 1: it is not; each difference "
      "is listed.");
  spec.run([](CommandContext& context) -> int {
    const auto reached = context.reach();
    if (!reached) return kCannotRun;
    const auto report =
        reached->server ? reached->server->verify() : context.programs.verify_local(reached->config, context.clock);
    if (!report) return context.refuse(report.error());
    if (context.json) {
      context.print(to_json(*report));
    } else {
      context.out << fmt::format("records {} in {} batches, orders {}, products {}, {:.2f} s ({})\nhead {} {}\n",
                                 report->records, report->batches, report->orders, report->products,
                                 static_cast<double>(report->took.count()) / 1e3, reached->server ? "server" : "folder",
                                 report->head, report->head_hash);
      for (const auto& problem : report->problems) context.out << "problem: " << problem << '\n';
      context.out << "drift " << report->drift << '\n';
    }
    return report->ok && report->drift == 0 ? kDone : kAnswerIsNo;
  });
}

}  // namespace scalemart
