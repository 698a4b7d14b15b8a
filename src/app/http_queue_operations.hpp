#pragma once
// The queue's verbs carried out by the running server, over its control socket.

#include <boost/json/value.hpp>
#include <functional>
#include <string>

#include "app/queue_operations.hpp"

namespace scalemart {

/// Errors and concurrency: as HttpOperations, whose calls it makes.
class HttpQueueOperations final : public QueueOperations {
 public:
  /// Sends a request and gives the member `data` of its answer.
  using Call = std::function<Done<Object>(const char* method, const std::string& path, const boost::json::value* body)>;
  explicit HttpQueueOperations(Call call) : call_(std::move(call)) {}

  Done<Object> overview(bool with_history) override;
  Done<Object> dead_letters(const Object& filter) override;
  Done<Object> order(std::string_view id) override;
  Done<Object> settle_dead(bool retry, const Object& choice) override;
  Done<Object> set_queue_paused(bool paused) override;
  Done<Object> set_concurrency(std::string_view worker, const Concurrency& concurrency) override;

 private:
  Done<Object> post(const char* path, const Object& body);
  const Call call_;
};

}  // namespace scalemart
