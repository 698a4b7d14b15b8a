#pragma once
// Where a worker's orders come from: the one thing that differs between the queues a worker may stand at.

#include <memory>
#include <optional>
#include <string>

#include "app/config.hpp"
#include "app/programs.hpp"
#include "base/result.hpp"
#include "fulfilment/loop.hpp"
#include "fulfilment/worker_office.hpp"
#include "port/mailer.hpp"
#include "port/order_queue.hpp"

namespace scalemart {

/// Purpose: the order queue, the office that shows and steers the worker, and the buyers' addresses, connected.
/// Life: construct; add_before() and add_after() to the loop, around the worker; start(); fault() is watched;
/// the worker leaves the queue and the loop turns once more; stop(). Concurrency: is_away() and fault() from any
/// thread.
class WorkerSource {
 public:
  virtual ~WorkerSource() = default;
  [[nodiscard]] virtual OrderQueue& queue() = 0;
  [[nodiscard]] virtual WorkerOffice& office() = 0;
  [[nodiscard]] virtual AddressBook& addresses() = 0;
  virtual void add_before(FulfilmentLoop& loop) = 0;
  virtual void add_after(FulfilmentLoop& loop) = 0;
  virtual void start() = 0;
  virtual void stop() = 0;
  /// No orders come now: what they come from cannot be reached.
  [[nodiscard]] virtual bool is_away() const = 0;
  /// One line: there is no use in going on.
  [[nodiscard]] virtual std::optional<std::string> fault() const = 0;
};

struct WorkerSourceParts {
  const Config& config;
  const WorkerOptions& options;
  FulfilmentLoop& loop;
  const Clock& clock;
  std::string payment;  ///< The provider's name.
};

/// The queue that the configuration names.
[[nodiscard]] Result<std::unique_ptr<WorkerSource>> open_worker_source(const WorkerSourceParts& parts);

}  // namespace scalemart
