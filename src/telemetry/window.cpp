#include "telemetry/window.hpp"

#include <algorithm>

namespace scalemart {

Percentiles percentiles(const HistogramCounts& counts, double unit) {
  Percentiles out;
  out.count = counts.total();
  if (out.count == 0) return out;
  const auto at = [&](double q) { return static_cast<double>(log_linear::quantile(counts.counts, q)) * unit; };
  out.p50 = at(0.5);
  out.p90 = at(0.9);
  out.p99 = at(0.99);
  out.p999 = at(0.999);
  out.mean = counts.sum / static_cast<double>(out.count);
  return out;
}

double WindowView::buys_per_second_of(std::string_view outcome) const {
  const auto found = buys_per_second.find(outcome);
  return found == buys_per_second.end() ? 0.0 : found->second;
}

void WindowHistory::add(WindowSample sample) {
  const std::lock_guard guard(mutex_);
  ring_[next_] = std::move(sample);
  next_ = (next_ + 1) % ring_.size();
  filled_ = std::min(filled_ + 1, ring_.size());
}

WindowView WindowHistory::view(unsigned seconds) const {
  const std::lock_guard guard(mutex_);
  WindowView out;
  if (filled_ < 2) return out;
  const std::size_t size = ring_.size();
  const std::size_t back = std::min<std::size_t>(std::max(seconds, 1U), filled_ - 1);
  const WindowSample& last = ring_[(next_ + size - 1) % size];
  const WindowSample& first = ring_[(next_ + size - 1 - back) % size];
  out.seconds = std::chrono::duration<double>(last.at - first.at).count();
  if (out.seconds <= 0) return WindowView{};
  const auto rate = [&](std::uint64_t now, std::uint64_t then) {
    return static_cast<double>(now - then) / out.seconds;
  };
  out.http_per_second = rate(last.http_requests, first.http_requests);
  for (const auto& [outcome, count] : last.buys) {
    const auto before = first.buys.find(outcome);
    out.buys_per_second[outcome] = rate(count, before == first.buys.end() ? 0 : before->second);
  }
  out.buy_seconds = percentiles(last.buy.since(first.buy), 1e-6);
  out.commit_seconds = percentiles(last.commit.since(first.commit), 1e-6);
  out.batch_size = percentiles(last.batch.since(first.batch), 1.0);
  return out;
}

}  // namespace scalemart
