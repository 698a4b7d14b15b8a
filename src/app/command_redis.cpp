// scalemart redis acl|functions|load: what an administrator of Redis gives it before a shared shop starts.

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <ostream>

#include "app/command.hpp"
#include "app/store_advice.hpp"
#include "backend/redis/acl.hpp"

namespace scalemart {
namespace {

constexpr std::chrono::seconds kWithin{10};

int load(CommandContext& context, std::string url) {
  if (url.empty()) {
    const auto config = context.config();
    if (!config) return kCannotRun;
    url = config->redis;
  }
  if (url.empty()) return context.fail(kWrongUsage, "name a Redis: scalemart redis load ADDRESS, or SCALEMART_REDIS");
  const auto address = redis::Address::parse(url);
  if (!address) return context.fail(kWrongUsage, with_advice("ADDRESS", address.error().message));
  auto client = redis::Client::make(*address, context.clock);
  if (!client) return context.fail(kCannotRun, with_advice("SCALEMART_REDIS", client.error().message));
  const SteadyTime deadline = context.clock.steady() + kWithin;
  boost::json::array servers;
  const auto loaded = client->each_master(
      [&](redis::Connection& server) {
        auto done = redis::ensure_library(server, deadline);
        if (done) servers.push_back(boost::json::string(server.endpoint().text()));
        return done;
      },
      deadline);
  if (!loaded) return context.fail(kCannotRun, with_advice("SCALEMART_REDIS", "Redis " + loaded.error().why));
  if (context.json) {
    context.print({{"library", redis::kLibrary}, {"digest", redis::library_digest()}, {"servers", std::move(servers)}});
    return kDone;
  }
  for (const boost::json::value& server : servers)
    context.out << std::string_view(server.get_string()) << ": " << redis::kLibrary << " " << redis::library_digest()
                << " is there\n";
  return kDone;
}

}  // namespace

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
  auto url = std::make_shared<std::string>();
  auto loading = spec.sub("load", "Load the function library into every master, as an administrator's user");
  loading.text("address", *url, "redis://USER@HOST?password_file=FILE and so on [SCALEMART_REDIS]");
  loading.footer("Needs to be done once for each version of the program, where gateways may not do it themselves.");
  loading.run([url](CommandContext& context) { return load(context, *url); });
}

}  // namespace scalemart
