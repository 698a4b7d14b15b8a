#pragma once
// The order queue of a shared shop as a process of workers opens it.

#include <memory>
#include <string>

#include "app/config.hpp"
#include "app/shared_stores.hpp"
#include "backend/redis/process_registry.hpp"
#include "backend/redis/stream_queue.hpp"
#include "fulfilment/loop.hpp"
#include "fulfilment/shared/registry_beats.hpp"

namespace scalemart {

/// Purpose: gives the queue its turn on the fulfilment loop.
class StreamQueueTurn final : public Turnable {
 public:
  explicit StreamQueueTurn(StreamQueue& queue) : queue_(queue) {}
  SteadyTime turn(SteadyTime) override {
    queue_.turn();
    return kNever;
  }

 private:
  StreamQueue& queue_;
};

/// process_name() and chance: no process before or after has the same.
[[nodiscard]] std::string unique_process_name();
[[nodiscard]] OrderStreams open_order_streams(const SharedRedis& redis);
[[nodiscard]] StreamQueueSettings stream_queue_settings(const Config& config, const std::string& process);
[[nodiscard]] RegistryBeatsSettings beats_settings(const std::string& process, bool in_server);
/// Heartbeats are a quarter of a lease apart at most.
[[nodiscard]] std::chrono::nanoseconds heartbeat_every(const Config& config, std::chrono::nanoseconds usual);
/// After the workers have left the queue: waits until the record has answered what they told last, tells the streams
/// what became of it, and ends the queue. At most about twice `patience`.
void end_stream_queue(StreamQueue& queue, FulfilmentLoop& loop, const Clock& clock, std::chrono::milliseconds patience);

}  // namespace scalemart
