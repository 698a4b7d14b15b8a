#pragma once
// The record of a sale in a test's database.

#include "backend/mongodb/record.hpp"
#include "tests/servers/mongodb.hpp"

namespace scalemart::test {

/// Connected, its indexes made.
inline std::unique_ptr<mongo::MongoRecord> open_record(mongo::Client::Options where, const Clock& clock,
                                                       mongo::Claims::Hook hook = {}) {
  mongo::MongoRecord::Options options;
  options.client = std::move(where);
  options.client.connections = 16;
  options.hook = std::move(hook);
  auto record = mongo::MongoRecord::open(std::move(options), clock);
  EXPECT_TRUE(record.has_value()) << record.error().message;
  return record ? std::move(*record) : nullptr;
}

}  // namespace scalemart::test
