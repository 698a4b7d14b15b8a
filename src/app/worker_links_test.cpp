// A worker's way in: QueueLink -> control.sock -> ControlServer -> WorkerLinks -> RemoteWorkers, over real sockets.
#include "app/worker_links.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <condition_variable>
#include <cstring>

#include "app/control_server.hpp"
#include "app/control_socket.hpp"
#include "app/fake_operations.hpp"
#include "app/queue_link.hpp"
#include "fulfilment/remote/remote_addresses.hpp"
#include "port/account_store_memory.hpp"

namespace scalemart {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

/// A queue without orders that knows who stands at it.
class EmptyQueue final : public OrderQueue {
 public:
  WorkerRef join(std::string_view) override { return 0; }
  void leave(WorkerRef) override {}
  std::size_t lease(WorkerRef, Lane, std::size_t, std::vector<Task>&) override { return 0; }
  bool heartbeat(WorkerRef) override { return true; }
  bool complete(WorkerRef, Completion, CompletionSink&, std::uint64_t) override { return false; }
  void release(WorkerRef, OrderId, std::uint32_t, std::uint16_t, bool, std::chrono::nanoseconds) override {}
};

class WorkerLinksTest : public ::testing::Test {
 protected:
  WorkerLinksTest() : folder_(fs::temp_directory_path() / ("scalemart-links-" + std::to_string(getpid()))) {
    fs::create_directories(folder_);
    loop_.add(workers_);
    loop_.start();
  }
  ~WorkerLinksTest() override {
    stop_server();
    loop_.stop();
    fs::remove_all(folder_);
  }
  void start_server(bool with_workers = true) {
    if (with_workers) links_ = std::make_unique<WorkerLinks>(workers_, accounts_);
    server_ = std::move(ControlServer::start(folder_, shop_, links_.get())).value();
  }
  void stop_server() {
    server_.reset();
    links_.reset();
  }
  std::unique_ptr<QueueLink> link(std::chrono::nanoseconds patience = {}) {
    auto made = std::make_unique<QueueLink>(
        QueueLink::Options{folder_, patience},
        QueueLink::Listener{[this](std::shared_ptr<FrameLink> to) {
                              addresses_.connected(to);
                              to->send(frame::encode(frame::Hello{"w", "h", 7, "1", "simulated"}));
                              note("connected");
                            },
                            [this](frame::Message message) {
                              if (auto* contact = std::get_if<frame::ContactAnswer>(&message))
                                return addresses_.received(std::move(*contact));
                              if (std::holds_alternative<frame::Welcome>(message)) note("welcome");
                              if (auto* refused = std::get_if<frame::Refused>(&message)) note(refused->reason);
                            },
                            [this] {
                              addresses_.disconnected();
                              note("gone");
                            },
                            [] { return std::optional<std::string>(); }},
        clock_);
    made->start();
    return made;
  }
  void note(std::string what) {
    const std::lock_guard lock(mutex_);
    heard_.push_back(std::move(what));
    changed_.notify_all();
  }
  bool hears(std::vector<std::string> what) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 20s, [&] { return heard_ == what; });
  }
  static std::optional<std::string> fault_of(QueueLink& link) {
    for (int i = 0; i < 2000; ++i) {
      if (auto fault = link.fault()) return fault;
      std::this_thread::sleep_for(10ms);
    }
    return std::nullopt;
  }
  /// One HTTP request on the control socket; the answer's first bytes.
  std::string ask(const std::string& request) {
    const auto name = std::move(ControlSocketName::in(folder_)).value();
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, name.text().c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_GT(::send(fd, request.data(), request.size(), MSG_NOSIGNAL), 0);
    std::string answer(4096, '\0');
    const ssize_t count = ::recv(fd, answer.data(), answer.size(), 0);
    answer.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    ::close(fd);
    return answer;
  }

  fs::path folder_;
  SystemClock clock_;
  FulfilmentLoop loop_{clock_};
  EmptyQueue queue_;
  RemoteWorkersSettings settings_{30s, "simulated", {}};
  RemoteWorkers workers_{queue_, loop_, clock_, {}, settings_};
  test::MemoryAccountStore accounts_;
  FakeOperations shop_;
  RemoteAddresses addresses_;
  std::unique_ptr<WorkerLinks> links_;
  std::unique_ptr<ControlServer> server_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> heard_;
};

TEST_F(WorkerLinksTest, AWorkerIsLetThroughAndTheSocketIsFreeForCommands) {
  start_server();
  const auto worker = link();
  ASSERT_TRUE(hears({"connected", "welcome"}));
  std::vector<WorkerView> views;
  loop_.call([&] { views = workers_.views(); });
  ASSERT_EQ(views.size(), 1u);
  EXPECT_EQ(views[0].id, "w");
  EXPECT_EQ(views[0].place.pid, 7u);
  EXPECT_TRUE(ask("GET /control/stats HTTP/1.1\r\nHost: x\r\n\r\n").starts_with("HTTP/1.1 200"));
}

TEST_F(WorkerLinksTest, AWorkerWaitsForItsServerAndComesBackToTheNextOne) {
  const auto worker = link();
  std::this_thread::sleep_for(100ms);
  start_server();
  ASSERT_TRUE(hears({"connected", "welcome"}));
  stop_server();
  ASSERT_TRUE(hears({"connected", "welcome", "gone"}));
  start_server();
  ASSERT_TRUE(hears({"connected", "welcome", "gone", "connected", "welcome"}));
  EXPECT_FALSE(worker->fault().has_value());
}

TEST_F(WorkerLinksTest, AWorkerThatIsStoppedStopsWhereverItIs) {
  auto lonely = link();
  lonely.reset();
  start_server();
  auto worker = link();
  ASSERT_TRUE(hears({"connected", "welcome"}));
  worker.reset();
  ASSERT_TRUE(hears({"connected", "welcome", "gone"}));
  std::vector<WorkerView> views(1);
  for (int i = 0; i < 1000 && !views.empty(); ++i) {
    loop_.call([&] { views = workers_.views(); });
    std::this_thread::sleep_for(5ms);
  }
  EXPECT_TRUE(views.empty());
}

TEST_F(WorkerLinksTest, PatienceHasAnEnd) {
  const auto worker = link(300ms);
  EXPECT_EQ(fault_of(*worker), "gave up: no server runs on this data folder");
}

TEST_F(WorkerLinksTest, AServerThatTakesNoWorkersIsHopeless) {
  start_server(false);
  const auto worker = link();
  const auto fault = fault_of(*worker);
  ASSERT_TRUE(fault.has_value());
  EXPECT_NE(fault->find("404"), std::string::npos) << *fault;
}

TEST_F(WorkerLinksTest, AnotherLanguageIsRefused) {
  start_server();
  const std::string head = "GET /control/worker HTTP/1.1\r\nHost: x\r\n";
  EXPECT_TRUE(ask(head + "\r\n").starts_with("HTTP/1.1 426"));
  EXPECT_TRUE(ask(head + "Connection: Upgrade\r\nUpgrade: scalemart-worker/99\r\n\r\n").starts_with("HTTP/1.1 426"));
  EXPECT_TRUE(ask(head + "Connection: Upgrade\r\nUpgrade: scalemart-worker/3\r\n\r\n").starts_with("HTTP/1.1 101"));
  EXPECT_TRUE(ask("POST /control/worker HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n").starts_with("HTTP/1.1 404"));
}

TEST_F(WorkerLinksTest, AFolderThatIsNoneIsHopeless) {
  std::FILE* file = std::fopen((folder_ / "file").c_str(), "w");
  ASSERT_NE(file, nullptr);
  std::fclose(file);
  const fs::path folder = folder_;
  folder_ /= "file";
  const auto worker = link();
  const auto fault = fault_of(*worker);
  folder_ = folder;
  ASSERT_TRUE(fault.has_value());
  EXPECT_NE(fault->find("Not a directory"), std::string::npos) << *fault;
}

TEST_F(WorkerLinksTest, OnlySoManyWorkersAtATime) {
  start_server();
  std::vector<std::unique_ptr<QueueLink>> some;
  std::vector<std::string> expected;
  for (std::size_t i = 0; i < WorkerLinks::kMax; ++i) some.push_back(link());
  for (int i = 0; i < 2000 && links_->has_room(); ++i) std::this_thread::sleep_for(5ms);
  EXPECT_FALSE(links_->has_room());
  EXPECT_TRUE(
      ask("GET /control/worker HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: scalemart-worker/3\r\n\r\n")
          .starts_with("HTTP/1.1 503"));
}

TEST_F(WorkerLinksTest, AddressesAreTold) {
  Account ann;
  ann.id = UserId{1, 2};
  ann.email = "ann@example.com";
  ann.name = "Ann";
  ASSERT_TRUE(accounts_.create(ann, std::nullopt, {}, [](StoreOutcome) {}));
  EXPECT_FALSE(addresses_.contact(ann.id).has_value()) << "no server yet";
  start_server();
  const auto worker = link();
  ASSERT_TRUE(hears({"connected", "welcome"}));
  const auto found = addresses_.contact(ann.id);
  ASSERT_TRUE(found.has_value() && found->has_value());
  EXPECT_EQ((*found)->email, "ann@example.com");
  EXPECT_EQ((*found)->name, "Ann");
  const auto nobody = addresses_.contact(UserId{3, 4});
  ASSERT_TRUE(nobody.has_value());
  EXPECT_FALSE(nobody->has_value());
}

TEST_F(WorkerLinksTest, AccountsThatAreBusyAreNotThoseThatHaveNoAddress) {
  accounts_.set_full(true);
  start_server();
  const auto worker = link();
  ASSERT_TRUE(hears({"connected", "welcome"}));
  EXPECT_FALSE(addresses_.contact(UserId{1, 2}).has_value());
}

}  // namespace
}  // namespace scalemart
