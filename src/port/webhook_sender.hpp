#pragma once
// One HTTP request to somebody else's program.

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace scalemart {

struct WebhookRequest {
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;  ///< JSON
};

struct WebhookReply {
  int status = 0;                       ///< 0: no answer came.
  std::string problem;                  ///< One line when status is 0.
  std::chrono::seconds retry_after{0};  ///< 0: the receiver did not say.
};

/// Purpose: delivers requests to addresses that strangers chose, without becoming their way into this network.
/// Concurrency: any thread; `done` is called exactly once, on the sender's thread or before send() returns.
class WebhookSender {
 public:
  virtual ~WebhookSender() = default;
  virtual void send(WebhookRequest request, std::function<void(WebhookReply)> done) = 0;
};

}  // namespace scalemart
