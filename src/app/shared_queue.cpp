#include "app/shared_queue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <future>

#include "app/process_place.hpp"

namespace scalemart {

std::string unique_process_name() {
  SecureRandom random;
  return fmt::format("{}-{:016x}", process_name(), random.next());
}

OrderStreams open_order_streams(const SharedRedis& redis) {
  return {redis.client(), {redis.keys(), redis.partitions()}};
}

StreamQueueSettings stream_queue_settings(const Config& config, const std::string& process) {
  StreamQueueSettings settings;
  settings.process = process;
  settings.lease_ttl = config.worker_lease;
  return settings;
}

RegistryBeatsSettings beats_settings(const std::string& process, bool in_server) {
  RegistryBeatsSettings settings;
  settings.process = process;
  settings.place = process_place();
  settings.place.in_server = in_server;
  return settings;
}

std::chrono::nanoseconds heartbeat_every(const Config& config, std::chrono::nanoseconds usual) {
  return std::min<std::chrono::nanoseconds>(usual, config.worker_lease / 4);
}

void end_stream_queue(StreamQueue& queue, FulfilmentLoop& loop, const Clock& clock,
                      std::chrono::milliseconds patience) {
  const SteadyTime until = clock.steady() + patience;
  std::promise<void> never;
  const std::future<void> pause = never.get_future();
  for (bool settled = false; !settled && clock.steady() < until;) {
    loop.call([&] {
      queue.turn();
      settled = queue.is_settled();
    });
    if (!settled) pause.wait_for(std::chrono::milliseconds(5));
  }
  queue.stop(patience);
}

}  // namespace scalemart
