#include "app/frame_socket.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <future>
#include <thread>

namespace scalemart {
namespace {

using namespace std::chrono_literals;

/// One end under test, on a thread of its own; the other one is a bare descriptor.
struct FrameSocketTest : ::testing::Test {
  FrameSocketTest() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
    socket = std::make_unique<FrameSocket>(ends[0]);
    far = ends[1];
    timeval patience{10, 0};
    ::setsockopt(far, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ended = std::async(std::launch::async, [this] {
      return socket->run([this](frame::Message message, std::size_t bytes) {
        size += bytes;
        if (const auto* steer = std::get_if<frame::Steer>(&message)) numbers.push_back(steer->number);
        return numbers.size() < 1000;
      });
    });
  }
  ~FrameSocketTest() override {
    socket->close();
    hang_up();
    if (ended.valid()) ended.wait();
  }
  void hang_up() {
    if (far >= 0) ::close(far);
    far = -1;
  }
  void write(std::span<const std::byte> bytes) {
    ASSERT_EQ(::send(far, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  std::string why() { return ended.wait_for(10s) == std::future_status::ready ? ended.get() : "it goes on"; }
  /// What arrives at the far end until it closes, or until there are so many bytes.
  std::size_t arrived(std::size_t most = SIZE_MAX) {
    std::vector<char> buffer(65536);
    std::size_t total = 0;
    for (ssize_t n = 1; total < most && n > 0; total += static_cast<std::size_t>(std::max<ssize_t>(n, 0)))
      n = ::recv(far, buffer.data(), buffer.size(), 0);
    return total;
  }
  std::unique_ptr<FrameSocket> socket;
  int far = -1;
  std::size_t size = 0;
  std::vector<std::uint32_t> numbers;
  std::future<std::string> ended;
};

TEST_F(FrameSocketTest, CarriesFramesInTheirOrder) {
  for (std::uint32_t n = 1; n <= 100; ++n) write(frame::encode(frame::Steer{n, 0}));
  hang_up();
  EXPECT_EQ(why(), "the other end has gone");
  ASSERT_EQ(numbers.size(), 100u);
  for (std::uint32_t n = 0; n < 100; ++n) EXPECT_EQ(numbers[n], n + 1);
}

TEST_F(FrameSocketTest, WhatWasSentLeavesBeforeTheEnd) {
  const Bytes frame = frame::encode(frame::Refused{std::string(400, 'x')});
  for (int i = 0; i < 5000; ++i) socket->send(frame);  // far more than a socket's buffer
  socket->close();
  socket->send(frame);
  EXPECT_EQ(arrived(5000 * frame.size()), 5000 * frame.size());
  EXPECT_EQ(why(), "closed");
}

TEST_F(FrameSocketTest, AnEndThatIsToldToCloseDoesNotWaitForAReaderForEver) {
  for (int i = 0; i < 5000; ++i) socket->send(frame::encode(frame::Refused{std::string(400, 'x')}));
  socket->close();
  EXPECT_EQ(why(), "closed");
}

TEST_F(FrameSocketTest, AnEndThatDoesNotReadIsCutOff) {
  const Bytes frame = frame::encode(frame::Refused{std::string(500, 'x')});
  for (std::size_t sent = 0; sent < FrameSocket::kOutMax + (8U << 20); sent += frame.size()) socket->send(frame);
  EXPECT_EQ(why(), "the other end does not read");
}

TEST_F(FrameSocketTest, GarbageEndsTheConnection) {
  write(std::as_bytes(std::span("\x02\x00\x00\x00\xff\xff", 6)));
  EXPECT_EQ(why(), "a frame of an unknown kind");
}

TEST_F(FrameSocketTest, AFrameThatIsTooLargeEndsTheConnection) {
  write(std::as_bytes(std::span("\x00\x00\x00\x7f", 4)));
  EXPECT_EQ(why(), "a frame that is empty or too large");
}

TEST_F(FrameSocketTest, HttpIsNoFrame) {
  write(std::as_bytes(std::span("GET / HTTP/1.1\r\n\r\n", 18)));
  EXPECT_EQ(why(), "a frame that is empty or too large");
}

TEST_F(FrameSocketTest, ATruncatedFrameIsNotHeard) {
  const Bytes frame = frame::encode(frame::Steer{1, 1});
  write(std::span(frame).first(frame.size() - 1));
  hang_up();
  EXPECT_EQ(why(), "the other end has gone");
  EXPECT_TRUE(numbers.empty());
}

TEST_F(FrameSocketTest, AListenerThatHasEnoughEndsIt) {
  for (std::uint32_t n = 0; n < 1000; ++n) write(frame::encode(frame::Steer{n, 0}));
  EXPECT_EQ(why(), "the other end says more than is heard");
}

}  // namespace
}  // namespace scalemart
