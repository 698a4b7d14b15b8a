#include "backend/mongodb/client.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <mutex>

namespace scalemart::mongo {
namespace {

constexpr int kDuplicateKey = 11000;
constexpr std::int64_t kPage = 5'000;
constexpr int kOldestWireVersion = 13;  ///< MongoDB 5.0

/// The library is set up once and stays so: its threads may outlive us.
void start_library() {
  static std::once_flag once;
  std::call_once(once, [] {
    mongoc_init();
    // It would write to stderr on its own; what fails is told by Failure.
    mongoc_log_set_handler([](mongoc_log_level_t, const char*, const char*, void*) {}, nullptr);
  });
}

std::string one_line(const char* text) {
  std::string line(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

/// The server's words after which a write may have happened, or be rolled back: it is going down, is no primary any
/// more, or did not hear from a majority in time. Source: "retryable errors" of the drivers' specifications.
bool leaves_in_doubt(int code) {
  constexpr std::array<int, 14> kCodes{6, 7, 50, 64, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436};
  return std::find(kCodes.begin(), kCodes.end(), code) != kCodes.end();
}

Failure failure_of(const bson_error_t& error) {
  Failure failure{Failure::Kind::lost, static_cast<int>(error.code), one_line(error.message)};
  if (error.domain == MONGOC_ERROR_SERVER_SELECTION || error.domain == MONGOC_ERROR_POOL)
    failure.kind = Failure::Kind::unsent;
  else if (error.domain == MONGOC_ERROR_SERVER && !leaves_in_doubt(failure.code))
    failure.kind = failure.code == kDuplicateKey ? Failure::Kind::duplicate : Failure::Kind::refused;
  else if (error.domain == MONGOC_ERROR_CLIENT && error.code == MONGOC_ERROR_CLIENT_AUTHENTICATE)
    failure = {Failure::Kind::unsent, failure.code,
               "the server does not let this user in, check user and password: " + failure.message};
  return failure;
}

/// A write that was executed tells of its failures inside its answer: the worst of them.
std::optional<Failure> failure_in(const Reading& answer) {
  if (answer.has("writeConcernError")) {
    const Reading concern = answer.document("writeConcernError");
    return Failure{Failure::Kind::lost, static_cast<int>(concern.integer("code")),
                   "not by a majority: " + one_line(concern.optional_text("errmsg").c_str())};
  }
  std::optional<Failure> failure;
  for (const Reading& each : answer.documents("writeErrors")) {
    const int code = static_cast<int>(each.integer("code"));
    if (failure && code == kDuplicateKey) continue;
    failure = Failure{code == kDuplicateKey ? Failure::Kind::duplicate : Failure::Kind::refused, code,
                      one_line(each.optional_text("errmsg").c_str())};
  }
  return failure;
}

struct DestroyUri {
  void operator()(mongoc_uri_t* uri) const noexcept { mongoc_uri_destroy(uri); }
};

}  // namespace

void unlink_counters() {
  static_cast<void>(::shm_unlink(("/mongoc-" + std::to_string(::getpid())).c_str()));
}

Result<std::unique_ptr<Client>> Client::open(const Options& options) {
  start_library();
  bson_error_t fault;
  const std::unique_ptr<mongoc_uri_t, DestroyUri> uri(mongoc_uri_new_with_error(options.url.c_str(), &fault));
  if (!uri) return error("MongoDB: the address is not valid: " + one_line(fault.message));
  const auto milliseconds = static_cast<std::int32_t>(options.patience.count());
  mongoc_uri_set_option_as_int32(uri.get(), MONGOC_URI_SERVERSELECTIONTIMEOUTMS, milliseconds);
  mongoc_uri_set_option_as_int32(uri.get(), MONGOC_URI_CONNECTTIMEOUTMS, milliseconds);
  mongoc_uri_set_option_as_int32(uri.get(), MONGOC_URI_SOCKETTIMEOUTMS, milliseconds);
  mongoc_uri_set_option_as_int32(uri.get(), MONGOC_URI_WAITQUEUETIMEOUTMS, milliseconds);
  mongoc_uri_set_option_as_int32(uri.get(), MONGOC_URI_HEARTBEATFREQUENCYMS, 2000);
  mongoc_uri_set_option_as_int32(uri.get(), MONGOC_URI_MAXPOOLSIZE, static_cast<std::int32_t>(options.connections));
  mongoc_uri_set_option_as_bool(uri.get(), MONGOC_URI_RETRYWRITES, false);
  mongoc_uri_set_option_as_utf8(uri.get(), MONGOC_URI_APPNAME, "scalemart");
  std::unique_ptr<Client> client(new Client());
  client->pool_.reset(mongoc_client_pool_new_with_error(uri.get(), &fault));
  if (!client->pool_) return error("MongoDB: " + one_line(fault.message));
  mongoc_client_pool_set_error_api(client->pool_.get(), MONGOC_ERROR_API_VERSION_2);
  const char* const named = mongoc_uri_get_database(uri.get());
  client->database_ = named != nullptr ? named : options.database;
  client->patience_ = options.patience;

  Document hello;
  hello.add("hello", std::int32_t{1});
  const auto said = client->run(hello);
  if (!said) return to_error(said.error());
  if (said->integer("maxWireVersion") < kOldestWireVersion)
    return error("MongoDB: the server is too old: 5.0 or later is needed");
  return client;
}

Reply<Reading> Client::run(const Document& command) {
  mongoc_client_t* const client = mongoc_client_pool_pop(pool_.get());
  if (client == nullptr) return Failure{Failure::Kind::unsent, 0, "all connections are in use"};
  bson_t reply;
  bson_error_t fault;
  const bool fine = mongoc_client_command_simple(client, database_.c_str(), command.raw(), nullptr, &reply, &fault);
  Reading answer(&reply);
  bson_destroy(&reply);
  mongoc_client_pool_push(pool_.get(), client);
  if (fine) return answer;
  return failure_of(fault);
}

Reply<Reading> Client::write(const Document& command) {
  auto answer = run(command);
  if (answer)
    if (auto failure = failure_in(*answer)) return std::move(*failure);
  return answer;
}

Document Client::writing(const char* command, std::string_view collection) const {
  Document concern;
  concern.add("w", "majority").add("j", true).add("wtimeout", std::int64_t{patience_.count()});
  Document out;
  out.add(command, collection).add("writeConcern", concern).add("maxTimeMS", std::int64_t{patience_.count()});
  return out;
}

Reply<std::vector<Reading>> Client::find(const Query& query) {
  Document command;
  command.add("find", query.collection).add("filter", query.filter);
  if (!query.sort.empty()) command.add("sort", query.sort);
  if (!query.projection.empty()) command.add("projection", query.projection);
  // As many as are wanted in one answer, and no cursor left open.
  command.add("limit", query.limit).add("batchSize", query.limit).add("singleBatch", true);
  command.add("maxTimeMS", std::int64_t{patience_.count()});
  const auto answer = run(command);
  if (!answer) return answer.error();
  return answer->document("cursor").documents("firstBatch");
}

Reply<std::optional<Reading>> Client::find_one(std::string_view collection, Document filter) {
  auto found = find({.collection = collection, .filter = std::move(filter)});
  if (!found) return found.error();
  if (found->empty()) return std::optional<Reading>();
  return std::optional(std::move(found->front()));
}

Reply<void> Client::for_each(std::string_view collection, const Document& filter,
                             const std::function<void(const Reading&)>& visit,
                             std::initializer_list<const char*> members) {
  for (std::string after;;) {
    Document beyond, both;
    beyond.add("$gt", after);
    both.add("_id", beyond).add_all(filter);
    Query query{.collection = collection, .filter = std::move(both), .limit = kPage};
    query.sort.add("_id", std::int32_t{1});
    for (const char* member : members) query.projection.add(member, true);
    const auto page = find(query);
    if (!page) return page.error();
    for (const Reading& each : *page) visit(each);
    if (page->size() < static_cast<std::size_t>(kPage)) return {};
    after = page->back().text("_id");
  }
}

Reply<void> Client::insert(std::string_view collection, const std::vector<Document>& documents, bool ordered) {
  Document command = writing("insert", collection);
  command.add("documents", documents).add("ordered", ordered);
  const auto answer = write(command);
  if (!answer) return answer.error();
  return {};
}

Reply<std::int64_t> Client::update(std::string_view collection, const Document& filter, const Document& update,
                                   Which which) {
  std::vector<Document> updates(1);
  updates[0].add("q", filter).add("u", update);
  updates[0].add("upsert", which == Which::one_or_new).add("multi", which == Which::all);
  Document command = writing("update", collection);
  command.add("updates", updates);
  const auto answer = write(command);
  if (!answer) return answer.error();
  return answer->integer("n");
}

Reply<std::int64_t> Client::update_each(std::string_view collection, const std::vector<Change>& changes) {
  std::vector<Document> updates(changes.size());
  for (std::size_t i = 0; i < changes.size(); ++i)
    updates[i].add("q", changes[i].filter).add("u", changes[i].update).add("upsert", false).add("multi", false);
  Document command = writing("update", collection);
  command.add("updates", updates);
  const auto answer = write(command);
  if (!answer) return answer.error();
  return answer->integer("n");
}

Reply<std::int64_t> Client::remove(std::string_view collection, const Document& filter, bool all) {
  std::vector<Document> deletes(1);
  deletes[0].add("q", filter).add("limit", std::int32_t{all ? 0 : 1});
  Document command = writing("delete", collection);
  command.add("deletes", deletes);
  const auto answer = write(command);
  if (!answer) return answer.error();
  return answer->integer("n");
}

}  // namespace scalemart::mongo
