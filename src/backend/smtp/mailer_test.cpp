// The SMTP mailer against a small server on a free port of this machine.
#include "backend/smtp/mailer.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <map>

namespace scalemart {
namespace {

/// Speaks enough SMTP to take mail, one thread a connection.
class SmtpSink {
 public:
  SmtpSink() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&at), size), 0);
    EXPECT_EQ(listen(listener_, 16), 0);
    EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size), 0);
    port = ntohs(at.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~SmtpSink() {
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    {
      const std::lock_guard lock(mutex);
      for (const int fd : open_) shutdown(fd, SHUT_RDWR);
    }
    for (std::thread& session : sessions_) session.join();
    close(listener_);
  }
  [[nodiscard]] std::string url() const { return "smtp://127.0.0.1:" + std::to_string(port); }

  std::uint16_t port = 0;
  std::mutex mutex;
  std::vector<std::string> mails;              ///< Everything between DATA and the dot.
  std::map<std::string, std::string> replies;  ///< To a command's first word, instead of the usual one.
  std::string greeting = "220 sink";
  std::atomic<int> connections{0};

 private:
  void accept_all() {
    for (;;) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      ++connections;
      const std::lock_guard lock(mutex);
      open_.push_back(fd);
      sessions_.emplace_back([this, fd] {
        talk(fd);
        const std::lock_guard closing(mutex);
        std::erase(open_, fd);
        close(fd);
      });
    }
  }
  static bool read_line(int fd, std::string& buffer, std::string& line) {
    for (;;) {
      if (const std::size_t end = buffer.find("\r\n"); end != std::string::npos) {
        line = buffer.substr(0, end);
        buffer.erase(0, end + 2);
        return true;
      }
      char bytes[4096];
      const ssize_t size = recv(fd, bytes, sizeof bytes, 0);
      if (size <= 0) return false;
      buffer.append(bytes, static_cast<std::size_t>(size));
    }
  }
  static void say(int fd, const std::string& line) {
    const std::string out = line + "\r\n";
    static_cast<void>(::send(fd, out.data(), out.size(), MSG_NOSIGNAL));
  }
  void talk(int fd) {
    std::string buffer, line;
    say(fd, greeting);
    while (read_line(fd, buffer, line)) {
      const std::string word = line.substr(0, line.find(' '));
      std::string reply = word == "DATA" ? "354 go on" : word == "QUIT" ? "221 bye" : "250 ok";
      {
        const std::lock_guard lock(mutex);
        if (const auto at = replies.find(word); at != replies.end()) reply = at->second;
      }
      say(fd, reply);
      if (word == "QUIT") return;
      if (!reply.starts_with("354")) continue;
      std::string mail;
      while (read_line(fd, buffer, line) && line != ".") mail += line + "\n";
      {
        const std::lock_guard lock(mutex);
        mails.push_back(mail);
      }
      say(fd, "250 taken");
    }
  }

  int listener_;
  std::vector<int> open_;
  std::vector<std::thread> sessions_;
  std::thread acceptor_;
};

struct SmtpMailerTest : ::testing::Test {
  SmtpSettings settings() {
    auto parsed = parse_smtp(sink.url());
    EXPECT_TRUE(parsed);
    return *parsed;
  }
  static Mail mail(std::uint64_t n = 1) {
    Mail m;
    m.order = {1, n};
    m.to = "ann@example.com";
    m.subject = "Your order";
    m.text = "Hello\n.\n..two dots\n";
    return m;
  }
  static std::future<MailResult> send(SmtpMailer& mailer, Mail m) {
    const auto promise = std::make_shared<std::promise<MailResult>>();
    std::future<MailResult> result = promise->get_future();
    mailer.send(std::move(m), [promise](MailResult r) { promise->set_value(std::move(r)); });
    return result;
  }
  SmtpSink sink;
};

TEST_F(SmtpMailerTest, DeliversTheMessageAsItWasBuilt) {
  SmtpMailer mailer(settings());
  const MailResult result = send(mailer, mail()).get();
  ASSERT_EQ(result.outcome, MailOutcome::sent) << result.detail;
  const std::lock_guard lock(sink.mutex);
  ASSERT_EQ(sink.mails.size(), 1u);
  EXPECT_NE(sink.mails[0].find("Message-ID: <" + to_string(mail().order) + ".confirmation@localhost>"),
            std::string::npos);
  EXPECT_NE(sink.mails[0].find("\n\nHello\n..\n...two dots\n"), std::string::npos) << "dots are stuffed on the wire";
}

TEST_F(SmtpMailerTest, KeepsAFewConnectionsForManyMails) {
  SmtpMailer mailer(settings());
  std::vector<std::future<MailResult>> results;
  for (std::uint64_t n = 0; n < 100; ++n) results.push_back(send(mailer, mail(n)));
  for (auto& result : results) EXPECT_EQ(result.get().outcome, MailOutcome::sent);
  EXPECT_LE(sink.connections, 4);
  const std::lock_guard lock(sink.mutex);
  EXPECT_EQ(sink.mails.size(), 100u);
}

TEST_F(SmtpMailerTest, ARefusedAddressIsRejectedAndABusyServerTriedAgainLater) {
  SmtpMailer mailer(settings());
  {
    const std::lock_guard lock(sink.mutex);
    sink.replies["RCPT"] = "550 no such user";
  }
  EXPECT_EQ(send(mailer, mail()).get().outcome, MailOutcome::rejected);
  {
    const std::lock_guard lock(sink.mutex);
    sink.replies["RCPT"] = "451 try later";
  }
  const MailResult busy = send(mailer, mail()).get();
  EXPECT_EQ(busy.outcome, MailOutcome::unavailable);
  EXPECT_NE(busy.detail.find("451"), std::string::npos) << busy.detail;
}

TEST_F(SmtpMailerTest, AServerThatTurnsUsAwayIsUnavailable) {
  sink.greeting = "554 go away";
  SmtpMailer mailer(settings());
  EXPECT_EQ(send(mailer, mail()).get().outcome, MailOutcome::unavailable);
}

TEST_F(SmtpMailerTest, NobodyListeningIsUnavailable) {
  SmtpSettings s = settings();
  s.url = "smtp://127.0.0.1:1";
  SmtpMailer mailer(s);
  EXPECT_EQ(send(mailer, mail()).get().outcome, MailOutcome::unavailable);
}

TEST_F(SmtpMailerTest, ASilentServerRunsIntoTheDeadline) {
  SmtpSettings s = settings();
  s.patience = std::chrono::milliseconds(100);
  sink.greeting = "";  // an empty line is no greeting
  SmtpMailer mailer(s);
  EXPECT_EQ(send(mailer, mail()).get().outcome, MailOutcome::unavailable);
}

TEST_F(SmtpMailerTest, AnInjectionNeverReachesTheServer) {
  SmtpMailer mailer(settings());
  Mail m = mail();
  m.to = "ann@example.com>\r\nRCPT TO:<all@example.com";
  EXPECT_EQ(send(mailer, m).get().outcome, MailOutcome::rejected);
  EXPECT_EQ(sink.connections, 0);
}

TEST_F(SmtpMailerTest, AStoppedMailerAnswersEverything) {
  SmtpSettings s = settings();
  s.queue_max = 2;
  auto mailer = std::make_unique<SmtpMailer>(s);
  std::vector<std::future<MailResult>> results;
  for (std::uint64_t n = 0; n < 50; ++n) results.push_back(send(*mailer, mail(n)));
  mailer->stop();
  results.push_back(send(*mailer, mail()));
  mailer.reset();
  for (auto& result : results) result.get();
}

TEST(ParseSmtp, TakesHostPortAndLoginOnly) {
  const auto full = parse_smtp("smtps://shop:s%40fe@mail.example.com:465");
  ASSERT_TRUE(full);
  EXPECT_EQ(full->url, "smtps://mail.example.com:465");
  EXPECT_EQ(full->user, "shop");
  EXPECT_EQ(full->password, "s@fe");
  for (const char* bad : {"", "mail.example.com", "http://x", "smtp://", "smtp://h/path", "smtp://h?x=1",
                          "smtp://h:99999", "smtp://h?tls=maybe", "smtp://h?tls=off&x=1", "smtps://h?tls=off",
                          "smtp://u:p@h?tls=off", "smtp://u:p@h?tls=opportunistic"})
    EXPECT_FALSE(parse_smtp(bad)) << bad;
}

TEST(ParseSmtp, TlsIsWhatIsAskedForAndALoginRequiresIt) {
  const auto tls = [](const char* url, const char* user = "") { return parse_smtp(url, user, "p")->tls; };
  EXPECT_EQ(tls("smtp://h"), SmtpTls::opportunistic);
  EXPECT_EQ(tls("smtp://h?tls=off"), SmtpTls::off);
  EXPECT_EQ(tls("smtp://h?tls=required"), SmtpTls::required);
  EXPECT_EQ(tls("smtp://u:p@h"), SmtpTls::required);
  EXPECT_EQ(tls("smtp://h", "u"), SmtpTls::required);
  EXPECT_EQ(tls("smtp://127.0.0.1", "u"), SmtpTls::opportunistic) << "it does not leave the machine";
  EXPECT_EQ(tls("smtp://127.0.0.1?tls=off", "u"), SmtpTls::off);
  EXPECT_FALSE(parse_smtp("smtp://h?tls=off", "u", "p")) << "the user may come from a setting of its own";
}

}  // namespace
}  // namespace scalemart
