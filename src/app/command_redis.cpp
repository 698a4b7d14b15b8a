// scalemart redis acl|functions: what an administrator of Redis gives it before a shared shop starts.

#include <ostream>

#include "app/command.hpp"
#include "backend/redis/acl.hpp"

namespace scalemart {

void declare_redis(CommandSpec spec) {
  spec.sub("acl", "Print an ACL file: users with the rights that gateways, workers and their administrator need")
      .run([](CommandContext& context) -> int {
        context.out << redis::acl_file({});
        return kDone;
      });
  spec.sub("functions", "Print the function library, for: redis-cli -x FUNCTION LOAD REPLACE")
      .run([](CommandContext& context) -> int {
        context.out << redis::library_source();
        return kDone;
      });
}

}  // namespace scalemart
