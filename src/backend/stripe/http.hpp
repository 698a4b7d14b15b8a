#pragma once
// StripeTransport over libcurl.

#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "backend/stripe/transport.hpp"

namespace scalemart {

/// Purpose: thousands of calls in flight on one thread; at most `connections` connections, kept open between calls,
/// and what finds none waits within its deadline.
/// Errors: an answer with status 0. stop() answers what is left.
class StripeHttp final : public StripeTransport {
 public:
  StripeHttp(const Clock& clock, std::string base, std::string key, std::size_t connections);
  ~StripeHttp() override;
  StripeHttp(const StripeHttp&) = delete;
  StripeHttp& operator=(const StripeHttp&) = delete;

  void send(StripeCall call, StripeDone done) override;
  /// Idempotent.
  void stop();

 private:
  struct Transfer;
  struct Multi;
  void run();
  void start_waiting();
  void begin(std::unique_ptr<Transfer> transfer);
  void finish(Transfer* transfer, int code);

  const Clock& clock_;
  const std::string base_;
  const std::string key_;
  std::unique_ptr<Multi> multi_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Transfer>> waiting_;  ///< Guarded by mutex_.
  bool stopping_ = false;                           ///< Guarded by mutex_.
  std::thread thread_;
};

}  // namespace scalemart
