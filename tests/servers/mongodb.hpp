#pragma once
// One server of MongoDB's protocol for a test program, a database of its own for each test.

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>

#include "backend/mongodb/client.hpp"
#include "tests/servers/server_process.hpp"

namespace scalemart::test {

/// The program's server, started when first asked for. nullptr: it cannot be had on this machine (mongodb_main.cpp asks
/// first). SCALEMART_TEST_NO_GATE: one that does not hold a document while it changes it (mongodb_gate_test.py).
inline ServerProcess* mongodb_server() {
  static const std::unique_ptr<ServerProcess> server = ServerProcess::start(
      "ferretdb_server.py", std::getenv("SCALEMART_TEST_NO_GATE") != nullptr ? std::vector<std::string>{"--no-gate"}
                                                                             : std::vector<std::string>{});
  return server.get();
}

/// Where a test works: a database that no other has.
inline mongo::Client::Options fresh_mongodb(std::chrono::milliseconds patience = std::chrono::milliseconds(4000)) {
  static std::atomic<int> number{0};
  mongo::Client::Options options;
  options.url = mongodb_server()->text("url");
  options.database = "test_" + std::to_string(++number);
  options.patience = patience;
  return options;
}

}  // namespace scalemart::test
