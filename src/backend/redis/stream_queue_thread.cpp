// The side of the queue that speaks with Redis, on its own thread.
#include <sys/prctl.h>

#include <algorithm>
#include <utility>

#include "backend/redis/stream_queue.hpp"
#include "base/check.hpp"
#include "telemetry/log.hpp"

namespace scalemart {
namespace {

constexpr auto kUnclaimed = std::chrono::seconds(1);  // leased ahead and not fetched by its worker
constexpr auto kUnknownProduct = std::chrono::seconds(1);
constexpr auto kTellAgain = std::chrono::milliseconds(200);  // after Redis was away
constexpr int kReclaimsInATtl = 4;

}  // namespace

void StreamQueue::start() {
  SCALEMART_CHECK(!thread_.joinable());
  thread_ = std::thread([this] { run(); });
}

void StreamQueue::stop(std::chrono::milliseconds patience) {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  news_.notify_all();
  if (thread_.joinable()) thread_.join();
  const SteadyTime until = parts_.clock.steady() + patience;
  while (parts_.clock.steady() < until && !tell()) {
    std::unique_lock lock(mutex_);
    news_.wait_for(lock, std::min<std::chrono::milliseconds>(kTellAgain, patience));
  }
}

bool StreamQueue::is_away() const {
  const std::lock_guard lock(mutex_);
  return away_;
}

void StreamQueue::step() {
  static_cast<void>(round());
}

void StreamQueue::run() {
  ::prctl(PR_SET_NAME, "order-queue");
  for (;;) {
    const SteadyTime next = round();
    std::unique_lock lock(mutex_);
    const auto left = std::clamp<std::chrono::nanoseconds>(next - parts_.clock.steady(), std::chrono::nanoseconds(0),
                                                           settings_.poll_max);
    news_.wait_for(lock, left, [this] { return stopping_ || has_news(); });
    if (stopping_) return;
  }
}

/// Under mutex_: something is to be done now.
bool StreamQueue::has_news() const {
  const SteadyTime now = parts_.clock.steady();
  if ((!put_backs_.empty() || !finished_.empty()) && now >= told_at_) return true;
  return std::any_of(members_.begin(), members_.end(), [&](const Member& member) {
    return (member.beat && now >= told_at_) || (now >= poll_at_ && member.wanted[0] + member.wanted[1] > 0);
  });
}

/// When to come back.
SteadyTime StreamQueue::round() {
  const SteadyTime now = parts_.clock.steady();
  static_cast<void>(tell());
  renew();
  return_stale(now);
  bool look = false;
  {
    const std::lock_guard lock(mutex_);
    look = now >= poll_at_;
  }
  const bool found = look && fetch(now);
  note_away();
  const std::lock_guard lock(mutex_);
  if (look) {
    pause_ = found ? settings_.poll_min : std::min(pause_ * 2, settings_.poll_max);
    poll_at_ = parts_.clock.steady() + pause_;
  }
  return poll_at_;
}

void StreamQueue::note_away() {
  const bool away = !streams_.why_away().empty();
  const std::lock_guard lock(mutex_);
  if (std::exchange(away_, away) == away) return;
  if (away)
    log::warn("order_queue_away", {{"why", streams_.why_away()}});
  else
    log::info("order_queue_back", {});
}

// --- what is to be told

bool StreamQueue::tell() {
  std::vector<PutBack> put_backs;
  std::map<Place, std::vector<OrderStreams::Finished>> finished;
  {
    const std::lock_guard lock(mutex_);
    put_backs.swap(put_backs_);
    finished.swap(finished_);
  }
  bool told = tell_finished(finished);
  std::size_t done = 0;
  while (told && done < put_backs.size()) {
    const PutBack& next = put_backs[done];
    told = streams_.put_back(next.consumer, next.stream, next.delay, settings_.within);
    if (told) ++done;
  }
  if (told) return true;
  const std::lock_guard lock(mutex_);
  put_backs_.insert(put_backs_.begin(), put_backs.begin() + static_cast<std::ptrdiff_t>(done), put_backs.end());
  for (auto& [place, list] : finished) {
    auto& waiting = finished_[place];
    waiting.insert(waiting.begin(), list.begin(), list.end());
  }
  told_at_ = parts_.clock.steady() + kTellAgain;
  return false;
}

/// Leaves what could not be told.
bool StreamQueue::tell_finished(std::map<Place, std::vector<OrderStreams::Finished>>& finished) {
  for (auto at = finished.begin(); at != finished.end(); at = finished.erase(at))
    if (!streams_.finish(at->first.first, at->first.second, at->second, settings_.within)) return false;
  return true;
}

// --- leases

void StreamQueue::renew() {
  struct Due {
    WorkerRef worker;
    std::string consumer;
    std::map<Place, std::vector<std::string>> entries;
    std::map<Place, std::vector<std::string>> lost;
  };
  std::vector<Due> dues;
  {
    const std::lock_guard lock(mutex_);
    for (WorkerRef worker = 0; worker < members_.size(); ++worker) {
      Member& member = members_[worker];
      if (!std::exchange(member.beat, false)) continue;
      Due& due = dues.emplace_back(Due{worker, member.consumer, {}, {}});
      for (const auto& [place, held] : member.held)
        if (!held.empty()) due.entries[place].assign(held.begin(), held.end());
    }
  }
  for (Due& due : dues) {
    bool told = true;
    for (const auto& [place, entries] : due.entries)
      told =
          told && streams_.renew(place.first, place.second, due.consumer, entries, due.lost[place], settings_.within);
    const std::lock_guard lock(mutex_);
    Member& member = members_[due.worker];
    if (!told) {
      member.beat = member.present;
      told_at_ = parts_.clock.steady() + kTellAgain;
    }
    // They may be somebody else's by now, whom the record's fence protects; or Redis forgot them, and the work
    // that is under way is as good as ever.
    for (const auto& [place, entries] : due.lost)
      for (const std::string& entry : entries) member.lapsed = member.held[place].erase(entry) > 0 || member.lapsed;
  }
}

void StreamQueue::return_stale(SteadyTime now) {
  const std::lock_guard lock(mutex_);
  for (Member& member : members_) {
    for (std::size_t i = 0; i < kLaneCount; ++i) {
      auto& lane = member.fetched[i];
      while (!lane.empty() && lane.front().at + kUnclaimed < now) {
        member.wanted[i] = 0;  // until it asks again
        member.drop(lane.front().stream);
        put_backs_.push_back({member.consumer, std::move(lane.front().stream), {}});
        lane.pop_front();
      }
    }
  }
}

/// True: something was found.
bool StreamQueue::fetch(SteadyTime now) {
  struct Demand {
    WorkerRef worker;
    std::string consumer;
  };
  std::vector<Demand> demands;
  {
    const std::lock_guard lock(mutex_);
    for (WorkerRef worker = 0; worker < members_.size(); ++worker)
      if (members_[worker].present) demands.push_back({worker, members_[worker].consumer});
    ++first_partition_;
  }
  bool found = false;
  for (const Demand& demand : demands) {
    for (std::uint32_t i = 0; i < streams_.partitions(); ++i) {
      const std::uint32_t partition = (first_partition_ + i) % streams_.partitions();
      OrderStreams::Wanted wanted;
      {
        const std::lock_guard lock(mutex_);
        const Member& member = members_[demand.worker];
        for (std::size_t lane = 0; lane < kLaneCount; ++lane) {
          const std::size_t here = member.fetched[lane].size();
          const std::size_t most = std::min(member.wanted[lane], settings_.batch_max);
          wanted.count[lane] = most > here ? most - here : 0;
        }
      }
      if (wanted.count[0] + wanted.count[1] == 0) break;
      if (now >= reclaim_at_[partition]) {
        wanted.silent_for = settings_.lease_ttl;
        reclaim_at_[partition] = now + settings_.lease_ttl / kReclaimsInATtl;
      }
      found = fetch_for(demand.worker, demand.consumer, wanted, partition) || found;
    }
  }
  if (found) parts_.wake();
  return found;
}

bool StreamQueue::fetch_for(WorkerRef worker, const std::string& consumer, OrderStreams::Wanted wanted,
                            std::uint32_t partition) {
  std::vector<StreamLease> leases;
  if (!streams_.lease(partition, consumer, wanted, leases, settings_.within)) return false;
  std::vector<Fetched> fetched;
  for (StreamLease& lease : leases) {
    auto product = parts_.product(lease.order.product);
    fetched.push_back({std::move(lease), std::move(product), parts_.clock.steady()});
  }
  const std::lock_guard lock(mutex_);
  Member& member = members_[worker];
  for (Fetched& order : fetched) {
    if (order.product == nullptr || !member.present) {
      put_backs_.push_back({consumer, std::move(order.stream),
                            order.product == nullptr ? kUnknownProduct : std::chrono::milliseconds(0)});
      continue;
    }
    const Lane lane = order.stream.order.lane;
    member.held[{partition, lane}].insert(order.stream.entry);
    member.fetched[static_cast<std::size_t>(lane)].push_back(std::move(order));
  }
  return !fetched.empty();
}

}  // namespace scalemart
