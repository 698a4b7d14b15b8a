#include "backend/redis/server_check.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "backend/redis/wire.hpp"
#include "base/random.hpp"

namespace scalemart::redis {
namespace {

constexpr int kVersionMin = 7;
/// As much as a gateway's own clock may be off before it keeps its pace (flow/sale_clock.hpp): two gateways of one
/// Redis then differ by twice as much at most.
constexpr std::chrono::milliseconds kClockLeadMax{5000};
constexpr std::string_view kAdvice = "; give the user the rights of deploy/redis/users.acl";

Failure refused(const Connection& server, const std::string& why) {
  return {Failure::Kind::refused, server.endpoint().text() + ": " + why};
}

Answered<void> check_facts(const Connection& server) {
  const ServerFacts& facts = server.facts();
  int major = 0;
  std::from_chars(facts.version.data(), facts.version.data() + facts.version.size(), major);
  if (major < kVersionMin)
    return refused(server, "Redis " + facts.version + " is too old: 7.0 or later is needed (for functions)");
  if (facts.eviction != "noeviction")
    return refused(server, "maxmemory-policy is " + facts.eviction +
                               ", and what Redis forgets at will closes the sale: CONFIG SET maxmemory-policy "
                               "noeviction, and the same in redis.conf");
  return boost::system::in_place_value;
}

/// The fastest clock would open sales early, and end holds that others gave, for everybody.
Answered<void> check_clock(Connection& server, const Clock& clock, SteadyTime deadline) {
  const auto lead = clock_lead(server, clock, deadline);
  if (!lead) return lead.error();
  if (std::chrono::abs(*lead) <= kClockLeadMax) return boost::system::in_place_value;
  const std::string seconds = std::to_string(std::chrono::abs(*lead).count() / 1000);
  return refused(server, "this machine's clock is " + seconds + " s " + (lead->count() > 0 ? "ahead of" : "behind") +
                             " that of Redis, and sales and holds follow it: let chrony or systemd-timesyncd set both");
}

bool is_about_rights(const std::string& why) {
  return why.find("NOPERM") != std::string::npos || why.find("user executing the script") != std::string::npos;
}

/// A made-up product through everything that functions do: what they may not do shows here and not in the sale.
class Rehearsal {
 public:
  Rehearsal(Functions& functions, const Keyspace& keys, SteadyTime deadline)
      : functions_(functions), base_(keys.check() + own_part()), deadline_(deadline) {}

  Answered<void> run() {
    rehearse();
    const std::optional<Failure> failure = std::exchange(failure_, std::nullopt);
    call("clear_check", {});
    if (failure) return *failure;
    if (failure_) return *failure_;
    return boost::system::in_place_value;
  }

 private:
  /// Processes that start together do not meet in their rehearsals.
  static std::string own_part() {
    SecureRandom random;
    return ":" + std::to_string(random.next());
  }

  void rehearse() {
    ProductRecord product{ProductRef{0}, std::make_shared<ProductSpec>(), {}, false, false, 1};
    auto capped = std::make_shared<ProductSpec>();
    capped->terms.per_user_limit = 1;
    product.spec = capped;
    product.stock = {10, 10, 0, 0};
    std::string products, buy, stocks, allowance, key, limit, take;
    pack_product(products, product);
    pack_buy(buy, {{1, 1}, {1, 1}, ProductRef{0}, 1, 0, {1, 1}});
    pack_stock(stocks, {ProductRef{0}, product.stock, 2});
    pack_allowance(allowance, ProductRef{0}, 1, 2, {1, 1});
    pack_key(key, {1, 1}, {1, 1});
    Packer(limit).u8(0).number(1.0).number(1.0).number(1.0).u8(1).id(0, 0);
    const std::string order(16, 'o');

    call("rebuild", {kServerIdentity, "check", "1", "1", "64", "1", products});
    call("publish", {kServerIdentity, products});
    call("screen", {kServerIdentity, "0", "check", buy});
    const std::int64_t epoch = last_ ? last_->value()[1].integer().value_or(0) : 0;
    pack_take(take, ProductRef{0}, 1, last_ ? last_->value()[2].integer().value_or(0) : 0);
    const NumberText epoch_text(epoch);
    call("settle", {kServerIdentity, epoch_text, "check", stocks, take, allowance, allowance, allowance, key, "0"});
    call("remember", {kServerIdentity, epoch_text, key, "1"});
    call("limit", {"", "", limit});
    call("pause", {"1"});
    call("pause", {"0"});
    call("enqueue", {"sale", "16", order});
    call("lease", {"check", "1", "1", "1"});
    const std::string entry = last_ ? std::string(last_->value()[0][0][0].text()) : "";
    call("renew", {"check", "sale", entry});
    call("put_back", {"check", "sale", entry, "0", order});
    call("look", {"sale"});
    call("trace", {"sale", order, ""});
    call("lease", {"check", "1", "1", "0"});
    const std::string again = last_ ? std::string(last_->value()[0][0][0].text()) : "";
    call("finish", {"sale", again.empty() ? "0-1" : again, order, "16", ""});
    call("process_beat", {"check", "", "0"});
    call("wish", {"check", ""});
    call("processes", {});
  }

  /// Until the first failure.
  void call(std::string_view function, const Command& arguments) {
    if (failure_) return;
    auto reply = functions_.call(function, base_, arguments, deadline_);
    if (reply) {
      last_.emplace(std::move(*reply));
      return;
    }
    last_.reset();
    failure_ = reply.error();
    if (is_about_rights(failure_->why)) failure_->why = "function " + std::string(function) + ": " + failure_->why;
  }

  Functions& functions_;
  const std::string base_;
  const SteadyTime deadline_;
  std::optional<Reply> last_;
  std::optional<Failure> failure_;
};

/// On a connection that ends here, since a subscribed one takes no other commands.
Answered<void> check_channel(Client& client, const std::string& channel, SteadyTime deadline) {
  auto published = client.call(channel, {"PUBLISH", channel, ""}, deadline);
  if (!published) return published.error();
  auto connection = client.open(channel, deadline);
  if (!connection) return connection.error();
  auto subscribed = connection->call(Command{"SUBSCRIBE", channel}, deadline);
  if (!subscribed) return subscribed.error();
  return boost::system::in_place_value;
}

}  // namespace

Answered<std::chrono::milliseconds> clock_lead(Connection& server, const Clock& clock, SteadyTime deadline) {
  const std::int64_t before = clock.wall().ms;
  const auto said = server.call(Command{"TIME"}, deadline);
  if (!said) return said.error();
  const std::int64_t after = clock.wall().ms;
  std::int64_t parts[2] = {};  // seconds, microseconds
  for (std::size_t i = 0; i < 2; ++i) {
    const std::string_view text = said->value()[i].text();
    std::from_chars(text.data(), text.data() + text.size(), parts[i]);
  }
  const std::int64_t theirs = parts[0] * 1000 + parts[1] / 1000;
  // Theirs was read between ours: only what lies outside is a difference.
  return std::chrono::milliseconds(std::max<std::int64_t>(before - theirs, 0) +
                                   std::min<std::int64_t>(after - theirs, 0));
}

Result<void> check_servers(Functions& functions, const Keyspace& keys, std::chrono::milliseconds within) {
  const SteadyTime deadline = functions.clock().steady() + within;
  Client& client = functions.client();
  auto checked = client.each_master(
      [&](Connection& server) -> Answered<void> {
        if (auto good = check_facts(server); !good) return good;
        if (auto good = check_clock(server, functions.clock(), deadline); !good) return good;
        return ensure_library(server, deadline);
      },
      deadline);
  if (checked) checked = Rehearsal(functions, keys, deadline).run();
  if (checked) checked = check_channel(client, keys.live_channel(), deadline);
  if (checked) return {};
  const Failure& failure = checked.error();
  std::string line = "Redis " + client.address().text() + ": " + failure.why;
  const bool says_what_to_do = line.find(kAdvice) != std::string::npos || line.find("redis load") != std::string::npos;
  if (is_about_rights(line) && !says_what_to_do) line += kAdvice;
  return error(line);
}

}  // namespace scalemart::redis
