#pragma once
// Webhooks over HTTP.

#include <chrono>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <thread>

#include "backend/webhook/address_guard.hpp"
#include "port/webhook_sender.hpp"

namespace scalemart {

struct WebhookSenderSettings {
  std::vector<IpNetwork> allow_private;
  std::filesystem::path ca;  ///< Certificates that are believed instead of the system's; empty: those.
  std::chrono::milliseconds connect_patience{5'000};
  std::chrono::milliseconds patience{15'000};  ///< For one whole request.
  std::size_t connections = 32;
  std::size_t queue_max = 1024;
  std::size_t answer_max = 16 << 10;  ///< Bytes of an answer's head, and of its body, that are read.
};

/// Purpose: port/webhook_sender.hpp with libcurl. Certificates are checked, redirects are not followed, proxies of the
/// environment are not used, and the guard decides on every address at the moment of connecting. Concurrency: one
/// thread of its own. Errors: a full queue, and everything that is no answer, is status 0.
class HttpWebhookSender final : public WebhookSender {
 public:
  explicit HttpWebhookSender(WebhookSenderSettings settings);
  ~HttpWebhookSender() override;
  void send(WebhookRequest request, std::function<void(WebhookReply)> done) override;
  [[nodiscard]] const AddressGuard& guard() const { return guard_; }
  /// What is left is answered with status 0. Idempotent.
  void stop();

 private:
  struct Transfer;
  struct Multi;
  void run();
  void start_waiting();
  void start_transfer(Transfer& transfer);
  void finish(Transfer& transfer, int code);

  const WebhookSenderSettings settings_;
  const AddressGuard guard_;
  std::unique_ptr<Multi> multi_;
  std::mutex mutex_;
  std::deque<std::unique_ptr<Transfer>> waiting_;  ///< Guarded by mutex_.
  bool stopping_ = false;                          ///< Guarded by mutex_.
  std::thread thread_;
};

}  // namespace scalemart
