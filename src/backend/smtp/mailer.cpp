#include "backend/smtp/mailer.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "base/check.hpp"

namespace scalemart {
namespace {

void initialise_curl() {
  static const CURLcode done = curl_global_init(CURL_GLOBAL_DEFAULT);
  SCALEMART_CHECK(done == CURLE_OK);
}

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

/// Empty when the part is not there.
std::string part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return {};
  std::string copy = text;
  curl_free(text);
  return copy;
}

}  // namespace

Result<SmtpSettings> parse_smtp(std::string_view text) {
  initialise_curl();
  const std::unique_ptr<CURLU, FreeUrl> url(curl_url());
  if (curl_url_set(url.get(), CURLUPART_URL, std::string(text).c_str(), 0) != CURLUE_OK)
    return error("not a URL such as smtp://host:port");
  const std::string scheme = part_of(url.get(), CURLUPART_SCHEME);
  const std::string path = part_of(url.get(), CURLUPART_PATH);
  if (scheme != "smtp" && scheme != "smtps") return error("the scheme must be smtp or smtps");
  if (path != "/" || !part_of(url.get(), CURLUPART_QUERY).empty() || !part_of(url.get(), CURLUPART_FRAGMENT).empty())
    return error("nothing may follow smtp://host:port");
  SmtpSettings settings;
  const std::string host = part_of(url.get(), CURLUPART_HOST);
  const std::string port = part_of(url.get(), CURLUPART_PORT);
  settings.user = part_of(url.get(), CURLUPART_USER, CURLU_URLDECODE);
  settings.password = part_of(url.get(), CURLUPART_PASSWORD, CURLU_URLDECODE);
  settings.loopback = host == "localhost" || host == "[::1]" || host.starts_with("127.");
  settings.url = scheme + "://" + host + (port.empty() ? "" : ":" + port);
  return settings;
}

/// One mail on its way; owns its easy handle.
struct SmtpMailer::Transfer {
  Transfer() = default;
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;
  ~Transfer() {
    if (easy) curl_easy_cleanup(easy);
    curl_slist_free_all(to_list);
  }
  static std::size_t read(char* out, std::size_t size, std::size_t count, void* self) {
    auto& t = *static_cast<Transfer*>(self);
    const std::size_t taken = std::min(size * count, t.message.size() - t.sent);
    std::memcpy(out, t.message.data() + t.sent, taken);
    t.sent += taken;
    return taken;
  }
  std::string to;
  std::string message;
  std::size_t sent = 0;
  MailDone done;
  CURL* easy = nullptr;
  curl_slist* to_list = nullptr;
  std::array<char, CURL_ERROR_SIZE> problem{};
};

struct SmtpMailer::Multi {
  Multi() : handle(curl_multi_init()) { SCALEMART_CHECK(handle); }
  ~Multi() { curl_multi_cleanup(handle); }
  CURLM* handle;
  std::vector<std::unique_ptr<Transfer>> active;
};

SmtpMailer::SmtpMailer(SmtpSettings settings) : settings_(std::move(settings)) {
  initialise_curl();
  multi_ = std::make_unique<Multi>();
  curl_multi_setopt(multi_->handle, CURLMOPT_MAXCONNECTS, static_cast<long>(settings_.connections));
  thread_ = std::thread([this] { run(); });
}

SmtpMailer::~SmtpMailer() {
  stop();
}

void SmtpMailer::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  curl_multi_wakeup(multi_->handle);
  if (thread_.joinable()) thread_.join();
}

void SmtpMailer::send(Mail mail, MailDone done) {
  Result<std::string> message = build_message(mail, settings_.identity);
  if (!message) return done({MailOutcome::rejected, message.error().message});
  auto transfer = std::make_unique<Transfer>();
  transfer->to = std::move(mail.to);
  transfer->message = std::move(*message);
  transfer->done = std::move(done);
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_ && waiting_.size() < settings_.queue_max) waiting_.push_back(std::move(transfer));
  }
  if (transfer) return transfer->done({MailOutcome::unavailable, "the queue for the mail server is full"});
  curl_multi_wakeup(multi_->handle);
}

void SmtpMailer::start_waiting() {
  while (multi_->active.size() < settings_.connections) {
    std::unique_ptr<Transfer> transfer;
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.empty()) return;
      transfer = std::move(waiting_.front());
      waiting_.pop_front();
    }
    CURL* easy = transfer->easy = curl_easy_init();
    SCALEMART_CHECK(easy);
    transfer->to_list = curl_slist_append(nullptr, ("<" + transfer->to + ">").c_str());
    const bool login = !settings_.user.empty();
    curl_easy_setopt(easy, CURLOPT_URL, settings_.url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_USE_SSL,
                     static_cast<long>(login && !settings_.loopback ? CURLUSESSL_ALL : CURLUSESSL_TRY));
    if (login) {
      curl_easy_setopt(easy, CURLOPT_USERNAME, settings_.user.c_str());
      curl_easy_setopt(easy, CURLOPT_PASSWORD, settings_.password.c_str());
    }
    curl_easy_setopt(easy, CURLOPT_MAIL_FROM, ("<" + settings_.identity.from + ">").c_str());
    curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, transfer->to_list);
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, &Transfer::read);
    curl_easy_setopt(easy, CURLOPT_READDATA, transfer.get());
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(settings_.connect_patience.count()));
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(settings_.patience.count()));
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->problem.data());
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer.get());
    curl_multi_add_handle(multi_->handle, easy);
    multi_->active.push_back(std::move(transfer));
  }
}

void SmtpMailer::finish(Transfer& transfer, int code) {
  long reply = 0;
  curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &reply);
  curl_multi_remove_handle(multi_->handle, transfer.easy);
  MailResult result;
  if (code == CURLE_OK) {
    result.outcome = MailOutcome::sent;
  } else {
    // libcurl says SEND_ERROR for refusals of the sender, the address or the data, and others for the rest.
    const bool refused = code == CURLE_SEND_ERROR && reply >= 500 && reply < 600;
    result.outcome = refused ? MailOutcome::rejected : MailOutcome::unavailable;
    result.detail = transfer.problem[0] ? transfer.problem.data() : curl_easy_strerror(static_cast<CURLcode>(code));
  }
  const MailDone done = std::move(transfer.done);
  std::erase_if(multi_->active, [&](const auto& candidate) { return candidate.get() == &transfer; });
  done(std::move(result));
}

void SmtpMailer::run() {
  constexpr int kLongestMs = 1000;
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
  for (const auto& transfer : left) transfer->done({MailOutcome::unavailable, "the mailer has been stopped"});
}

}  // namespace scalemart
