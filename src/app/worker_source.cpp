#include "app/worker_source.hpp"

#include <atomic>
#include <utility>

#include "app/process_place.hpp"
#include "app/queue_link.hpp"
#include "app/stream_source.hpp"
#include "app/version.hpp"
#include "fulfilment/remote/remote_addresses.hpp"
#include "fulfilment/remote/remote_queue.hpp"

namespace scalemart {
namespace {

frame::Hello hello_of(const WorkerSourceParts& parts) {
  const WorkerPlace here = process_place();
  return {"", here.host, here.pid, std::string(version()), parts.payment};
}

/// The server on the same data folder, over its control socket.
class ServerSource final : public WorkerSource {
 public:
  explicit ServerSource(const WorkerSourceParts& parts)
      : queue_(parts.loop, parts.clock, hello_of(parts)),
        link_({parts.config.data, parts.options.patience},
              {[this](const std::shared_ptr<FrameLink>& link) {
                 away_ = false;
                 addresses_.connected(link);
                 queue_.connected(link);
               },
               [this](frame::Message message) { sort(std::move(message)); },
               [this] {
                 away_ = true;
                 addresses_.disconnected();
                 queue_.disconnected();
               },
               [this] { return queue_.fault(); }},
              parts.clock) {}

  OrderQueue& queue() override { return queue_; }
  WorkerOffice& office() override { return queue_; }
  AddressBook& addresses() override { return addresses_; }
  void add_before(FulfilmentLoop& loop) override { loop.add(queue_); }
  void add_after(FulfilmentLoop& loop) override { loop.add(queue_.sender()); }
  void start() override { link_.start(); }
  void stop() override { link_.stop(); }
  [[nodiscard]] bool is_away() const override { return away_; }
  [[nodiscard]] std::optional<std::string> fault() const override { return link_.fault(); }

 private:
  void sort(frame::Message message) {
    if (auto* contact = std::get_if<frame::ContactAnswer>(&message)) return addresses_.received(std::move(*contact));
    queue_.received(std::move(message));
  }

  std::atomic<bool> away_{true};
  RemoteAddresses addresses_;
  RemoteQueue queue_;
  QueueLink link_;
};

}  // namespace

Result<std::unique_ptr<WorkerSource>> open_worker_source(const WorkerSourceParts& parts) {
  if (parts.config.is_shared()) return open_stream_source(parts);
  return std::unique_ptr<WorkerSource>(std::make_unique<ServerSource>(parts));
}

}  // namespace scalemart
