#include "backend/stripe/http.hpp"

#include <curl/curl.h>
#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

#include "backend/stripe/settings.hpp"
#include "base/check.hpp"

namespace scalemart {
namespace {

constexpr std::size_t kAnswerMax = 1 << 20;
constexpr long kConnectMs = 5000;
constexpr int kPollMs = 1000;

void initialise_curl() {
  static const CURLcode done = curl_global_init(CURL_GLOBAL_DEFAULT);
  SCALEMART_CHECK(done == CURLE_OK);
}

/// Nothing of the request left this machine.
bool never_sent(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_URL_MALFORMAT:
      return true;
    default:
      return false;
  }
}

}  // namespace

/// One call on its way; owns its easy handle.
struct StripeHttp::Transfer {
  Transfer() = default;
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;
  ~Transfer() {
    if (easy) curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
  }
  void add_header(const std::string& line) { headers = curl_slist_append(headers, line.c_str()); }
  static std::size_t write(char* data, std::size_t size, std::size_t count, void* self) {
    auto& t = *static_cast<Transfer*>(self);
    if (t.answer.body.size() + size * count > kAnswerMax) return 0;
    t.answer.body.append(data, size * count);
    return size * count;
  }
  static std::size_t header(char* data, std::size_t size, std::size_t count, void* self) {
    const std::string_view line(data, size * count);
    constexpr std::string_view kReplayed = "idempotent-replayed: true";
    const bool replayed = line.size() >= kReplayed.size() &&
                          std::equal(kReplayed.begin(), kReplayed.end(), line.begin(), [](char a, char b) {
                            return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b + 32) : b);
                          });
    if (replayed) static_cast<Transfer*>(self)->answer.replayed = true;
    return size * count;
  }
  StripeCall call;
  StripeDone done;
  StripeAnswer answer;
  CURL* easy = nullptr;
  curl_slist* headers = nullptr;
  std::array<char, CURL_ERROR_SIZE> problem{};
};

struct StripeHttp::Multi {
  Multi() : handle(curl_multi_init()) { SCALEMART_CHECK(handle); }
  ~Multi() { curl_multi_cleanup(handle); }
  CURLM* handle;
  std::unordered_map<Transfer*, std::unique_ptr<Transfer>> active;
};

StripeHttp::StripeHttp(const Clock& clock, std::string base, std::string key, std::size_t connections)
    : clock_(clock), base_(std::move(base)), key_(std::move(key)) {
  initialise_curl();
  multi_ = std::make_unique<Multi>();
  curl_multi_setopt(multi_->handle, CURLMOPT_MAX_TOTAL_CONNECTIONS, static_cast<long>(connections));
  curl_multi_setopt(multi_->handle, CURLMOPT_MAXCONNECTS, static_cast<long>(connections));
  curl_multi_setopt(multi_->handle, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
  thread_ = std::thread([this] { run(); });
}

StripeHttp::~StripeHttp() {
  stop();
}

void StripeHttp::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  curl_multi_wakeup(multi_->handle);
  if (thread_.joinable()) thread_.join();
}

void StripeHttp::send(StripeCall call, StripeDone done) {
  auto transfer = std::make_unique<Transfer>();
  transfer->call = std::move(call);
  transfer->done = std::move(done);
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_) waiting_.push_back(std::move(transfer));
  }
  if (transfer) return transfer->done({0, false, false, {}, "the provider's client has been stopped"});
  curl_multi_wakeup(multi_->handle);
}

void StripeHttp::start_waiting() {
  std::vector<std::unique_ptr<Transfer>> transfers;
  {
    const std::lock_guard lock(mutex_);
    transfers.swap(waiting_);
  }
  for (auto& transfer : transfers) begin(std::move(transfer));
}

void StripeHttp::begin(std::unique_ptr<Transfer> transfer) {
  Transfer& t = *transfer;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(t.call.deadline - clock_.steady());
  if (left.count() <= 0) return t.done({0, false, false, {}, "no time was left to ask"});
  CURL* easy = t.easy = curl_easy_init();
  SCALEMART_CHECK(easy);
  curl_easy_setopt(easy, CURLOPT_URL, (base_ + t.call.path).c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");  // what the environment says of proxies is not meant for the key
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, kConnectMs);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(left.count()));
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t.problem.data());
  t.add_header("Authorization: Bearer " + key_);
  t.add_header("Stripe-Version: " + std::string(kStripeVersion));
  t.add_header("Expect:");
  if (!t.call.idempotency_key.empty()) t.add_header("Idempotency-Key: " + t.call.idempotency_key);
  if (!t.call.traceparent.empty()) t.add_header("traceparent: " + t.call.traceparent);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t.headers);
  if (t.call.post) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(t.call.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, t.call.body.c_str());
  }
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Transfer::write);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &t);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Transfer::header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &t);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, &t);
  curl_multi_add_handle(multi_->handle, easy);
  multi_->active.emplace(&t, std::move(transfer));
}

void StripeHttp::finish(Transfer* transfer, int result) {
  const auto code = static_cast<CURLcode>(result);
  const auto node = multi_->active.extract(transfer);
  curl_multi_remove_handle(multi_->handle, transfer->easy);
  StripeAnswer& answer = transfer->answer;
  if (code == CURLE_OK) {
    long status = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    answer.status = static_cast<int>(status);
  } else {
    curl_off_t sent = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T, &sent);
    answer.may_have_arrived = !never_sent(code) && (sent > 0 || code != CURLE_OPERATION_TIMEDOUT);
    answer.why = transfer->problem[0] != '\0' ? transfer->problem.data() : curl_easy_strerror(code);
  }
  transfer->done(std::move(answer));
}

void StripeHttp::run() {
  ::prctl(PR_SET_NAME, "stripe");
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) break;
    }
    start_waiting();
    int running = 0;
    curl_multi_perform(multi_->handle, &running);
    int left = 0;
    bool any = false;
    while (const CURLMsg* message = curl_multi_info_read(multi_->handle, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      void* self = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &self);
      finish(static_cast<Transfer*>(self), message->data.result);
      any = true;
    }
    if (!any) curl_multi_poll(multi_->handle, nullptr, 0, kPollMs, nullptr);
  }
  std::vector<std::unique_ptr<Transfer>> left;
  for (auto& [self, transfer] : multi_->active) {
    curl_multi_remove_handle(multi_->handle, transfer->easy);
    transfer->answer.may_have_arrived = true;
    left.push_back(std::move(transfer));
  }
  multi_->active.clear();
  {
    const std::lock_guard lock(mutex_);
    for (auto& transfer : waiting_) left.push_back(std::move(transfer));
    waiting_.clear();
  }
  for (const auto& transfer : left)
    transfer->done({0, transfer->answer.may_have_arrived, false, {}, "the provider's client has been stopped"});
}

}  // namespace scalemart
