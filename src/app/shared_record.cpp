#include "app/shared_record.hpp"

namespace scalemart {
namespace {

using namespace std::chrono_literals;

/// A process that ends waits for a commit so long at most.
constexpr std::chrono::milliseconds kCommitWithin = 2500ms;
constexpr std::chrono::milliseconds kReadWithin = 2500ms;
/// A product that was renamed has its new name on invoices after this time.
constexpr std::chrono::nanoseconds kReadAgain = 5s;
constexpr std::uint32_t kLanes = 4;

}  // namespace

SharedRecord::SharedRecord(SystemOfRecord& record, const SharedRedis& redis, const Clock& clock,
                           const RedisLiveSettings& live)
    : record_(record),
      clock_(clock),
      publisher_(redis.client(), clock, live),
      publication_(catalogue_, {}, &publisher_) {}

Result<std::unique_ptr<SharedRecord>> SharedRecord::open(SystemOfRecord& record, const SharedRedis& redis,
                                                         const Clock& clock) {
  SecureRandom random;
  RedisLiveSettings live;
  live.keys = redis.keys();
  live.process = random.next();
  auto filter = RedisStockFilter::make(redis.address(), clock, random, {redis.keys(), redis.partitions()});
  if (!filter) return error("SCALEMART_REDIS: " + filter.error().message);
  std::unique_ptr<SharedRecord> shared(new SharedRecord(record, redis, clock, live));
  shared->filter_ = std::move(*filter);
  SharedLedger::Options options;
  options.partitions = redis.partitions();
  options.order_lanes = kLanes;
  options.lane.commit_within = kCommitWithin;
  options.lane.observers = {shared.get()};
  shared->ledger_ = std::make_unique<SharedLedger>(
      record, shared->filter_.get(), [&clock] { return clock.wall(); }, clock, options);
  return shared;
}

SharedRecord::~SharedRecord() {
  stop();
}

void SharedRecord::start() {
  publisher_.start();
  ledger_->start();
}

void SharedRecord::stop() {
  if (ledger_) ledger_->stop();
  publisher_.stop();
}

std::shared_ptr<const ProductSpec> SharedRecord::known(ProductRef ref) const {
  const auto offers = catalogue_.current();
  return index_of(ref) < offers->all().size() ? offers->at(ref).spec : nullptr;
}

std::shared_ptr<const ProductSpec> SharedRecord::product(ProductRef ref) {
  auto spec = known(ref);
  const SteadyTime now = clock_.steady();
  if (spec != nullptr && now < read_again_) return spec;
  read_again_ = now + kReadAgain;
  if (const auto products = record_.products(kReadWithin)) publication_.take_products(*products);
  return known(ref);
}

}  // namespace scalemart
