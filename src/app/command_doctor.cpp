// scalemart doctor

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <ostream>

#include "app/command.hpp"
#include "app/doctor.hpp"

namespace scalemart {

void declare_doctor(CommandSpec spec) {
  spec.footer("Exit code 1 when a check fails (a cross); what is only odd (!) does not count.");
  spec.run([](CommandContext& context) -> int {
    const auto config = context.config();
    if (!config) return kCannotRun;
    const auto findings = examine(*config, context.clock);
    bool failed = false;
    boost::json::array shown;
    for (const Finding& finding : findings) {
      const bool bad = finding.verdict == Finding::Verdict::bad;
      const bool good = finding.verdict == Finding::Verdict::good;
      failed = failed || bad;
      if (context.json) {
        shown.push_back({{"check", finding.check},
                         {"verdict", bad    ? "bad"
                                     : good ? "good"
                                            : "odd"},
                         {"detail", finding.detail}});
      } else {
        context.out << (bad ? "\u2717 " : good ? "\u2713 " : "! ") << finding.check << ": " << finding.detail << '\n';
      }
    }
    if (context.json) context.print({{"ok", !failed}, {"checks", shown}});
    return failed ? kAnswerIsNo : kDone;
  });
}

}  // namespace scalemart
