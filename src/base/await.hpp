#pragma once
// Waiting for an answer that comes by callback.

#include <future>
#include <memory>
#include <optional>
#include <utility>

namespace scalemart {

/// Calls `start(done)`, which says whether it was taken; then waits for done(T). Nothing: it was not taken.
/// Not from a thread on which the answer would come.
template <class T, class Start>
[[nodiscard]] std::optional<T> await(Start start) {
  auto promise = std::make_shared<std::promise<T>>();
  auto future = promise->get_future();
  if (!start([promise](T value) { promise->set_value(std::move(value)); })) return std::nullopt;
  return future.get();
}

}  // namespace scalemart
