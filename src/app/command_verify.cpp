// scalemart verify: proves the ledger from its records.

#include <fmt/format.h>

#include <ostream>

#include "app/command.hpp"
#include "app/operations_json.hpp"

namespace scalemart {
namespace {

/// A shared shop has no records by number, and no head.
void print_found(std::ostream& out, const VerifyReport& report, const CommandContext::Reached& reached) {
  const double seconds = static_cast<double>(report.took.count()) / 1e3;
  if (reached.config.is_shared())
    out << fmt::format("orders {}, products {}, {:.2f} s ({})\n", report.orders, report.products, seconds,
                       reached.server ? "server" : "database");
  else
    out << fmt::format("records {} in {} batches, orders {}, products {}, {:.2f} s ({})\nhead {} {}\n", report.records,
                       report.batches, report.orders, report.products, seconds, reached.server ? "server" : "folder",
                       report.head, report.head_hash);
}

}  // namespace

void declare_verify(CommandSpec spec) {
  spec.footer(
      "Exit code 0: the chain of records is whole and stock is what they say. 1: it is not; each difference "
      "is listed.\nA shared shop is proven by its database alone: everything is counted again from the orders.");
  spec.run([](CommandContext& context) -> int {
    const auto reached = context.reach();
    if (!reached) return kCannotRun;
    const auto report =
        reached->server ? reached->server->verify() : context.programs.verify_local(reached->config, context.clock);
    if (!report) return context.refuse(report.error());
    if (context.json) {
      context.print(to_json(*report));
    } else {
      print_found(context.out, *report, *reached);
      for (const auto& problem : report->problems) context.out << "problem: " << problem << '\n';
      context.out << "drift " << report->drift << '\n';
    }
    return report->ok && report->drift == 0 ? kDone : kAnswerIsNo;
  });
}

}  // namespace scalemart
