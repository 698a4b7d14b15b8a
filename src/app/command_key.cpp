// scalemart key rotate

#include <ostream>

#include "app/command.hpp"

namespace scalemart {

void declare_key(CommandSpec spec) {
  spec.sub("rotate", "Sign new access tokens with a fresh key; the one before stays valid until its tokens expire")
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

}  // namespace scalemart
