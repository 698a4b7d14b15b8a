#pragma once
// How MongoRecord asks for what it reads.

#include "backend/mongodb/record.hpp"

namespace scalemart::mongo {

template <class Ask>
auto MongoRecord::read(std::chrono::milliseconds within, Ask ask)
    -> Result<typename decltype(ask(SteadyTime()))::value_type> {
  if (!breaker_.allows()) return error(breaker_.last_failure());
  const SteadyTime until = clock_.steady() + within;
  try {
    auto reply = ask(until);
    if (!reply && reply.error().kind == Failure::Kind::lost && clock_.steady() < until) reply = ask(until);
    heard(reply ? std::nullopt : std::optional(reply.error()));
    if (!reply) return to_error(reply.error());
    return std::move(*reply);
  } catch (const Malformed& fault) {
    heard(std::nullopt);
    return error(std::string("MongoDB: a document is damaged: ") + fault.what());
  }
}

}  // namespace scalemart::mongo
