// scalemart key rotate, scalemart stats

#include <boost/json/serialize.hpp>
#include <ostream>

#include "app/command.hpp"

namespace scalemart {

void declare_key(CommandSpec spec) {
  spec.sub("rotate",
           "Sign new access tokens with a fresh key; the one before stays valid until its tokens expire")
      .run([](CommandContext& context) -> int {
        const auto operations = context.operations();
        if (!operations) return kCannotRun;
        auto kid = operations->rotate_key();
        if (!kid) return context.refuse(kid.error());
        if (context.json) {
          context.print({{"kid", *kid}});
        } else {
          context.out << "current key is " << *kid << '\n';
        }
        return kDone;
      });
}

void declare_stats(CommandSpec spec) {
  spec.run([](CommandContext& context) -> int {
    const auto operations = context.operations();
    if (!operations) return kCannotRun;
    auto stats = operations->stats();
    if (!stats) return context.refuse(stats.error());
    if (context.json) {
      context.print(*stats);
      return kDone;
    }
    for (const auto& [name, value] : *stats) {
      context.out << std::string_view(name) << ' ' << boost::json::serialize(value) << '\n';
    }
    return kDone;
  });
}

}  // namespace scalemart
