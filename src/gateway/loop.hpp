#pragma once
// One event loop: one thread, its listening sockets, its connections.
//
// Why not io_context: Asio 1.81 spends a second system call on every request (a recv that finds nothing, or
// an epoll_ctl to arm again) and a lock and a queue on every event. At a hundred thousand requests a second
// that is a tenth of the machine. Here a request is one recv and one send, and epoll_wait is shared by all
// that are ready; see the README of this folder for what it measured. Operation: edge-triggered epoll; per
// turn all ready sockets, then the mailbox, then those that had more to do, then deadlines. Concurrency:
// run() on its own thread; post() and mailbox() from any.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "gateway/connection.hpp"
#include "gateway/connection_limits.hpp"
#include "gateway/head_writer.hpp"
#include "gateway/mailbox.hpp"
#include "gateway/middleware/pipeline.hpp"
#include "gateway/tls.hpp"
#include "gateway/wheel.hpp"

namespace scalemart {

/// What all loops share; outlives them.
struct Shared {
  const GatewayOptions& options;
  const Clock& clock;
  const Pipeline& pipeline;
  ConnectionLimits& limits;
  TlsSlot* tls = nullptr;  ///< nullptr: plain HTTP.
};

class Loop {
 public:
  /// listeners: listening and non-blocking; owned from here on.
  Loop(std::size_t index, std::vector<int> listeners, const Shared& shared, std::unique_ptr<Guards> guards,
       Random& random);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Returns after stop().
  void run();
  void stop();
  /// Accepts what already waits (unless the next process will), then nothing more; idle connections are closed, the
  /// others after their answer.
  void drain();
  [[nodiscard]] const std::shared_ptr<Mailbox>& mailbox() const { return mailbox_; }
  /// Connections that are here, for metrics and drain.
  [[nodiscard]] std::size_t connections() const { return connection_count_.load(std::memory_order_relaxed); }
  /// When the loop last went round; for health. Nanoseconds of SteadyTime.
  [[nodiscard]] SteadyTime last_turn() const {
    return SteadyTime(std::chrono::nanoseconds(last_turn_ns_.load(std::memory_order_relaxed)));
  }

  // --- for connections --------------------------------------------------------------------------------
  static constexpr std::size_t kInputBytes = 32 * 1024;
  static constexpr std::size_t kOutputBytes = 64 * 1024;

  [[nodiscard]] std::size_t index() const { return index_; }
  [[nodiscard]] SteadyTime now() const { return now_; }
  [[nodiscard]] const Shared& shared() const { return shared_; }
  [[nodiscard]] const Timeouts& timeouts() const { return shared_.options.timeouts; }
  [[nodiscard]] bool is_draining() const { return draining_; }
  [[nodiscard]] OutBuffer& out() { return out_; }
  [[nodiscard]] const HeadWriter& heads() const { return heads_; }
  [[nodiscard]] char* input() { return input_.get(); }
  [[nodiscard]] Guards& guards() { return *guards_; }
  [[nodiscard]] RequestScratch& scratch() { return scratch_; }
  [[nodiscard]] RequestParser* take_parser();
  void give_parser(RequestParser* parser);
  [[nodiscard]] std::string_view new_request_id();
  [[nodiscard]] std::uint64_t new_token(std::uint32_t slot) { return (++serial_ << kSlotBits) | slot; }
  void set_deadline(Connection& connection, SteadyTime deadline) { wheel_.set(connection, deadline); }
  void go_on_later(Connection& connection);
  /// The connection is closed; it is destroyed at the end of the turn.
  void bury(Connection& connection);

 private:
  static constexpr unsigned kSlotBits = 24;
  static constexpr std::size_t kNewsPerTurn = 256;  ///< Stream writes between looks at the sockets.

  void accept_all();
  void accept_from(int listener);
  void admit(int fd, const IpAddress& address);
  void stop_listening();
  void read_mail();
  void deliver_news();
  void run_again_list();
  [[nodiscard]] Connection* connection_of(std::uint64_t token);

  const std::size_t index_;
  const Shared shared_;
  int epoll_ = -1;
  std::vector<int> listeners_;
  int spare_fd_ = -1;  ///< Given up for a moment when descriptors run out, so that accept can go on.
  std::unique_ptr<Guards> guards_;
  std::shared_ptr<Mailbox> mailbox_;
  Mailbox::Contents mail_;
  std::vector<std::shared_ptr<StreamReader>> news_;
  std::size_t news_next_ = 0;

  SteadyTime now_;
  Wheel wheel_;
  HeadWriter heads_;
  OutBuffer out_;
  std::unique_ptr<char[]> input_;
  RequestScratch scratch_;
  std::vector<std::unique_ptr<RequestParser>> parsers_;
  std::vector<RequestParser*> free_parsers_;

  std::vector<std::unique_ptr<Connection>> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::vector<Connection*> again_;
  std::vector<std::unique_ptr<Connection>> graveyard_;
  std::uint64_t serial_ = 0;
  std::array<char, 24> request_id_{};
  std::uint64_t request_count_ = 0;
  bool draining_ = false;
  bool stopping_ = false;
  std::atomic<std::size_t> connection_count_{0};
  std::atomic<std::int64_t> last_turn_ns_{0};
};

}  // namespace scalemart
