#include "admission/limiter.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <charconv>
#include <cstring>
#include <mutex>
#include <vector>

#include "admission/refusals.hpp"
#include "base/check.hpp"

namespace scalemart {
namespace {

constexpr std::size_t kShards = 64;
constexpr std::size_t kShardSlotsMin = 64;
constexpr std::int64_t kSweepPauseNs = 1'000'000'000;
constexpr std::size_t kGivenMax = 4096;  // a shard; what is more is not told

using Refusals = Limiter::Refusals;

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

struct Slot {
  LimitKey key;
  std::int64_t tat = kBucketFull;  ///< kBucketFull: the slot is free.
  RefusalTrace refusals;
};
static_assert(sizeof(Slot) == 32);

RefusalSecond second_of(std::int64_t now_ns) {
  return static_cast<RefusalSecond>(now_ns / 1'000'000'000);
}

/// Keyed by chance, so that nobody can choose keys that meet in one place.
struct KeyHash {
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  [[nodiscard]] std::uint64_t operator()(LimitKey key) const { return mix(key.hi ^ a, mix(key.lo ^ b, kOdd) | 1); }
  static constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15ULL;
};

/// Open addressing with linear probing, at most three quarters full, so that a probe ends soon. Everything is
/// guarded by `guard`.
class alignas(64) Shard {
 public:
  mutable std::mutex guard;
  BucketShape shape;
  std::uint64_t allowed = 0;
  std::uint64_t refused = 0;
  std::uint64_t untracked = 0;
  RefusalCount refusals;
  std::size_t used = 0;
  std::size_t buckets_max = 0;
  KeyHash hash;
  bool keeps_given = false;
  std::vector<LimitKey> given;  ///< One entry a token, since it was last asked.

  [[nodiscard]] Decision take(LimitKey key, std::uint64_t hashed, std::int64_t now_ns) {
    Slot* slot = find(key, hashed);
    if (slot == nullptr || slot->tat == kBucketFull) slot = insert(key, hashed, now_ns);
    std::int64_t unused = 0;
    std::int64_t& tat = slot == nullptr ? unused : slot->tat;
    if (slot == nullptr) {
      unused = kBucketFull;
      ++untracked;
    }
    const Decision decision = decide(tat, now_ns, shape, tat);
    if (decision.allowed) {
      ++allowed;
      if (keeps_given && given.size() < kGivenMax) given.push_back(key);
    } else {
      ++refused;
      const RefusalSecond second = second_of(now_ns);
      refusals.add(second);
      if (slot != nullptr) slot->refusals.add(second);
    }
    return decision;
  }

  /// Adds this shard's part; `all` and `largest` are estimates.
  void add_refusals(RefusalSecond now, Refusals& sum, double& all, double& largest) const {
    const std::uint64_t mine = refusals.last_minute(now);
    sum.refused += mine;
    if (mine == 0) return;
    for (const Slot& slot : slots_) {
      if (slot.tat == kBucketFull || !slot.refusals.in_last_minute(now)) continue;
      ++sum.distinct;
      const double estimate = slot.refusals.estimate(now);
      all += estimate;
      largest = std::max(largest, estimate);
    }
  }

  /// The bucket is at least as empty as that.
  void raise(LimitKey key, std::uint64_t hashed, std::int64_t tat, std::int64_t now_ns) {
    if (tat <= now_ns) return;
    Slot* slot = find(key, hashed);
    if (slot == nullptr || slot->tat == kBucketFull) slot = insert(key, hashed, now_ns);
    if (slot != nullptr) slot->tat = std::max(slot->tat, tat);
  }

  void reshape(const RatePolicy& policy, std::uint32_t parts, std::int64_t now_ns) {
    if (!policy.enabled) {
      slots_ = {};
      used = 0;
      given.clear();
      return;
    }
    shape = policy.shape();
    shape.period *= parts;
    shape.burst = std::max<std::int64_t>(1, shape.burst / parts);
    for (Slot& slot : slots_)
      if (slot.tat != kBucketFull) slot.tat = std::min(slot.tat, now_ns + shape.depth_ns());
  }

 private:
  /// The key's slot or the free one where its search ends; nullptr while there are no slots.
  [[nodiscard]] Slot* find(LimitKey key, std::uint64_t hashed) {
    if (slots_.empty()) return nullptr;
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t i = hashed & mask;; i = (i + 1) & mask) {
      Slot& slot = slots_[i];
      if (slot.tat == kBucketFull || slot.key == key) return &slot;
    }
  }

  /// nullptr: every bucket is in use and there may be no more.
  Slot* insert(LimitKey key, std::uint64_t hashed, std::int64_t now_ns) {
    const bool at_limit = used >= buckets_max;
    if (at_limit || 4 * (used + 1) > 3 * slots_.size()) {
      const bool swept_lately = now_ns < next_sweep_ns_ && now_ns >= next_sweep_ns_ - kSweepPauseNs;
      if (at_limit && swept_lately) return nullptr;
      make_room(now_ns);
      if (used >= buckets_max) return nullptr;
    }
    Slot* slot = find(key, hashed);
    *slot = {key, kBucketFull + 1, {}};
    ++used;
    return slot;
  }

  /// Evicts what is full again; grows when most of the table is in use all the same.
  void make_room(std::int64_t now_ns) {
    const std::vector<Slot> old = std::move(slots_);
    const auto busy = static_cast<std::size_t>(
        std::count_if(old.begin(), old.end(), [&](const Slot& slot) { return slot.tat > now_ns; }));
    slots_ = std::vector<Slot>(
        std::bit_ceil(std::clamp(busy * 2, kShardSlotsMin, std::max(kShardSlotsMin, buckets_max * 4 / 3))));
    used = busy;
    for (const Slot& slot : old)
      if (slot.tat > now_ns) *find(slot.key, hash(slot.key)) = slot;
    next_sweep_ns_ = now_ns + kSweepPauseNs;
  }

  std::vector<Slot> slots_;
  std::int64_t next_sweep_ns_ = INT64_MIN + kSweepPauseNs;
};

/// value / unit, rounded up.
std::uint64_t ceil_seconds(std::chrono::nanoseconds time) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  const std::int64_t ns = std::max<std::int64_t>(time.count(), 0);
  return static_cast<std::uint64_t>(ns / kSecond + (ns % kSecond != 0));
}

}  // namespace

class Limiter::Table {
 public:
  Table(const RatePolicy& policy, const KeyHash& hash, std::size_t buckets_max) : hash_(hash) {
    for (Shard& shard : shards_) {
      shard.hash = hash;
      shard.buckets_max = std::max<std::size_t>(1, buckets_max / kShards);
    }
    change(policy, SteadyTime{});
  }

  void keep_given() {
    for (Shard& shard : shards_) {
      const std::lock_guard lock(shard.guard);
      shard.keeps_given = true;
    }
  }

  void take_given(PolicyId policy, std::vector<Given>& out) {
    BucketShape shape;
    {
      const std::lock_guard lock(policy_guard_);
      if (!policy_.enabled) return;
      shape = policy_.shape();
    }
    for (Shard& shard : shards_) {
      const std::lock_guard lock(shard.guard);
      for (const LimitKey key : shard.given) out.push_back({policy, key, shape});
      shard.given.clear();
    }
  }

  void raise(LimitKey key, std::chrono::nanoseconds ahead, SteadyTime now) {
    if (!enabled_.load(std::memory_order_acquire)) return;
    const std::uint64_t hashed = hash_(key);
    Shard& shard = shards_[hashed >> 58];
    const std::lock_guard lock(shard.guard);
    const std::int64_t now_ns = now.time_since_epoch().count();
    shard.raise(key, hashed, now_ns + ahead.count(), now_ns);
  }

  void share(std::uint32_t parts, SteadyTime now) {
    const std::lock_guard lock(policy_guard_);
    if (parts_ == parts) return;
    parts_ = parts;
    apply(now);
  }

  Decision take(LimitKey key, SteadyTime now) noexcept {
    if (!enabled_.load(std::memory_order_acquire)) return {};
    const std::uint64_t hashed = hash_(key);
    Shard& shard = shards_[hashed >> 58];
    const std::lock_guard lock(shard.guard);
    return shard.take(key, hashed, now.time_since_epoch().count());
  }

  void change(const RatePolicy& policy, SteadyTime now) {
    const std::lock_guard lock(policy_guard_);
    policy_ = policy;
    apply(now);
  }

  RatePolicy policy() const {
    const std::lock_guard lock(policy_guard_);
    return policy_;
  }

  Counts counts() const {
    Counts sum;
    for (const Shard& shard : shards_) {
      const std::lock_guard lock(shard.guard);
      sum.allowed += shard.allowed;
      sum.refused += shard.refused;
      sum.untracked += shard.untracked;
      sum.buckets += shard.used;
    }
    return sum;
  }

  Refusals refusals(SteadyTime now) const {
    const RefusalSecond second = second_of(now.time_since_epoch().count());
    Refusals sum;
    double all = 0;
    double largest = 0;
    for (const Shard& shard : shards_) {
      const std::lock_guard lock(shard.guard);
      shard.add_refusals(second, sum, all, largest);
    }
    if (all > 0) sum.largest_share = largest / all;
    return sum;
  }

 private:
  /// Under policy_guard_.
  void apply(SteadyTime now) {
    if (!policy_.enabled) enabled_.store(false, std::memory_order_release);
    for (Shard& shard : shards_) {
      const std::lock_guard lock(shard.guard);
      shard.reshape(policy_, parts_, now.time_since_epoch().count());
    }
    if (policy_.enabled) enabled_.store(true, std::memory_order_release);
  }

  const KeyHash hash_;
  std::atomic<bool> enabled_{false};
  std::array<Shard, kShards> shards_;
  mutable std::mutex policy_guard_;
  RatePolicy policy_;        ///< Guarded by policy_guard_.
  std::uint32_t parts_ = 1;  ///< Guarded by policy_guard_.
};

Limiter::Limiter(const RatePolicies& policies, Random& random, std::size_t buckets_max) {
  for (std::size_t i = 0; i < kPolicyCount; ++i)
    tables_[i] = std::make_unique<Table>(policies.of(static_cast<PolicyId>(i)), KeyHash{random.next(), random.next()},
                                         buckets_max);
}

Limiter::~Limiter() = default;

Decision Limiter::take(PolicyId policy, LimitKey key, SteadyTime now) noexcept {
  return tables_[static_cast<std::size_t>(policy)]->take(key, now);
}

void Limiter::change(PolicyId policy, const RatePolicy& to, SteadyTime now) {
  tables_[static_cast<std::size_t>(policy)]->change(to, now);
}

void Limiter::change(const RatePolicies& to, SteadyTime now) {
  for (std::size_t i = 0; i < kPolicyCount; ++i) tables_[i]->change(to.of(static_cast<PolicyId>(i)), now);
}

void Limiter::keep_given() {
  for (const auto& table : tables_) table->keep_given();
}

void Limiter::take_given(std::vector<Given>& out) {
  for (std::size_t i = 0; i < kPolicyCount; ++i) tables_[i]->take_given(static_cast<PolicyId>(i), out);
}

void Limiter::raise(PolicyId policy, LimitKey key, std::chrono::nanoseconds ahead, SteadyTime now) noexcept {
  tables_[static_cast<std::size_t>(policy)]->raise(key, ahead, now);
}

void Limiter::share(std::uint32_t parts, SteadyTime now) {
  SCALEMART_CHECK(parts > 0);
  for (const auto& table : tables_) table->share(parts, now);
}

RatePolicy Limiter::policy(PolicyId id) const {
  return tables_[static_cast<std::size_t>(id)]->policy();
}
Limiter::Counts Limiter::counts(PolicyId id) const {
  return tables_[static_cast<std::size_t>(id)]->counts();
}

Limiter::Refusals Limiter::refusals(PolicyId id, SteadyTime now) const {
  return tables_[static_cast<std::size_t>(id)]->refusals(now);
}

HeaderText::Writer& HeaderText::Writer::operator<<(std::string_view text) {
  SCALEMART_CHECK(into.size_ + text.size() <= into.text_.size());
  std::memcpy(into.text_.data() + into.size_, text.data(), text.size());
  into.size_ += text.size();
  return *this;
}

HeaderText::Writer& HeaderText::Writer::operator<<(std::uint64_t number) {
  char digits[20];
  const auto [end, fault] = std::to_chars(digits, digits + sizeof digits, number);
  return *this << std::string_view(digits, static_cast<std::size_t>(end - digits));
}

HeaderText Limiter::policy_header(PolicyId id) const {
  HeaderText text;
  const RatePolicy policy = this->policy(id);
  if (!policy.enabled) return text;
  // The window is in whole seconds: a shorter or broken one is stated as the quota of its ceiling.
  const std::uint64_t window = ceil_seconds(policy.period);
  const std::uint64_t quota =
      static_cast<std::uint64_t>(policy.count) * window * 1000 / static_cast<std::uint64_t>(policy.period.count());
  HeaderText::Writer{text} << "\"" << to_text(id) << "\";q=" << quota << ";w=" << window;
  return text;
}

HeaderText Limiter::limit_header(PolicyId id, const Decision& decision) {
  HeaderText text;
  HeaderText::Writer{text} << "\"" << to_text(id) << "\";r=" << static_cast<std::uint64_t>(decision.remaining)
                           << ";t=" << ceil_seconds(decision.next_token);
  return text;
}

std::uint32_t Limiter::retry_after_seconds(const Decision& decision) {
  return static_cast<std::uint32_t>(std::max<std::uint64_t>(1, ceil_seconds(decision.retry_after)));
}

}  // namespace scalemart
