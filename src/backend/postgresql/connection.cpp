#include "backend/postgresql/connection.hpp"

#include <poll.h>

#include <algorithm>

namespace scalemart::pg {
namespace {

std::string one_line(const char* text) {
  std::string line(text != nullptr ? text : "");
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

std::string field(const PGresult* result, int code) {
  return one_line(PQresultErrorField(result, code));
}

/// FATAL and PANIC end the connection, and may come after a commit: only ERROR says that nothing happened.
bool is_plain_error(const PGresult* result) {
  return field(result, PG_DIAG_SEVERITY_NONLOCALIZED) == "ERROR";
}

Failure refusal(const PGresult* result) {
  Failure failure{Failure::Kind::refused, field(result, PG_DIAG_SQLSTATE), field(result, PG_DIAG_CONSTRAINT_NAME),
                  field(result, PG_DIAG_MESSAGE_PRIMARY)};
  if (const std::string detail = field(result, PG_DIAG_MESSAGE_DETAIL); !detail.empty())
    failure.message += " (" + detail + ")";
  return failure;
}

/// "postgresql://a,b/shop" names two servers.
bool names_several_hosts(const PQconninfoOption* options) {
  for (; options->keyword != nullptr; ++options) {
    const std::string_view keyword = options->keyword;
    if ((keyword == "host" || keyword == "hostaddr") && options->val != nullptr &&
        std::string_view(options->val).find(',') != std::string_view::npos)
      return true;
  }
  return false;
}

}  // namespace

Connection::Connection(PGconn* raw, const Clock& clock)
    : raw_(raw), clock_(&clock), notices_(std::make_unique<Notices>()) {}

Reply<Connection> Connection::open(const Options& options, const Clock& clock) {
  char* fault = nullptr;
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> parsed(
      PQconninfoParse(options.url.c_str(), &fault), PQconninfoFree);
  const std::unique_ptr<char, void (*)(void*)> fault_owner(fault, PQfreemem);
  if (!parsed) return Failure{Failure::Kind::unsent, {}, {}, "the address is not valid: " + one_line(fault)};

  const std::string connect_timeout = std::to_string(options.connect_within.count());
  const std::string user_timeout = std::to_string(2 * options.patience.count());
  // Later ones win, and dbname is expanded where it stands: what the URL says wins over what stands before it.
  std::vector<const char*> keys{"connect_timeout",     "tcp_user_timeout", "keepalives_idle",
                                "keepalives_interval", "keepalives_count", "application_name"};
  std::vector<const char*> values{connect_timeout.c_str(),    user_timeout.c_str(), "5", "2", "3",
                                  options.application.c_str()};
  if (names_several_hosts(parsed.get())) {
    keys.push_back("target_session_attrs");
    values.push_back("read-write");
  }
  keys.insert(keys.end(), {"dbname", "client_encoding", nullptr});
  values.insert(values.end(), {options.url.c_str(), "UTF8", nullptr});

  Connection connection(PQconnectdbParams(keys.data(), values.data(), 1), clock);
  if (connection.raw_ == nullptr) return Failure{Failure::Kind::unsent, {}, {}, "no memory for a connection"};
  if (PQstatus(connection.raw_.get()) != CONNECTION_OK) return connection.unsent();
  if (auto settled = connection.settle_in(options); !settled) return settled.error();
  return connection;
}

Reply<void> Connection::settle_in(const Options& options) {
  PQsetNoticeReceiver(raw_.get(), &Connection::take_notice, notices_.get());
  if (PQsetnonblocking(raw_.get(), 1) != 0) return unsent();
  // One plan for good: our statements look rows up by unique keys. Everything is bound, nothing is pasted.
  static constexpr Statement kSettle{
      "settle_in",
      "SELECT set_config('search_path', $1, false), set_config('statement_timeout', $2, false),"
      " set_config('lock_timeout', $2, false), set_config('idle_in_transaction_session_timeout', $2, false),"
      " set_config('plan_cache_mode', 'force_generic_plan', false), set_config('jit', 'off', false),"
      " set_config('default_transaction_isolation', 'read committed', false),"
      // Never weaker than a local flush and every synchronous standby, whatever the user's default is.
      " set_config('synchronous_commit', CASE WHEN current_setting('synchronous_commit') = 'remote_apply'"
      " THEN 'remote_apply' ELSE 'on' END, false)"};
  Parameters settings;
  settings.add(std::string_view(options.schema)).add(std::string_view(std::to_string(options.patience.count())));
  auto done = run(kSettle, settings, options.connect_within);
  for (const auto& [name, value] : options.settings) {
    if (!done) break;
    static constexpr Statement kSet{"set_config", "SELECT set_config($1, $2, false)"};
    Parameters setting;
    setting.add(std::string_view(name)).add(std::string_view(value));
    done = run(kSet, setting, options.connect_within);
  }
  if (done) return {};
  Failure failure = done.error();
  failure.kind = Failure::Kind::unsent;  // nothing of the caller's was sent
  return failure;
}

void Connection::take_notice(void* notices, const PGresult* result) {
  auto& kept = *static_cast<Notices*>(notices);
  if (field(result, PG_DIAG_SEVERITY_NONLOCALIZED) != "WARNING") return;
  if (!kept.warned) kept.first = field(result, PG_DIAG_MESSAGE_PRIMARY);
  kept.warned = true;
}

bool Connection::is_open() noexcept {
  if (!raw_ || PQstatus(raw_.get()) != CONNECTION_OK) return false;
  // A server that went away has left an end of file, or its last words, in the socket.
  pollfd fd{PQsocket(raw_.get()), POLLIN, 0};
  while (::poll(&fd, 1, 0) > 0) {
    if (PQconsumeInput(raw_.get()) == 0) return false;
    if (PQstatus(raw_.get()) != CONNECTION_OK) return false;
    if (PQisBusy(raw_.get()) == 0) {
      const RawResult words(PQgetResult(raw_.get()), PQclear);
      if (words && PQresultStatus(words.get()) == PGRES_FATAL_ERROR) return false;
    }
  }
  return PQstatus(raw_.get()) == CONNECTION_OK;
}

Failure Connection::unsent() const {
  return {Failure::Kind::unsent, {}, {}, one_line(PQerrorMessage(raw_.get()))};
}

Failure Connection::lost(std::string_view doing) {
  Failure failure{Failure::Kind::lost, {}, {}, std::string(doing)};
  if (const std::string why = one_line(PQerrorMessage(raw_.get())); !why.empty()) failure.message += ": " + why;
  raw_.reset();
  prepared_.clear();
  return failure;
}

Reply<Rows> Connection::run(const Statement& statement, const Parameters& parameters,
                            std::chrono::milliseconds within) {
  const Call call{&statement, &parameters};
  auto all = run(std::span(&call, 1), within);
  if (!all) return all.error();
  return std::move(all->front());
}

Reply<std::vector<Rows>> Connection::run(std::span<const Call> calls, std::chrono::milliseconds within) {
  if (!is_open()) {
    raw_.reset();
    return Failure{Failure::Kind::unsent, {}, {}, "the connection is closed"};
  }
  const SteadyTime until = clock_->steady() + within;
  *notices_ = {};
  std::vector<const Statement*> fresh;
  if (!send(calls, fresh)) return lost("cannot send");
  if (!flush(until)) return lost("the request did not get through in time");
  return receive(calls.size(), fresh, until);
}

bool Connection::send(std::span<const Call> calls, std::vector<const Statement*>& fresh) {
  if (PQenterPipelineMode(raw_.get()) == 0) return false;
  std::vector<const char*> values;
  std::vector<int> lengths;
  std::vector<int> formats;
  for (const Call& call : calls) {
    const Statement& statement = *call.statement;
    const Parameters& parameters = *call.parameters;
    const int count = parameters.size();
    const bool is_new =
        !prepared_.contains(&statement) && std::find(fresh.begin(), fresh.end(), &statement) == fresh.end();
    if (is_new && PQsendPrepare(raw_.get(), statement.name, statement.sql, count, parameters.types()) == 0)
      return false;
    fresh.push_back(is_new ? &statement : nullptr);

    values.clear();
    lengths.clear();
    for (const Parameters::Place& place : parameters.places_) {
      values.push_back(place.length < 0 ? nullptr : parameters.bytes_.data() + place.offset);
      lengths.push_back(std::max(place.length, 0));
    }
    formats.assign(static_cast<std::size_t>(count), 1);
    if (PQsendQueryPrepared(raw_.get(), statement.name, count, values.data(), lengths.data(), formats.data(), 1) == 0)
      return false;
  }
  return PQpipelineSync(raw_.get()) != 0;
}

bool Connection::wait(short events, SteadyTime until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock_->steady());
  if (left.count() <= 0) return false;
  pollfd fd{PQsocket(raw_.get()), events, 0};
  const int ready = ::poll(&fd, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 60'000)));
  if (ready > 0 && (fd.revents & (POLLIN | POLLERR | POLLHUP)) != 0) return PQconsumeInput(raw_.get()) != 0;
  return true;  // the caller looks again, at the clock too
}

bool Connection::flush(SteadyTime until) {
  for (;;) {
    const int left = PQflush(raw_.get());
    if (left <= 0) return left == 0;
    if (!wait(POLLIN | POLLOUT, until)) return false;
  }
}

bool Connection::next(SteadyTime until, RawResult& result) {
  while (PQisBusy(raw_.get()) != 0)
    if (!wait(POLLIN, until)) return false;
  result.reset(PQgetResult(raw_.get()));
  return PQstatus(raw_.get()) == CONNECTION_OK;
}

Reply<std::vector<Rows>> Connection::receive(std::size_t calls, const std::vector<const Statement*>& fresh,
                                             SteadyTime until) {
  std::vector<Rows> rows;
  rows.reserve(calls);
  std::optional<Failure> refused;
  RawResult result(nullptr, PQclear);
  const auto none_left = [&] { return next(until, result) && !result; };
  for (std::size_t i = 0; i < calls; ++i) {
    for (const bool preparing : {true, false}) {
      if (preparing && fresh[i] == nullptr) continue;
      if (!next(until, result) || !result) return lost("no answer in time");
      switch (PQresultStatus(result.get())) {
        case PGRES_COMMAND_OK:
        case PGRES_TUPLES_OK:
          if (preparing)
            prepared_.insert(fresh[i]);
          else
            rows.emplace_back(result.release());
          break;
        case PGRES_PIPELINE_ABORTED:
          break;
        default:
          if (!is_plain_error(result.get())) return lost("the server gave up");
          if (!refused) refused = refusal(result.get());
      }
      if (!none_left()) return lost("no answer in time");
    }
  }
  // The transaction is over, one way or the other, when the server has answered the Sync.
  for (;;) {
    if (!next(until, result)) {
      Failure failure = lost("no answer in time");
      return refused.value_or(std::move(failure));
    }
    if (!result) continue;
    if (PQresultStatus(result.get()) == PGRES_PIPELINE_SYNC) break;
    if (!is_plain_error(result.get())) return lost("the server gave up");
    refused = refusal(result.get());  // while committing
  }
  if (PQexitPipelineMode(raw_.get()) == 0) return lost("out of step");
  if (refused) return *refused;
  if (notices_->warned) return lost("a warning while committing: " + notices_->first);
  return rows;
}

Reply<Rows> Connection::execute(const std::string& script, std::chrono::milliseconds within) {
  if (!is_open()) return Failure{Failure::Kind::unsent, {}, {}, "the connection is closed"};
  const SteadyTime until = clock_->steady() + within;
  *notices_ = {};
  if (PQsendQuery(raw_.get(), script.c_str()) == 0 || !flush(until)) return lost("cannot send");
  std::optional<Failure> refused;
  RawResult result(nullptr, PQclear);
  RawResult last(nullptr, PQclear);
  for (;;) {
    if (!next(until, result)) return lost("no answer in time");
    if (!result) break;
    if (PQresultStatus(result.get()) == PGRES_FATAL_ERROR) {
      if (!is_plain_error(result.get())) return lost("the server gave up");
      refused = refusal(result.get());
    }
    last = std::move(result);
    result = RawResult(nullptr, PQclear);
  }
  if (refused) return *refused;
  return Rows(last.release());
}

}  // namespace scalemart::pg
