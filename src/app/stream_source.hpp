#pragma once
// The orders of a shared shop: from the streams in Redis, decided by the database.

#include <memory>

#include "app/worker_source.hpp"

namespace scalemart {

/// Opens database and Redis as a gateway does; the error is one line that names the setting. Later on nothing makes it
/// give up: what cannot be reached is asked again.
[[nodiscard]] Result<std::unique_ptr<WorkerSource>> open_stream_source(const WorkerSourceParts& parts);

}  // namespace scalemart
