#include "gateway/event_stream.hpp"

#include <gtest/gtest.h>

#include <mutex>
#include <thread>

#include "gateway/test_gateway.hpp"

namespace scalemart {
namespace {

using namespace testing;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// A route that hands out streams, and the list of them.
struct Publisher {
  std::mutex mutex;
  std::vector<EventStream> readers;
  std::atomic<int> closed{0};
  StreamOptions::Overflow overflow = StreamOptions::Overflow::keep_latest;

  Routes routes() {
    Routes r;
    r.push_back(route(Method::get, "/events", [this](Exchange& x) {
      StreamOptions options;
      options.overflow = overflow;
      options.first = event_text("stock", "{\"available\":9}", "1");
      options.on_close = [this] { ++closed; };
      EventStream stream = x.stream(std::move(options));
      const std::lock_guard lock(mutex);
      readers.push_back(std::move(stream));
    }));
    return r;
  }
  std::size_t publish(const EventStream::Text& text) {
    const std::lock_guard lock(mutex);
    std::erase_if(readers, [&](const EventStream& r) { return !r.send(text); });
    return readers.size();
  }
  std::size_t size() {
    const std::lock_guard lock(mutex);
    return readers.size();
  }
};

TEST(EventStream, SendsWhatIsPublishedAndBeats) {
  Publisher publisher;
  TestGateway server(publisher.routes());
  RawClient client(server);
  client.send(get("/events", "Last-Event-ID: 77\r\nAccept: text/event-stream\r\n"));
  ASSERT_TRUE(server.eventually([&] { return publisher.size() == 1; }));
  const std::string head = client.read_until("\r\n\r\n");
  EXPECT_NE(head.find("Content-Type: text/event-stream\r\n"), std::string::npos);
  EXPECT_NE(head.find("Cache-Control: no-store\r\n"), std::string::npos);
  EXPECT_EQ(head.find("Content-Length"), std::string::npos);
  EXPECT_EQ(client.read_until("\n\n"), "event: stock\nid: 1\ndata: {\"available\":9}\n\n");
  publisher.publish(event_text("stock", "{\"available\":8}"));
  EXPECT_EQ(client.read_until("\n\n"), "event: stock\ndata: {\"available\":8}\n\n");
  server.clock.advance(milliseconds(15'100));
  EXPECT_EQ(client.read_until("\n\n"), ": still here\n\n");
}

TEST(EventStream, ReadersThatLeaveAreForgotten) {
  Publisher publisher;
  TestGateway server(publisher.routes());
  {
    RawClient client(server);
    client.send(get("/events"));
    client.read_until("\n\n");
    ASSERT_TRUE(server.eventually([&] { return publisher.size() == 1; }));
    EXPECT_EQ(publisher.publish(event_text("a", "1")), 1u);
  }
  EXPECT_TRUE(server.eventually([&] { return publisher.closed == 1; }));
  EXPECT_EQ(publisher.publish(event_text("a", "2")), 0u);
}

TEST(EventStream, SlowReadersGetTheLatestOnly) {
  Publisher publisher;
  TestGateway server(publisher.routes());
  RawClient slow(server, 4096);
  slow.send(get("/events"));
  ASSERT_TRUE(server.eventually([&] { return publisher.size() == 1; }));
  const std::string filler(50'000, 'f');
  for (int i = 0; i < 400; ++i) {
    publisher.publish(event_text("stock", filler + std::to_string(i)));
    if (i % 40 == 0) ::poll(nullptr, 0, 2);
  }
  int events = 0;
  std::string last;
  do {
    last = slow.read_until("\n\n");
    ++events;
  } while (!last.empty() && !last.ends_with("f399\n\n"));
  EXPECT_TRUE(last.ends_with("f399\n\n"));
  EXPECT_LT(events, 400);
}

TEST(EventStream, ReadersThatMustNotMissAnythingAreDroppedInstead) {
  Publisher publisher;
  publisher.overflow = StreamOptions::Overflow::close;
  TestGateway server(publisher.routes());
  RawClient slow(server, 4096);
  slow.send(get("/events"));
  ASSERT_TRUE(server.eventually([&] { return publisher.size() == 1; }));
  const auto large = event_text("order", std::string(50'000, 'f'));
  bool dropped = false;
  for (int i = 0; i < 1000 && !dropped; ++i) {
    dropped = publisher.publish(large) == 0;
    ::poll(nullptr, 0, 1);
  }
  EXPECT_TRUE(dropped);
  server.clock.advance(seconds(11));
  EXPECT_TRUE(server.eventually([&] { return publisher.closed == 1; }));
}

TEST(EventStream, CloseEndsItAfterWhatWasSent) {
  Publisher publisher;
  TestGateway server(publisher.routes());
  RawClient client(server);
  client.send(get("/events"));
  ASSERT_TRUE(server.eventually([&] { return publisher.size() == 1; }));
  publisher.publish(event_text("bye", "1"));
  publisher.readers.front().close();
  const std::string all = client.read_all();
  EXPECT_TRUE(all.ends_with("event: bye\ndata: 1\n\n")) << all;
}

TEST(EventStream, DrainEndsStreams) {
  Publisher publisher;
  TestGateway server(publisher.routes());
  RawClient client(server);
  client.send(get("/events"));
  client.read_until("\n\n");
  std::thread drainer([&] { server.gateway->drain(seconds(1)); });
  client.read_all();
  client.close();
  drainer.join();
  EXPECT_EQ(publisher.closed, 1);
  EXPECT_EQ(publisher.publish(event_text("a", "1")), 0u);
}

TEST(EventStream, ManyReadersShareOneText) {
  Publisher publisher;
  TestGateway server(publisher.routes());
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 300; ++i) {
    clients.push_back(std::make_unique<RawClient>(server));
    clients.back()->send(get("/events"));
    clients.back()->read_until("\n\n");
  }
  ASSERT_TRUE(server.eventually([&] { return publisher.size() == 300; }));
  auto text = event_text("stock", "last");
  publisher.publish(text);
  for (auto& client : clients) {
    std::string event;
    do event = client->read_until("\n\n");
    while (!event.empty() && event.find("last") == std::string::npos);
    ASSERT_EQ(event, *text);
  }
  EXPECT_TRUE(server.eventually([&] { return text.use_count() == 1; })) << "nobody keeps what was sent";
}

}  // namespace
}  // namespace scalemart
