#pragma once
// The server's ends of the connections with workers of other processes.

#include <atomic>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

#include "app/contacts.hpp"
#include "app/frame_socket.hpp"
#include "fulfilment/remote/remote_workers.hpp"

namespace scalemart {

/// Purpose: one thread for each connection; what a worker says goes to RemoteWorkers, and buyers' addresses are told
/// out of the accounts. Concurrency: enter() from one thread at a time, has_room() from any. Destruction ends the
/// connections; the accounts may answer afterwards.
class WorkerLinks {
 public:
  static constexpr std::size_t kMax = 64;

  WorkerLinks(RemoteWorkers& workers, AccountStore& accounts) : workers_(workers), accounts_(accounts) {}
  ~WorkerLinks();
  WorkerLinks(const WorkerLinks&) = delete;
  WorkerLinks& operator=(const WorkerLinks&) = delete;

  [[nodiscard]] bool has_room() const noexcept { return open_ < kMax; }
  /// Takes the descriptor over: what follows on it are frames.
  void enter(int fd);

 private:
  struct Peer {
    std::shared_ptr<FrameSocket> socket;
    std::atomic<bool> ended{false};
    std::thread thread;
  };
  void serve(Peer& peer);
  void bury();

  RemoteWorkers& workers_;
  AccountStore& accounts_;
  std::atomic<std::size_t> open_{0};
  std::list<Peer> peers_;
};

}  // namespace scalemart
