#pragma once
// The server's side of the control socket: operators' commands beside a running sale.

#include <chrono>
#include <filesystem>
#include <memory>
#include <thread>

#include "app/operations.hpp"
#include "app/worker_links.hpp"
#include "base/result.hpp"

namespace scalemart {

/// Purpose: HTTP/1.1 on <data>/control.sock (mode 0600: who may open it may do everything), one command at a
/// time, carried out by `operations`. A worker asks to be let through (GET /control/worker, Upgrade) and leaves this
/// queue for `workers`; without them it is refused. A client that says or takes nothing for `patience` is left.
/// Concurrency: a thread of its own; construct and destroy from one thread. Destruction waits for the
/// command that is under way, but not for a client to ask or to read.
class ControlServer {
 public:
  [[nodiscard]] static Result<std::unique_ptr<ControlServer>> start(const std::filesystem::path& data_folder,
                                                                    Operations& operations,
                                                                    WorkerLinks* workers = nullptr,
                                                                    std::chrono::milliseconds patience = kPatience);
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

 private:
  static constexpr std::chrono::seconds kPatience{10};

  ControlServer(int listener, std::filesystem::path socket, Operations& operations, WorkerLinks* workers,
                std::chrono::milliseconds patience);
  void run();

  int listener_;
  int wake_;  ///< An eventfd: stop.
  std::filesystem::path socket_;
  Operations& operations_;
  WorkerLinks* workers_;
  std::chrono::milliseconds patience_;
  std::thread thread_;
};

}  // namespace scalemart
