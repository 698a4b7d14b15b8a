#pragma once
// Mail over SMTP.

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "backend/smtp/message.hpp"
#include "base/result.hpp"
#include "port/mailer.hpp"

namespace scalemart {

enum class SmtpTls : std::uint8_t {
  off,
  opportunistic,  ///< When the server offers it.
  required,
};

struct SmtpSettings {
  std::string url;   ///< smtp://host:port or smtps://host:port, without credentials.
  std::string user;  ///< Empty: no login.
  std::string password;
  SmtpTls tls = SmtpTls::opportunistic;
  std::string ca;  ///< A file of certificates that are believed instead of the system's; empty: those.
  MailIdentity identity;
  std::chrono::milliseconds connect_patience{10'000};
  std::chrono::milliseconds patience{60'000};  ///< For one whole mail.
  std::size_t connections = 4;
  std::size_t queue_max = 1024;
};

/// smtp[s]://[user:password@]host[:port][?tls=required|opportunistic|off]. Without `tls` a login requires it (but on
/// this machine), and everything else takes what is offered. `user` replaces the one of the URL. Anything else is an
/// error that says what is wrong, without the password.
[[nodiscard]] Result<SmtpSettings> parse_smtp(std::string_view url, const std::string& user = {},
                                              const std::string& password = {});

/// Greets the server as a mail would, with TLS and login, and leaves. What is wrong, in one line.
[[nodiscard]] Result<void> probe_smtp(const SmtpSettings& settings);

/// Purpose: delivers to one server, a few connections at a time, kept open between mails.
/// TLS: smtps always, smtp as `tls` says; wherever there is TLS, the certificate and its name are checked.
/// Concurrency: see port/mailer.hpp; one thread of its own, on which `done` is called.
/// Errors: a 5xx for an address is `rejected`; a full queue, no connection, a failed login, 4xx and a
/// time-out are `unavailable`. The destructor answers what is left with `unavailable`.
class SmtpMailer final : public Mailer {
 public:
  explicit SmtpMailer(SmtpSettings settings);
  ~SmtpMailer() override;
  void send(Mail mail, MailDone done) override;
  /// Idempotent.
  void stop();

 private:
  struct Transfer;
  struct Multi;
  void run();
  void start_waiting();
  void finish(Transfer& transfer, int code);

  const SmtpSettings settings_;
  std::unique_ptr<Multi> multi_;
  std::mutex mutex_;
  std::deque<std::unique_ptr<Transfer>> waiting_;  ///< Guarded by mutex_.
  bool stopping_ = false;                          ///< Guarded by mutex_.
  std::thread thread_;
};

}  // namespace scalemart
