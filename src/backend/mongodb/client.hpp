#pragma once
// A server of MongoDB's protocol: commands with deadlines, and honest failures.

#include <mongoc/mongoc.h>

#include <boost/system/result.hpp>
#include <chrono>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>

#include "backend/mongodb/document.hpp"
#include "base/result.hpp"

namespace scalemart::mongo {

/// Early in every process: libmongoc has made itself a file of counters in /dev/shm when it was loaded. A process that
/// is killed would leave it there, and the next one with its number complain of it. The mapping stays.
void unlink_counters();

/// What a command comes to when it comes to nothing.
struct Failure {
  enum class Kind : std::uint8_t {
    unsent,     ///< No server that takes writes was found: nothing was sent.
    refused,    ///< The server said no: nothing happened.
    duplicate,  ///< Refused: a document with this id, or this value of a unique index, is there.
    lost,       ///< Sent, but it may have happened or not, may still, or may be rolled back.
  };
  Kind kind = Kind::unsent;
  int code = 0;         ///< The server's. Source: error_codes.yml of MongoDB.
  std::string message;  ///< One line for an operator.
};

[[noreturn]] inline void throw_exception_from_error(const Failure& failure, const boost::source_location&) {
  throw std::runtime_error(failure.message);
}

template <class T>
using Reply = boost::system::result<T, Failure>;

[[nodiscard]] inline Error to_error(const Failure& failure) {
  return error("MongoDB: " + failure.message);
}

inline constexpr int kOutOfDiskSpace = 14031;

/// What find() asks for.
struct Query {
  std::string_view collection;
  Document filter{};
  Document sort{};         ///< Empty: in no order.
  std::int64_t limit = 1;  ///< All of them must fit one answer (16 MiB).
  Document projection{};   ///< Empty: whole documents.
};

/// One of several changes that travel together.
struct Change {
  Document filter;
  Document update;  ///< Operators, or a whole document in place of the old one.
};

/// Purpose: a pool of connections to one database. Everything is one command and one answer: no cursors, no sessions,
/// no transactions, so that any server of the protocol serves.
/// Operation: reads go to the primary. Writes are acknowledged by a majority of the copies, each of which has them in
/// its journal. The library looks for another primary by itself; a command that failed is the caller's to repeat.
/// Concurrency: any thread; a call blocks up to `patience` and a little more. Errors: Failure says what may have
/// happened.
class Client {
 public:
  struct Options {
    std::string url;  ///< mongodb://user:password@host1,host2/database?replicaSet=..., or mongodb+srv://
    std::string database = "scalemart";  ///< When the URL names none.
    std::size_t connections = 6;         ///< At most.
    std::chrono::milliseconds patience{4000};
  };
  /// Looks for a server once. An error is one line and says what to do.
  [[nodiscard]] static Result<std::unique_ptr<Client>> open(const Options& options);

  [[nodiscard]] Reply<std::vector<Reading>> find(const Query& query);
  [[nodiscard]] Reply<std::optional<Reading>> find_one(std::string_view collection, Document filter);
  /// Everything that matches, a page at a time, by _id, which is text. `members`: only these; none: all.
  [[nodiscard]] Reply<void> for_each(std::string_view collection, const Document& filter,
                                     const std::function<void(const Reading&)>& visit,
                                     std::initializer_list<const char*> members = {});
  /// `ordered`: in their order, up to the first that fails; otherwise all that can be. A duplicate is told only when
  /// nothing worse happened.
  [[nodiscard]] Reply<void> insert(std::string_view collection, const std::vector<Document>& documents,
                                   bool ordered = true);
  /// How many were matched, or made (upsert).
  enum class Which : std::uint8_t { one, one_or_new, all };
  [[nodiscard]] Reply<std::int64_t> update(std::string_view collection, const Document& filter, const Document& update,
                                           Which which = Which::one);
  /// Each changes at most one document, in their order; how many were matched.
  [[nodiscard]] Reply<std::int64_t> update_each(std::string_view collection, const std::vector<Change>& changes);
  /// At most one, or all that match.
  [[nodiscard]] Reply<std::int64_t> remove(std::string_view collection, const Document& filter, bool all = false);
  /// Any other command.
  [[nodiscard]] Reply<Reading> run(const Document& command);

 private:
  struct DestroyPool {
    void operator()(mongoc_client_pool_t* pool) const noexcept { mongoc_client_pool_destroy(pool); }
  };
  Client() = default;
  [[nodiscard]] Document writing(const char* command, std::string_view collection) const;
  [[nodiscard]] Reply<Reading> write(const Document& command);

  std::unique_ptr<mongoc_client_pool_t, DestroyPool> pool_;
  std::string database_;
  std::chrono::milliseconds patience_{};
};

}  // namespace scalemart::mongo
