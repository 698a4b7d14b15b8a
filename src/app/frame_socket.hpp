#pragma once
// A connected socket that carries frames, one end of it.

#include <atomic>
#include <functional>
#include <mutex>
#include <string>

#include "base/clock.hpp"
#include "fulfilment/remote/frame_link.hpp"
#include "fulfilment/remote/frames.hpp"

namespace scalemart {

/// Purpose: reads frames and writes them, on the thread that run()s it. Concurrency: send() and close() from any
/// thread, they never block; run() once. Memory: what is not written yet, at most kOutMax bytes: an end that does not
/// read is cut off.
class FrameSocket final : public FrameLink {
 public:
  static constexpr std::size_t kOutMax = std::size_t{64} << 20;

  /// Takes the descriptor over.
  explicit FrameSocket(int fd);
  ~FrameSocket() override;
  FrameSocket(const FrameSocket&) = delete;
  FrameSocket& operator=(const FrameSocket&) = delete;

  void send(Bytes frame) override;
  void close() override;

  /// Receives a message and its frame's size; false ends the connection.
  using OnMessage = std::function<bool(frame::Message, std::size_t)>;
  /// Until either end closes or breaks the rules; says why.
  [[nodiscard]] std::string run(const OnMessage& on_message);

 private:
  [[nodiscard]] bool read(const OnMessage& on_message, std::string& why);
  [[nodiscard]] bool write(std::string& why);
  /// Takes what was sent meanwhile; true while there is something to write.
  [[nodiscard]] bool refill();
  void wake() noexcept;

  const int fd_;
  const int wake_;  ///< An eventfd: there is something to write, or it is to end.
  FrameReader reader_;
  Bytes writing_;
  std::size_t written_ = 0;
  std::mutex mutex_;
  Bytes out_;              ///< Guarded by mutex_.
  bool closing_ = false;   ///< Guarded by mutex_.
  bool overflow_ = false;  ///< Guarded by mutex_.
};

}  // namespace scalemart
