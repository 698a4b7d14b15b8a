#include "backend/redis/client.hpp"

#include <algorithm>
#include <array>

#include "backend/redis/slot.hpp"

namespace scalemart::redis {
namespace {

constexpr int kAttempts = 4;
constexpr std::size_t kServersMax = 64;  // more than any cluster here; forgotten all at once when exceeded

/// Errors of a server that is there but cannot do it now; nothing was done.
constexpr std::array<std::string_view, 6> kNotNow = {"LOADING",    "MASTERDOWN", "CLUSTERDOWN",
                                                     "NOREPLICAS", "TRYAGAIN",   "BUSY"};

bool begins_with_word(std::string_view text, std::string_view word) {
  return text.starts_with(word) && (text.size() == word.size() || text[word.size()] == ' ');
}

}  // namespace

Result<Client> Client::make(const Address& address, const Clock& clock) {
  Client client(address);
  client.access_ = {address.credentials, address.database, nullptr, &clock};
  if (address.tls) {
    auto tls = make_tls(address.ca_file);
    if (!tls) return tls.error();
    client.access_.tls = std::move(*tls);
  }
  switch (address.kind) {
    case Address::Kind::single:
      client.router_ = make_single_router(address);
      break;
    case Address::Kind::sentinel:
      client.router_ = make_sentinel_router(address, client.access_);
      break;
    case Address::Kind::cluster:
      client.router_ = make_cluster_router(address, client.access_);
      break;
  }
  return client;
}

Answered<Reply> Client::call(std::string_view key, const Command& command, SteadyTime deadline) {
  const std::uint16_t slot = slot_of(key);
  Failure last;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (clock().steady() < lost_until_) return Failure{Failure::Kind::away, lost_why_};
    const auto where = router_->where(slot, deadline);
    if (!where) {
      lost_until_ = clock().steady() + kPause;
      lost_why_ = where.error().why;
      return where.error();
    }
    const Endpoint server = *where;  // a copy: the router's table may change below
    auto connection = connect(server, deadline);
    if (!connection) {
      router_->failed(server);
      return connection.error();
    }
    auto reply = (*connection)->call(command, deadline);
    if (reply) return reply;
    last = reply.error();
    if (last.kind != Failure::Kind::refused) {
      drop(server, last.why);
      router_->failed(server);
      return last;
    }
    if (begins_with_word(last.why, "ASK")) {
      if (const auto to = parse_redirection(last.why, server)) return ask(*to, command, deadline);
    }
    if (!learn(server, slot, last)) return last;
  }
  return Failure{Failure::Kind::away, "sent from server to server: " + last.why};
}

bool Client::learn(const Endpoint& from, std::uint16_t slot, Failure& failure) {
  if (begins_with_word(failure.why, "MOVED")) {
    const auto to = parse_redirection(failure.why, from);
    if (to) router_->moved(slot, *to);
    return to.has_value();
  }
  if (begins_with_word(failure.why, "READONLY")) {  // a master no more
    servers_.erase(from);
    router_->failed(from);
    failure.kind = Failure::Kind::away;
    return true;
  }
  const bool not_now = std::any_of(kNotNow.begin(), kNotNow.end(),
                                   [&](std::string_view word) { return begins_with_word(failure.why, word); });
  if (not_now) {
    failure = {Failure::Kind::away, from.text() + ": " + failure.why};
    router_->failed(from);
  }
  return false;
}

Answered<Reply> Client::ask(const Endpoint& to, const Command& command, SteadyTime deadline) {
  auto connection = connect(to, deadline);
  if (!connection) return connection.error();
  const std::array<Command, 2> both{Command{"ASKING"}, command};
  auto reply = (*connection)->call(both, deadline);
  if (!reply && reply.error().kind != Failure::Kind::refused) drop(to, reply.error().why);
  return reply;
}

Answered<Connection*> Client::connect(const Endpoint& to, SteadyTime deadline) {
  if (servers_.size() >= kServersMax && !servers_.contains(to)) servers_.clear();
  Server& server = servers_[to];
  if (server.connection && server.connection->is_stale()) server.connection.reset();
  if (server.connection) return &*server.connection;
  if (clock().steady() < server.not_before) return Failure{Failure::Kind::away, server.why};
  auto opened = Connection::open(to, access_, deadline);
  if (opened && address_.kind == Address::Kind::sentinel && !opened->facts().is_master)
    opened = Failure{Failure::Kind::away, to.text() + ": is a replica, although a Sentinel calls it the master"};
  if (!opened) {
    Failure why = opened.error();
    if (why.kind == Failure::Kind::refused) why = {Failure::Kind::away, to.text() + ": " + why.why};
    drop(to, why.why);
    return why;
  }
  server.connection.emplace(std::move(*opened));
  return &*server.connection;
}

void Client::drop(const Endpoint& endpoint, const std::string& why) {
  Server& server = servers_[endpoint];
  server.connection.reset();
  server.not_before = clock().steady() + kPause;
  server.why = why;
}

Answered<void> Client::each_master(const std::function<Answered<void>(Connection&)>& work, SteadyTime deadline) {
  const auto masters = router_->masters(deadline);
  if (!masters) return masters.error();
  for (const Endpoint& master : *masters) {
    servers_[master].not_before = {};
    auto connection = connect(master, deadline);
    if (!connection) {
      router_->failed(master);
      return connection.error();
    }
    if (auto done = work(**connection); !done) return done;
  }
  return boost::system::in_place_value;
}

Answered<Connection> Client::open(std::string_view key, SteadyTime deadline) {
  const auto where = router_->where(slot_of(key), deadline);
  if (!where) return where.error();
  const Endpoint to = *where;
  auto connection = Connection::open(to, access_, deadline);
  if (!connection) router_->failed(to);
  return connection;
}

}  // namespace scalemart::redis
