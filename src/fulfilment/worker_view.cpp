// What the console sees of a worker.
#include <algorithm>

#include "fulfilment/worker.hpp"

namespace scalemart {

WorkerView Worker::view() const {
  WorkerView view;
  view.id = settings_.name;
  view.draining = draining_;
  view.concurrency = scaling_.concurrency;
  view.bounds = settings_.concurrency;
  view.last_error = last_error_;
  view.last_error_at = last_error_at_;
  view.in_flight = sale_used_;
  view.papers_in_flight = paper_used_;
  view.confirmed = confirmed_;
  view.declined = declined_;
  view.retries = retries_;
  view.parked = parked_;
  view.papers_done = papers_done_;
  view.lost = lost_;
  for (std::size_t i = 0; i < breakers_.size(); ++i) view.breakers[i] = breakers_[i].state();
  return view;
}

std::vector<FinishedStep> Worker::history(std::size_t limit) const {
  std::vector<FinishedStep> entries;
  for (std::size_t i = 0; i < std::min(limit, history_.size()); ++i)
    entries.push_back(history_[(history_next_ + settings_.history * 2 - 1 - i) % settings_.history]);
  return entries;
}

}  // namespace scalemart
