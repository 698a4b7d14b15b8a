#include "backend/webhook/sender.hpp"

#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/check.hpp"
#include "base/task_pool.hpp"

namespace scalemart {
namespace {

IpAddress address_of(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in four{};
    std::memcpy(&four, &address, sizeof four);
    return IpAddress::v4(ntohl(four.sin_addr.s_addr));
  }
  sockaddr_in6 six{};
  std::memcpy(&six, &address, sizeof six);
  IpAddress out;
  std::memcpy(out.bytes.data(), &six.sin6_addr, out.bytes.size());
  return out;
}

}  // namespace

/// One request on its way; owns its easy handle.
struct HttpWebhookSender::Transfer {
  Transfer() = default;
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;
  ~Transfer() {
    if (easy) curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
  }

  static curl_socket_t open_socket(void* self, curlsocktype, curl_sockaddr* address) {
    auto& t = *static_cast<Transfer*>(self);
    if (address->family != AF_INET && address->family != AF_INET6) return CURL_SOCKET_BAD;
    if (auto objection = t.guard->objection(address_of(address->addr), t.request.url.starts_with("https:"))) {
      t.objection = std::move(*objection);
      return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  }
  /// Counts, and keeps nothing: 0 ends the transfer.
  static std::size_t count_head(const char*, std::size_t size, std::size_t count, void* self) {
    auto& t = *static_cast<Transfer*>(self);
    t.head += size * count;
    return t.head > t.answer_max ? 0 : size * count;
  }
  static std::size_t count_body(const char*, std::size_t size, std::size_t count, void* self) {
    auto& t = *static_cast<Transfer*>(self);
    t.body += size * count;
    return t.body > t.answer_max ? 0 : size * count;
  }

  WebhookRequest request;
  std::function<void(WebhookReply)> done;
  const AddressGuard* guard = nullptr;
  std::size_t answer_max = 0;
  std::size_t head = 0, body = 0;
  std::string objection;  ///< Of the guard.
  CURL* easy = nullptr;
  curl_slist* headers = nullptr;
  std::array<char, CURL_ERROR_SIZE> problem{};
};

struct HttpWebhookSender::Multi {
  Multi() : handle(curl_multi_init()) { SCALEMART_CHECK(handle); }
  ~Multi() { curl_multi_cleanup(handle); }
  CURLM* handle;
  std::vector<std::unique_ptr<Transfer>> active;
};

HttpWebhookSender::HttpWebhookSender(WebhookSenderSettings settings)
    : settings_(std::move(settings)), guard_(settings_.allow_private) {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  SCALEMART_CHECK(initialised == CURLE_OK);
  multi_ = std::make_unique<Multi>();
  curl_multi_setopt(multi_->handle, CURLMOPT_MAXCONNECTS, static_cast<long>(settings_.connections));
  thread_ = std::thread([this] { run(); });
}

HttpWebhookSender::~HttpWebhookSender() {
  stop();
}

void HttpWebhookSender::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  curl_multi_wakeup(multi_->handle);
  if (thread_.joinable()) thread_.join();
}

void HttpWebhookSender::send(WebhookRequest request, std::function<void(WebhookReply)> done) {
  auto transfer = std::make_unique<Transfer>();
  transfer->request = std::move(request);
  transfer->done = std::move(done);
  transfer->guard = &guard_;
  transfer->answer_max = settings_.answer_max;
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_ && waiting_.size() < settings_.queue_max) waiting_.push_back(std::move(transfer));
  }
  if (transfer) return transfer->done({0, "too many requests wait already", {}});
  curl_multi_wakeup(multi_->handle);
}

void HttpWebhookSender::start_waiting() {
  while (multi_->active.size() < settings_.connections) {
    std::unique_ptr<Transfer> transfer;
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty()) return;
      transfer = std::move(waiting_.front());
      waiting_.pop_front();
    }
    start_transfer(*transfer);
    multi_->active.push_back(std::move(transfer));
  }
}

void HttpWebhookSender::start_transfer(Transfer& t) {
  CURL* easy = t.easy = curl_easy_init();
  SCALEMART_CHECK(easy);
  t.headers = curl_slist_append(t.headers, "Content-Type: application/json");
  t.headers = curl_slist_append(t.headers, "Expect:");
  for (const auto& [name, value] : t.request.headers)
    t.headers = curl_slist_append(t.headers, (name + ": " + value).c_str());
  curl_easy_setopt(easy, CURLOPT_URL, t.request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https,http");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");  // it would be asked for addresses that the guard never sees
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);  // a name that is still looked up does not hold up the end
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "ScaleMart-Webhooks/1");
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t.headers);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(t.request.body.size()));
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, t.request.body.c_str());
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &Transfer::open_socket);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &t);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Transfer::count_head);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &t);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Transfer::count_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &t);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(settings_.connect_patience.count()));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(settings_.patience.count()));
  if (!settings_.ca.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, settings_.ca.c_str());
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t.problem.data());
  curl_easy_setopt(easy, CURLOPT_PRIVATE, &t);
  curl_multi_add_handle(multi_->handle, easy);
}

void HttpWebhookSender::finish(Transfer& transfer, int code) {
  long status = 0;
  curl_off_t retry_after = 0;
  curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(transfer.easy, CURLINFO_RETRY_AFTER, &retry_after);
  curl_multi_remove_handle(multi_->handle, transfer.easy);
  WebhookReply reply;
  // Whose answer is too long has answered; only its words do not interest us.
  const bool answered = code == CURLE_OK || (code == CURLE_WRITE_ERROR && transfer.body > settings_.answer_max);
  if (answered) {
    reply.status = static_cast<int>(status);
    reply.retry_after = std::chrono::seconds(retry_after);
  } else if (!transfer.objection.empty()) {
    reply.problem = std::move(transfer.objection);
  } else {
    reply.problem = transfer.problem[0] ? transfer.problem.data() : curl_easy_strerror(static_cast<CURLcode>(code));
  }
  const auto done = std::move(transfer.done);
  std::erase_if(multi_->active, [&](const auto& candidate) { return candidate.get() == &transfer; });
  done(std::move(reply));
}

void HttpWebhookSender::run() {
  constexpr int kLongestMs = 1000;
  ::prctl(PR_SET_NAME, "webhooks");
  yield_to_the_sale(false);
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) break;
    }
    start_waiting();
    int running = 0;
    curl_multi_perform(multi_->handle, &running);
    int left = 0;
    bool finished = false;
    while (const CURLMsg* message = curl_multi_info_read(multi_->handle, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      char* transfer = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
      finish(*reinterpret_cast<Transfer*>(transfer), code);
      finished = true;
    }
    if (!finished) curl_multi_poll(multi_->handle, nullptr, 0, kLongestMs, nullptr);
  }
  std::vector<std::unique_ptr<Transfer>> left = std::move(multi_->active);
  for (const auto& transfer : left) curl_multi_remove_handle(multi_->handle, transfer->easy);
  {
    const std::lock_guard lock(mutex_);
    for (auto& transfer : waiting_) left.push_back(std::move(transfer));
    waiting_.clear();
  }
  for (const auto& transfer : left) transfer->done({0, "stopped", {}});
}

}  // namespace scalemart
