#pragma once
// How MongoAccounts asks again; included by its sources alone.

#include "backend/mongodb/accounts.hpp"

namespace scalemart::mongo {

/// What the server refused stays refused. Everything else is tried again, so `ask` must bear a repetition.
template <class Ask>
auto MongoAccounts::patiently(Ask ask, SteadyTime until) -> decltype(ask()) {
  for (;;) {
    try {
      auto answer = ask();
      if (answer) return answer;
      const auto kind = answer.error().kind;
      if (kind == Failure::Kind::refused || kind == Failure::Kind::duplicate) return answer;
      if (clock_.steady() >= until || !pause()) return answer;
    } catch (const Malformed& fault) {
      return Failure{Failure::Kind::refused, 0, std::string("a document is damaged: ") + fault.what()};
    }
  }
}

template <class Ask>
auto MongoAccounts::once(Ask ask, SteadyTime until) -> decltype(ask()) {
  return patiently(
      [&ask] {
        auto answer = ask();
        if (answer || answer.error().kind != Failure::Kind::lost) return answer;
        Failure failure = answer.error();
        failure.kind = Failure::Kind::refused;
        return decltype(answer)(std::move(failure));
      },
      until);
}

[[nodiscard]] inline StoreOutcome outcome_of(const Failure& failure) {
  return failure.code == kOutOfDiskSpace ? StoreOutcome::no_space : StoreOutcome::unavailable;
}

[[nodiscard]] inline Document by_id(std::string_view id) {
  Document filter;
  filter.add("_id", id);
  return filter;
}

}  // namespace scalemart::mongo
