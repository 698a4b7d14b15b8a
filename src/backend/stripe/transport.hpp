#pragma once
// HTTP to Stripe: one call, one answer.

#include <functional>
#include <string>

#include "base/clock.hpp"

namespace scalemart {

struct StripeCall {
  bool post = false;
  std::string path;  ///< From /v1/ on, with a query when there is one.
  std::string body;  ///< Of a form.
  std::string idempotency_key;
  std::string traceparent;
  SteadyTime deadline{};
};

struct StripeAnswer {
  int status = 0;  ///< 0: none came.
  /// No answer, and it may have arrived all the same; otherwise it did not.
  bool may_have_arrived = false;
  bool replayed = false;  ///< What was answered to an earlier call with this key.
  std::string body;
  std::string why;  ///< No answer: one line for an operator.
};
using StripeDone = std::function<void(StripeAnswer)>;

/// Concurrency: any thread. `done` is called exactly once, on the transport's thread or before the call returns.
class StripeTransport {
 public:
  virtual ~StripeTransport() = default;
  virtual void send(StripeCall call, StripeDone done) = 0;
};

}  // namespace scalemart
