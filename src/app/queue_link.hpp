#pragma once
// A worker's end of the connection with the server on its data folder.

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "app/frame_socket.hpp"
#include "base/random.hpp"

namespace scalemart {

/// Purpose: finds the server's control socket, asks there to be let through as a worker, carries frames; when the
/// server goes it comes back, with a wait that grows to two seconds. Concurrency: a thread of its own, on which the
/// listener is called; start() and stop() from one thread, fault() from any.
class QueueLink {
 public:
  struct Listener {
    std::function<void(std::shared_ptr<FrameLink>)> connected;
    std::function<void(frame::Message)> received;
    std::function<void()> disconnected;
    /// Why there is no use in trying again; asked after a connection ended.
    std::function<std::optional<std::string>()> fault;
  };
  struct Options {
    std::filesystem::path folder;
    std::chrono::nanoseconds patience{};  ///< Without a server; zero: for ever.
  };

  QueueLink(Options options, Listener listener, const Clock& clock);
  ~QueueLink();
  QueueLink(const QueueLink&) = delete;
  QueueLink& operator=(const QueueLink&) = delete;

  void start();
  /// Lets what was sent leave, then ends. Idempotent.
  void stop();
  /// One line: it cannot go on.
  [[nodiscard]] std::optional<std::string> fault() const;

 private:
  /// Why there is no connection now.
  struct Setback {
    std::string reason;
    bool hopeless = false;
  };

  void run();
  [[nodiscard]] boost::system::result<int, Setback> connect();
  void converse(int fd);
  void complain(const Setback& setback, SteadyTime alone_since);
  [[nodiscard]] bool pause(std::chrono::nanoseconds time);

  const Options options_;
  const Listener listener_;
  const Clock& clock_;
  SecureRandom random_;
  SteadyTime complain_at_{};
  std::chrono::nanoseconds complain_every_{};
  mutable std::mutex mutex_;
  std::condition_variable stop_;
  std::shared_ptr<FrameSocket> socket_;  ///< Guarded by mutex_.
  int asking_ = -1;                      ///< The descriptor of a connection not let through yet. Guarded by mutex_.
  bool stopping_ = false;                ///< Guarded by mutex_.
  std::optional<std::string> fault_;     ///< Guarded by mutex_.
  std::thread thread_;
};

}  // namespace scalemart
