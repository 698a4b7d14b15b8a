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

Result<SmtpSettings> parse_smtp(std::string_view text, const std::string& user, const std::string& password) {
  initialise_curl();
  const std::unique_ptr<CURLU, FreeUrl> url(curl_url());
  if (curl_url_set(url.get(), CURLUPART_URL, std::string(text).c_str(), 0) != CURLUE_OK)
    return error("not a URL such as smtp://host:port");
  const std::string scheme = part_of(url.get(), CURLUPART_SCHEME);
  const std::string path = part_of(url.get(), CURLUPART_PATH);
  const std::string query = part_of(url.get(), CURLUPART_QUERY);
  if (scheme != "smtp" && scheme != "smtps") return error("the scheme must be smtp or smtps");
  if (path != "/" || !part_of(url.get(), CURLUPART_FRAGMENT).empty())
    return error("nothing may follow smtp://host:port but ?tls=required, opportunistic or off");
  SmtpSettings settings;
  const std::string host = part_of(url.get(), CURLUPART_HOST);
  const std::string port = part_of(url.get(), CURLUPART_PORT);
  settings.user = user.empty() ? part_of(url.get(), CURLUPART_USER, CURLU_URLDECODE) : user;
  settings.password = user.empty() ? part_of(url.get(), CURLUPART_PASSWORD, CURLU_URLDECODE) : password;
  settings.url = scheme + "://" + host + (port.empty() ? "" : ":" + port);
  const bool is_here = host == "localhost" || host == "[::1]" || host.starts_with("127.");
  const bool login_away = !settings.user.empty() && !is_here;
  settings.tls = login_away ? SmtpTls::required : SmtpTls::opportunistic;
  if (query == "tls=required")
    settings.tls = SmtpTls::required;
  else if (query == "tls=opportunistic")
    settings.tls = SmtpTls::opportunistic;
  else if (query == "tls=off")
    settings.tls = SmtpTls::off;
  else if (!query.empty())
    return error("nothing may follow smtp://host:port but ?tls=required, opportunistic or off");
  if (scheme == "smtps" && !query.empty() && settings.tls != SmtpTls::required)
    return error("smtps:// is TLS from the first byte; ?tls is for smtp://");
  if (login_away && scheme == "smtp" && settings.tls != SmtpTls::required)
    return error("a password would leave this machine readable; a login needs ?tls=required");
  return settings;
}

namespace {

/// What a mail and a probe have in common.
void prepare(CURL* easy, const SmtpSettings& settings, char* problem) {
  constexpr std::array<long, 3> kLevels{CURLUSESSL_NONE, CURLUSESSL_TRY, CURLUSESSL_ALL};
  curl_easy_setopt(easy, CURLOPT_URL, settings.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);  // a name that is still looked up does not hold up the end
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_USE_SSL, kLevels[static_cast<std::size_t>(settings.tls)]);
  if (!settings.ca.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, settings.ca.c_str());
  if (!settings.user.empty()) {
    curl_easy_setopt(easy, CURLOPT_USERNAME, settings.user.c_str());
    curl_easy_setopt(easy, CURLOPT_PASSWORD, settings.password.c_str());
  }
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(settings.connect_patience.count()));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(settings.patience.count()));
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, problem);
}

/// One line for an operator: what libcurl says, and what to do about it.
std::string problem_of(CURLcode code, long reply, const char* text) {
  const std::string said = text[0] != '\0' ? text : curl_easy_strerror(code);
  switch (code) {
    case CURLE_LOGIN_DENIED:
      return "the mail server refused the login" + (reply > 0 ? " (" + std::to_string(reply) + ")" : std::string()) +
             ": check SCALEMART_SMTP_USER and SCALEMART_SMTP_PASSWORD";
    case CURLE_PEER_FAILED_VERIFICATION:
      return "the mail server's certificate is not right: " + said + " (SCALEMART_SMTP_CA names an authority of yours)";
    case CURLE_USE_SSL_FAILED:
      return "the mail server offers no TLS, and it is required";
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
      return "the mail server cannot be reached: " + said;
    default:
      return "mail server: " + said + (reply > 0 ? " (" + std::to_string(reply) + ")" : std::string());
  }
}

}  // namespace

Result<void> probe_smtp(const SmtpSettings& settings) {
  initialise_curl();
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy(curl_easy_init(), &curl_easy_cleanup);
  SCALEMART_CHECK(easy);
  std::array<char, CURL_ERROR_SIZE> problem{};
  prepare(easy.get(), settings, problem.data());
  curl_easy_setopt(easy.get(), CURLOPT_CUSTOMREQUEST, "NOOP");
  curl_easy_setopt(easy.get(), CURLOPT_NOBODY, 1L);
  const CURLcode code = curl_easy_perform(easy.get());
  if (code == CURLE_OK) return {};
  long reply = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &reply);
  return error(problem_of(code, reply, problem.data()));
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
    prepare(easy, settings_, transfer->problem.data());
    curl_easy_setopt(easy, CURLOPT_MAIL_FROM, ("<" + settings_.identity.from + ">").c_str());
    curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, transfer->to_list);
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, &Transfer::read);
    curl_easy_setopt(easy, CURLOPT_READDATA, transfer.get());
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
    // libcurl says SEND_ERROR for refusals of the sender and the address, and WEIRD_SERVER_REPLY for those of the data,
    // and of a greeting; only when something was sent is it about this mail.
    const bool about_it = code == CURLE_SEND_ERROR || (code == CURLE_WEIRD_SERVER_REPLY && transfer.sent > 0);
    const bool refused = about_it && reply >= 500 && reply < 600;
    result.outcome = refused ? MailOutcome::rejected : MailOutcome::unavailable;
    result.deferred = about_it && reply >= 400 && reply < 500;
    result.detail = problem_of(static_cast<CURLcode>(code), reply, transfer.problem.data());
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
