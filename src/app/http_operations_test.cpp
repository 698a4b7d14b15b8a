// Commands through a real control socket: HttpOperations -> ControlServer -> a shop in memory.

#include "app/http_operations.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "app/control_server.hpp"
#include "app/control_socket.hpp"
#include "app/fake_operations.hpp"

namespace scalemart {
namespace {

namespace fs = std::filesystem;

class ControlSocket : public testing::Test {
 protected:
  // Longer than sockaddr_un allows.
  ControlSocket()
      : folder_(fs::temp_directory_path() / ("scalemart-control-" + std::to_string(getpid())) / std::string(120, 'd')) {
    fs::create_directories(folder_);
    server_ = std::move(ControlServer::start(folder_, shop_)).value();
    client_ = std::move(HttpOperations::connect(folder_)).value();
  }
  ~ControlSocket() override { fs::remove_all(folder_.parent_path()); }

  fs::path folder_;
  FakeOperations shop_;
  std::unique_ptr<ControlServer> server_;
  std::unique_ptr<HttpOperations> client_;
};

TEST_F(ControlSocket, IsForItsOwnerAlone) {
  struct stat found {};
  ASSERT_EQ(stat((folder_ / "control.sock").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
  EXPECT_EQ(server_presence(folder_), ServerPresence::running);
  server_.reset();
  EXPECT_EQ(server_presence(folder_), ServerPresence::absent);
}

TEST_F(ControlSocket, UsersComeBackAsTheyWereMade) {
  const auto made = client_->create_user({"a+b@x.example", "correct horse", "A \"B\"", Role::admin}).value();
  EXPECT_EQ(made.email, "a+b@x.example");
  EXPECT_EQ(made.name, "A \"B\"");
  EXPECT_EQ(made.role, Role::admin);
  EXPECT_EQ(made.id, shop_.users.at("a+b@x.example").id);
  const auto page = client_->list_users(10, "").value();
  ASSERT_EQ(page.users.size(), 1U);
  EXPECT_EQ(page.users[0].created_at, made.created_at);
  ASSERT_TRUE(client_->set_user_disabled("a+b@x.example", true));
  EXPECT_TRUE(shop_.users.at("a+b@x.example").disabled);
  ASSERT_TRUE(client_->set_role("a+b@x.example", Role::buyer));
  EXPECT_EQ(shop_.users.at("a+b@x.example").role, Role::buyer);
  ASSERT_TRUE(client_->set_password("a+b@x.example", "another horse"));
  EXPECT_EQ(shop_.passwords.at("a+b@x.example"), "another horse");
}

TEST_F(ControlSocket, RefusalsKeepTheirKindAndCode) {
  ASSERT_TRUE(client_->create_user({"a@x.example", "correct horse", "", Role::buyer}));
  const auto taken = client_->create_user({"a@x.example", "correct horse", "", Role::buyer});
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().kind, Refusal::Kind::refused);
  EXPECT_EQ(taken.error().code, "email_taken");
  const auto weak = client_->create_user({"b@x.example", "x", "", Role::buyer});
  ASSERT_FALSE(weak);
  EXPECT_EQ(weak.error().kind, Refusal::Kind::wrong_input);
}

TEST_F(ControlSocket, TokensAreStreamedAndCounted) {
  std::vector<std::string> tokens;
  ASSERT_TRUE(client_->seed_users({5000, std::chrono::seconds(60)}, [&](std::string_view token) {
    tokens.emplace_back(token);
    return true;
  }));
  ASSERT_EQ(tokens.size(), 5000U);
  EXPECT_EQ(tokens.front(), "token-0");
  EXPECT_EQ(tokens.back(), "token-4999");
  EXPECT_FALSE(client_->seed_users({10, std::chrono::seconds(60)}, [](std::string_view) { return false; }));
}

TEST_F(ControlSocket, ProductsAreTheApisObjects) {
  ASSERT_TRUE(client_->create_product({{"id", "tea"}, {"total", 5}, {"name", "Tea"}}));
  EXPECT_EQ(client_->get_product("tea").value().at("name"), "Tea");
  EXPECT_TRUE(client_->change_product("tea", {{"starts_at", nullptr}}).value().at("starts_at").is_null());
  EXPECT_EQ(client_->adjust_stock("tea", -2, "broken").value().at("total"), 3);
  EXPECT_EQ(client_->set_paused("tea", true).value().at("state"), "paused");
  EXPECT_EQ(client_->list_products().value().size(), 1U);
  ASSERT_TRUE(client_->remove_product("tea"));
  EXPECT_EQ(client_->get_product("tea").error().code, "product_not_found");
}

TEST_F(ControlSocket, ReportsSurviveTheTrip) {
  shop_.verdict.ok = false;
  shop_.verdict.drift = -3;
  shop_.verdict.problems = {"one", "two"};
  const auto report = client_->verify().value();
  EXPECT_FALSE(report.ok);
  EXPECT_EQ(report.drift, -3);
  EXPECT_EQ(report.problems, shop_.verdict.problems);
  EXPECT_EQ(report.head, 7U);
  const auto backup = client_->backup("/some/where").value();
  EXPECT_EQ(backup.folder, "/some/where");
  EXPECT_EQ(backup.bytes, 42U);
  EXPECT_EQ(client_->rotate_key().value(), "k2");
  EXPECT_EQ(client_->stats().value().at("accepted"), 3);
}

/// Connects and says `words`; reads nothing.
class StalledClient {
 public:
  StalledClient(const fs::path& folder, std::string_view words) : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const auto name = ControlSocketName::in(folder);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, name->text().c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(send(fd_, words.data(), words.size(), MSG_NOSIGNAL), static_cast<ssize_t>(words.size()));
  }
  ~StalledClient() { close(fd_); }
  StalledClient(const StalledClient&) = delete;
  StalledClient& operator=(const StalledClient&) = delete;

 private:
  int fd_;
};

constexpr std::string_view kSilence;
constexpr std::string_view kSeedThatNobodyReads =
    "POST /control/users/seed HTTP/1.1\r\nContent-Length: 37\r\n\r\n{\"count\":1000000000,\"ttl_seconds\":60}";

TEST_F(ControlSocket, StalledClientsAreLeft) {
  server_.reset();
  server_ = std::move(ControlServer::start(folder_, shop_, nullptr, std::chrono::milliseconds(50))).value();
  for (const auto words : {kSilence, kSeedThatNobodyReads, std::string_view("GET /control/st")}) {
    const StalledClient stalled(folder_, words);
    EXPECT_TRUE(HttpOperations::connect(folder_).value()->stats());
  }
}

TEST_F(ControlSocket, StalledClientsDoNotHoldUpTheStop) {
  for (const auto words : {kSilence, kSeedThatNobodyReads, std::string_view("GET /control/st")}) {
    server_.reset();
    server_ = std::move(ControlServer::start(folder_, shop_, nullptr, std::chrono::hours(1))).value();
    const StalledClient stalled(folder_, words);
    server_.reset();  // The test hangs here when it does.
  }
}

TEST_F(ControlSocket, ServerThatIsGoneIsCannotRun) {
  server_.reset();
  const auto answer = client_->stats();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Refusal::Kind::cannot_run);
}

TEST_F(ControlSocket, QueueIsAskedAndSteered) {
  using Object = QueueOperations::Object;
  QueueOperations& queue = client_->queue();
  EXPECT_EQ(queue.overview(true).value(), shop_.orders.shown);
  EXPECT_EQ(shop_.orders.told, (Object{{"history", true}}));
  EXPECT_EQ(queue.dead_letters({{"step", "mail"}}).value(), shop_.orders.letters);
  EXPECT_EQ(shop_.orders.told, (Object{{"step", "mail"}}));
  EXPECT_EQ(queue.order("X").value().at("order").at("id"), "X");
  EXPECT_EQ(queue.order("nobody").error().code, "order_not_found");
  EXPECT_EQ(queue.settle_dead(true, {{"all", true}}).value(), shop_.orders.settled);
  EXPECT_EQ(shop_.orders.told, (Object{{"all", true}, {"retry", true}}));
  EXPECT_EQ(queue.set_queue_paused(true).value(), (Object{{"paused", true}}));
  EXPECT_EQ(queue.set_concurrency("w", Concurrency(2, 9)).value().at("concurrency"), "2..9");
  EXPECT_EQ(queue.set_concurrency("w", 4).value().at("concurrency"), "4");
}

}  // namespace
}  // namespace scalemart
