#include "backend/redis/connection.hpp"

#include <hiredis/hiredis.h>

#include <array>
#include <new>

#include "base/check.hpp"

namespace scalemart::redis {
namespace {

constexpr std::size_t kReadSize = 64 * 1024;
constexpr auto kRest = std::chrono::seconds(1);

void append_command(std::string& out, const Command& command, const std::string& identity) {
  const auto header = [&out](char mark, std::size_t number) {
    out += mark;
    out += NumberText(static_cast<std::int64_t>(number));
    out += "\r\n";
  };
  header('*', command.size());
  for (std::string_view argument : command) {
    if (argument.data() == kServerIdentity.data()) argument = identity;
    header('$', argument.size());
    out += argument;
    out += "\r\n";
  }
}

/// The value of a line `name:value` of INFO.
std::string fact(std::string_view info, const std::string& name) {
  const auto at = info.find("\n" + name + ":");
  if (at == std::string_view::npos) return {};
  const auto begin = at + name.size() + 2;
  return std::string(info.substr(begin, info.find_first_of("\r\n", begin) - begin));
}

}  // namespace

void Connection::FreeReader::operator()(void* reader) const {
  redisReaderFree(static_cast<redisReader*>(reader));
}

Connection::Connection(Stream stream, const Endpoint& to)
    : stream_(std::move(stream)), endpoint_(to), reader_(redisReaderCreate()) {
  if (!reader_) throw std::bad_alloc();
}

Failure Connection::failure(Failure::Kind kind, const std::string& why) const {
  return {kind, endpoint_.text() + ": " + why};
}

Answered<Connection> Connection::open(const Endpoint& to, const Access& access, SteadyTime deadline, bool inform) {
  auto stream = Stream::connect(to, access.tls, *access.clock, deadline);
  if (!stream) return Failure{Failure::Kind::away, to.text() + ": " + stream.error().message};
  Connection connection(std::move(*stream), to);
  if (auto introduced = connection.introduce(access, deadline, inform); !introduced) {
    Failure why = introduced.error();
    if (why.kind == Failure::Kind::unknown) why.kind = Failure::Kind::away;  // no command of the caller's was sent
    return why;
  }
  return connection;
}

Answered<void> Connection::introduce(const Access& access, SteadyTime deadline, bool inform) {
  const auto& [user, password] = access.credentials;
  if (!password.empty() || !user.empty()) {
    Command auth{"AUTH"};
    if (!user.empty()) auth.emplace_back(user);
    auth.emplace_back(password);
    if (auto reply = call(auth, deadline); !reply) return reply.error();
  }
  if (access.database != 0) {
    const NumberText database(access.database);
    if (auto reply = call(Command{"SELECT", database}, deadline); !reply) return reply.error();
  }
  if (!inform) return boost::system::in_place_value;
  auto info = call(Command{"INFO"}, deadline);
  if (!info) return info.error();
  const std::string_view text = info->value().text();
  facts_ = {fact(text, "run_id"), fact(text, "redis_version"), fact(text, "maxmemory_policy"),
            fact(text, "role") == "master"};
  return boost::system::in_place_value;
}

Answered<Reply> Connection::call(std::span<const Command> commands, SteadyTime deadline) {
  SCALEMART_CHECK(!commands.empty());
  out_.clear();
  for (const Command& command : commands) append_command(out_, command, facts_.identity);
  if (auto sent = stream_.write(out_, deadline); !sent) return failure(Failure::Kind::unknown, sent.error().message);
  std::optional<Failure> refusal;
  for (std::size_t i = 0;; ++i) {
    auto reply = receive(deadline);
    if (!reply) return reply;
    if (reply->value().is_error() && !refusal)
      refusal = Failure{Failure::Kind::refused, std::string(reply->value().text())};
    if (i + 1 < commands.size()) continue;
    if (refusal) return *refusal;
    return reply;
  }
}

/// From what was read already.
Answered<std::optional<Reply>> Connection::received() {
  auto* reader = static_cast<redisReader*>(reader_.get());
  void* reply = nullptr;
  if (redisReaderGetReply(reader, &reply) != REDIS_OK)
    return failure(Failure::Kind::unknown, std::string("not an answer of Redis: ") + reader->errstr);
  if (reply == nullptr) return std::optional<Reply>();
  return std::optional<Reply>(Reply(reply));
}

Answered<void> Connection::feed(SteadyTime deadline) {
  auto* reader = static_cast<redisReader*>(reader_.get());
  std::array<char, kReadSize> buffer;
  const auto got = stream_.read(buffer, deadline);
  if (!got) return failure(Failure::Kind::unknown, got.error().message);
  if (redisReaderFeed(reader, buffer.data(), *got) != REDIS_OK)
    return failure(Failure::Kind::unknown, std::string("not an answer of Redis: ") + reader->errstr);
  return boost::system::in_place_value;
}

Answered<Reply> Connection::receive(SteadyTime deadline) {
  for (;;) {
    auto reply = received();
    if (!reply) return reply.error();
    if (*reply) return std::move(**reply);
    if (auto fed = feed(deadline); !fed) return fed.error();
  }
}

Answered<void> Connection::send(const Command& command, SteadyTime deadline) {
  out_.clear();
  append_command(out_, command, facts_.identity);
  if (auto sent = stream_.write(out_, deadline); !sent) return failure(Failure::Kind::unknown, sent.error().message);
  return boost::system::in_place_value;
}

Answered<std::optional<Reply>> Connection::listen(SteadyTime deadline) {
  for (;;) {
    auto reply = received();
    if (!reply || *reply) return reply;
    if (!stream_.wait_readable(deadline)) return std::optional<Reply>();
    // There is something: the rest of it will not be long in coming.
    if (auto fed = feed(deadline + kRest); !fed) return fed.error();
  }
}

}  // namespace scalemart::redis
