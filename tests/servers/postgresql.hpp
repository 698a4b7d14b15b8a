#pragma once
// One PostgreSQL for a test program, a schema of its own for each test.

#include <gtest/gtest.h>

#include <atomic>

#include "backend/postgresql/record.hpp"
#include "tests/servers/server_process.hpp"

namespace scalemart::test {

/// The program's server, started when first asked for. nullptr: there is none on this machine (postgresql_main.cpp asks
/// first).
inline ServerProcess* postgresql_server() {
  static const std::unique_ptr<ServerProcess> server =
      ServerProcess::start("postgresql_server.py", {"--setting", "max_connections=60"});
  return server.get();
}

/// Where a test works: a schema that no other has.
inline pg::Connection::Options fresh_postgresql() {
  static std::atomic<int> number{0};
  pg::Connection::Options options;
  options.url = postgresql_server()->text("url");
  options.schema = "test_" + std::to_string(++number);
  return options;
}

inline std::unique_ptr<pg::PostgresRecord> open_record(const pg::Connection::Options& where, const Clock& clock) {
  pg::PostgresRecord::Options options;
  options.connection = where;
  options.connections = 12;
  auto record = pg::PostgresRecord::open(std::move(options), clock);
  if (!record) {
    ADD_FAILURE() << record.error().message;
    return nullptr;
  }
  return std::move(*record);
}

}  // namespace scalemart::test
