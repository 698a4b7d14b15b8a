#pragma once
// A client of the control socket as a stream that never waits for ever.

#include <boost/asio/buffer.hpp>
#include <boost/system/system_error.hpp>
#include <chrono>
#include <utility>

namespace scalemart {

/// Purpose: Beast's SyncReadStream and SyncWriteStream over a non-blocking socket. A wait longer than `patience`
/// ends with timed_out, one in which `wake` becomes readable with operation_aborted. (Asio's own blocking socket
/// knows neither: behind SO_RCVTIMEO it polls without an end.)
/// Concurrency: one thread.
class ControlStream {
 public:
  ControlStream(int fd, int wake, std::chrono::milliseconds patience) : fd_(fd), wake_(wake), patience_(patience) {}
  ~ControlStream();
  ControlStream(const ControlStream&) = delete;
  ControlStream& operator=(const ControlStream&) = delete;

  /// Gives the socket away; nothing but the destruction may follow.
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

  template <class Buffers>
  std::size_t read_some(const Buffers& buffers, boost::system::error_code& failed) {
    return receive(first_of<boost::asio::mutable_buffer>(buffers), failed);
  }
  template <class Buffers>
  std::size_t write_some(const Buffers& buffers, boost::system::error_code& failed) {
    return send(first_of<boost::asio::const_buffer>(buffers), failed);
  }
  // The throwing forms that the stream concepts name.
  template <class Buffers>
  std::size_t read_some(const Buffers& buffers) {
    boost::system::error_code failed;
    const std::size_t size = read_some(buffers, failed);
    if (failed) throw boost::system::system_error(failed);
    return size;
  }
  template <class Buffers>
  std::size_t write_some(const Buffers& buffers) {
    boost::system::error_code failed;
    const std::size_t size = write_some(buffers, failed);
    if (failed) throw boost::system::system_error(failed);
    return size;
  }

 private:
  /// The first that is not empty: to move some bytes is all that is asked for.
  template <class One, class Buffers>
  static One first_of(const Buffers& buffers) {
    const auto end = boost::asio::buffer_sequence_end(buffers);
    for (auto at = boost::asio::buffer_sequence_begin(buffers); at != end; ++at)
      if (const One one(*at); one.size() > 0) return one;
    return {};
  }
  std::size_t receive(boost::asio::mutable_buffer to, boost::system::error_code& failed);
  std::size_t send(boost::asio::const_buffer from, boost::system::error_code& failed);
  bool wait(short events, boost::system::error_code& failed) const;

  int fd_;
  int wake_;
  std::chrono::milliseconds patience_;
};

}  // namespace scalemart
