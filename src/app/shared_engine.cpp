#include "app/shared_engine.hpp"

#include "app/record_verification.hpp"
#include "app/version.hpp"
#include "flow/ask.hpp"
#include "telemetry/log.hpp"

namespace scalemart {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kExpireAtOnce = 1024;
constexpr std::chrono::milliseconds kWithin{5000};
constexpr std::chrono::nanoseconds kReadEvery = 1s;
/// The sums may take this part of the time, for they read every order.
constexpr int kSumEvery = 20;
/// A record that has not been heard of for so long does not answer buys either.
constexpr std::chrono::nanoseconds kSilenceMax = 5s;

std::uint64_t process_number(Random& random) {
  std::array<std::byte, 8> bytes{};
  random.fill(bytes);
  return std::bit_cast<std::uint64_t>(bytes);
}

}  // namespace

Result<std::unique_ptr<SharedEngine>> SharedEngine::open(std::unique_ptr<DataFolder> folder, SharedDatabase& database,
                                                         SharedRedis& redis, const Config& config, const Clock& clock,
                                                         Metrics& metrics) {
  std::unique_ptr<SharedEngine> engine(new SharedEngine(std::move(folder), database, clock));
  if (auto done = engine->compose(redis, config, metrics); !done) return done.error();
  return engine;
}

Result<void> SharedEngine::compose(SharedRedis& redis, const Config& config, Metrics& metrics) {
  // Each process has its own clock; the record keeps a product's time from running back.
  clock_ = std::make_unique<SaleClock>(time_, WallTime{});
  used_keys_->forget_nothing();
  SecureRandom random;
  auto filter = RedisStockFilter::make(redis.address(), time_, random, {redis.keys(), redis.partitions()});
  if (!filter) return error("SCALEMART_REDIS: " + filter.error().message);
  filter_ = std::move(*filter);
  RedisLiveSettings live;
  live.keys = redis.keys();
  live.process = process_number(random);
  publisher_ = std::make_unique<RedisLivePublisher>(redis.client(), time_, live);
  publication_ = std::make_unique<SharedPublication>(catalogue_, listener(), publisher_.get());

  SharedLedger::Options options;
  options.partitions = redis.partitions();
  options.lane.limits.buys = config.queue_max;
  options.lane.window.max = config.commit_window;
  options.lane.batch_max = std::min<std::size_t>(config.commit_batch_max, options.lane.batch_max);
  options.lane.observers = {this};
  options.lane.batch_size = &metrics.batch_size;
  options.lane.commit_duration = &metrics.commit_duration;
  ledger_ = std::make_unique<SharedLedger>(
      *database_.record, filter_.get(), [this] { return clock_->now(); }, time_, options);
  LiveSink& sink = *this;
  receiver_ = std::make_unique<RedisLiveReceiver>(redis.client(), sink, time_, live);

  auto products = ledger_->refresh();
  if (!products) return error("SCALEMART_DATABASE: " + products.error().message);
  publication_->take_products(*products);
  heard_ns_ = time_.steady().time_since_epoch().count();
  sum_up();
  log::info("shop_shared", {{"products", products->size()}, {"partitions", redis.partitions()}});
  return {};
}

SharedEngine::~SharedEngine() {
  stop();
}

void SharedEngine::start() {
  publisher_->start();
  ledger_->start();
  receiver_->start();
  thread_ = std::thread([this] { run(); });
}

void SharedEngine::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  pulse_.notify_all();
  if (thread_.joinable()) thread_.join();
  if (receiver_) receiver_->stop();
  if (ledger_) ledger_->stop();
  if (publisher_) publisher_->stop();
}

void SharedEngine::committed(const RecordedBatch& batch) noexcept {
  // Who changed a product sees it changed in the answer.
  if (!batch.terms.empty()) read_products();
  publication_->committed(batch);
  for (const auto& listener : listeners_) listener(batch);
}

void SharedEngine::terms(std::span<const ProductRef> products) noexcept {
  if (!products.empty()) wake();
}

void SharedEngine::missed() noexcept {
  wake();
}

void SharedEngine::wake() {
  {
    const std::lock_guard lock(mutex_);
    awake_ = true;
  }
  pulse_.notify_all();
}

void SharedEngine::run() {
  SteadyTime next_sum = time_.steady() + kReadEvery;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      pulse_.wait_for(lock, kReadEvery, [this] { return awake_ || stopping_; });
      if (stopping_) return;
      awake_ = false;
    }
    if (auto products = ledger_->refresh()) {
      publication_->take_products(*products);
      heard_ns_ = time_.steady().time_since_epoch().count();
    }
    look_for_expiry();
    redis_away_ = is_redis_away();
    const SteadyTime begin = time_.steady();
    if (begin < next_sum) continue;
    sum_up();
    next_sum = time_.steady() + std::max<std::chrono::nanoseconds>(kReadEvery, (time_.steady() - begin) * kSumEvery);
  }
}

bool SharedEngine::is_redis_away() const {
  for (std::uint32_t i = 0; i < ledger_->partitions(); ++i)
    if (!filter_->why_away(i).empty()) return true;
  return false;
}

/// Without the filter, which the lane tells itself.
void SharedEngine::read_products() {
  if (const auto products = database_.record->products(kWithin)) publication_->take_products(*products);
}

void SharedEngine::sum_up() {
  const auto totals = database_.totals->totals();
  if (!totals) return;
  for (int i = 0; i < kOrderStatusCount; ++i)
    counts_.set_status(static_cast<OrderStatus>(i), totals->orders.at(static_cast<std::size_t>(i)));
  counts_.set_parked(totals->parked);
  std::map<std::string, SaleCounts::Money, std::less<>> money;
  for (const SaleTotals::Money& one : totals->money) money[one.currency] = {one.confirmed, one.refunded, one.units};
  counts_.set_money(std::move(money));
  drift_.store(totals->drift, std::memory_order_relaxed);
}

std::shared_ptr<const ProductSpec> SharedEngine::spec_of(ProductRef product) {
  const auto offers = catalogue_.current();
  if (const Offer* offer = offers->look(product)) return offer->spec;
  wake();
  return nullptr;
}

EngineLoad SharedEngine::load() const {
  const TicketQueue::Depth depth = ledger_->depth();
  return {depth.buys, depth.others, ledger_->oldest_age(), 0};
}

std::vector<std::string> SharedEngine::faults() const {
  std::vector<std::string> faults;
  const auto now = time_.steady();
  if (now.time_since_epoch() - std::chrono::nanoseconds(heard_ns_.load()) > kSilenceMax)
    faults.emplace_back("unavailable: the database does not answer");
  if (now - ledger_->last_tick() > kWithin + kSilenceMax) faults.emplace_back("the ledger does not turn");
  return faults;
}

std::vector<Engine::Dependency> SharedEngine::dependencies() const {
  return {{"database", database_.is_cut_off()}, {"redis", redis_away_.load(std::memory_order_relaxed)}};
}

void SharedEngine::pulse() {
  clock_->tick();
  expire_holds();
}

void SharedEngine::look_for_expiry() {
  if (const auto next = database_.record->next_expiry(kWithin)) next_expiry_ms_ = *next ? (*next)->ms : kNever;
}

/// Every gateway does it; the record ends each hold once.
void SharedEngine::expire_holds() {
  if (next_expiry_ms_.load() > clock_->now().ms || expiring_->exchange(true)) return;
  next_expiry_ms_ = kNever;  // until the next look
  if (!ask(*ledger_, ExpireDue{kExpireAtOnce}, [expiring = expiring_](const Answer&) { *expiring = false; }))
    *expiring_ = false;
}

Done<VerifyReport> SharedEngine::verify() {
  return verify_record(*database_.record);
}

}  // namespace scalemart
