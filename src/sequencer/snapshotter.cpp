#include "sequencer/snapshotter.hpp"

#include "base/check.hpp"
#include "base/task_pool.hpp"
#include "ledger/snapshot_codec.hpp"

namespace scalemart {

Snapshotter::~Snapshotter() {
  static_cast<void>(finish());
}

std::optional<SnapshotReport> Snapshotter::finish() {
  if (!thread_.joinable()) return std::nullopt;
  state_.wait(kOffered);
  auto report = collect();
  state_.store(kStopping);
  state_.notify_one();
  thread_.join();
  return report;
}

void Snapshotter::offer(Snapshot snapshot, const ChainHash& hash) {
  SCALEMART_CHECK(is_idle());
  job_.emplace(Job{std::move(snapshot), hash, {}});
  state_.store(kOffered, std::memory_order_release);
  state_.notify_one();
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
}

std::optional<SnapshotReport> Snapshotter::collect() {
  if (state_.load(std::memory_order_acquire) != kDone) return std::nullopt;
  SnapshotReport report = std::move(job_->report);
  job_.reset();
  state_.store(kIdle, std::memory_order_relaxed);
  return report;
}

SnapshotReport Snapshotter::write_now(Snapshot snapshot, const ChainHash& hash) {
  Job job{std::move(snapshot), hash, {}};
  write(job);
  return std::move(job.report);
}

void Snapshotter::run() {
  yield_to_the_sale(true);
  for (;;) {
    const int state = state_.load(std::memory_order_acquire);
    if (state == kStopping) return;
    if (state != kOffered) {
      state_.wait(state);
      continue;
    }
    write(*job_);
    state_.store(kDone, std::memory_order_release);
    state_.notify_one();
  }
}

void Snapshotter::write(Job& job) {
  SnapshotReport& report = job.report;
  report.sequence = job.snapshot.sequence;
  const SteadyTime begin = clock_.steady();
  const auto written = store_->write({job.snapshot.sequence, job.hash}, [&](const SnapshotStore::Sink& sink) {
    return write_snapshot(job.snapshot, [&](std::span<const std::byte> block) {
      report.bytes += block.size();
      return sink(block);
    });
  });
  report.took = clock_.steady() - begin;
  if (!written) report.failure = written.error();
}

}  // namespace scalemart
