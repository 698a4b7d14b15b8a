#include "app/stream_source.hpp"

#include <atomic>

#include "app/contacts.hpp"
#include "app/shared_queue.hpp"
#include "app/shared_record.hpp"
#include "app/shared_stores.hpp"
#include "app/shop_mark.hpp"

namespace scalemart {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kTellWithin = 1s;

/// Purpose: a worker process's place at the queue that all processes share.
class StreamSource final : public WorkerSource {
 public:
  /// What must be opened first.
  struct Stores {
    SecureRandom random;
    SharedDatabase database;
    std::optional<SharedRedis> redis;
    std::unique_ptr<SharedRecord> record;
  };

  StreamSource(std::unique_ptr<Stores> stores, const WorkerSourceParts& parts, const std::string& process)
      : loop_(parts.loop),
        clock_(parts.clock),
        patience_(parts.options.patience),
        stores_(std::move(stores)),
        addresses_(*stores_->database.accounts),
        queue_(open_order_streams(*stores_->redis),
               {stores_->record->ledger(), clock_, [this](ProductRef ref) { return stores_->record->product(ref); },
                [this] { loop_.wake(); }},
               stream_queue_settings(parts.config, process)),
        turn_(queue_),
        registry_(stores_->redis->client(), stores_->redis->keys().workers()),
        beats_(registry_, clock_, beats_settings(process, false)),
        office_(beats_.add("worker")) {}

  ~StreamSource() override {
    // Its last answers come to the queue.
    stores_->record->stop();
  }

  OrderQueue& queue() override { return queue_; }
  WorkerOffice& office() override { return office_; }
  AddressBook& addresses() override { return addresses_; }
  void add_before(FulfilmentLoop& loop) override { loop.add(turn_); }
  void add_after(FulfilmentLoop&) override {}
  void start() override {
    stores_->record->start();
    queue_.start();
    beats_.start();
  }
  void stop() override {
    end_stream_queue(queue_, loop_, clock_, kTellWithin);
    beats_.stop();
    stores_->record->stop();
  }
  [[nodiscard]] bool is_away() const override { return queue_.is_away() || stores_->database.is_cut_off(); }
  [[nodiscard]] std::optional<std::string> fault() const override;

 private:
  FulfilmentLoop& loop_;
  const Clock& clock_;
  const std::chrono::nanoseconds patience_;  ///< Zero: for ever.
  std::unique_ptr<Stores> stores_;
  AccountAddresses addresses_;
  StreamQueue queue_;
  StreamQueueTurn turn_;
  RedisRegistry registry_;
  RegistryBeats beats_;
  WorkerOffice& office_;
  mutable std::atomic<SteadyTime> away_since_{SteadyTime{}};  ///< Zero: everything is there.
};

/// Nothing that heals makes it give up, unless it was told when to.
std::optional<std::string> StreamSource::fault() const {
  const bool redis = queue_.is_away();
  if (patience_.count() == 0 || !(redis || stores_->database.is_cut_off())) {
    away_since_ = SteadyTime{};
    return std::nullopt;
  }
  SteadyTime since{};
  if (away_since_.compare_exchange_strong(since, clock_.steady())) since = clock_.steady();
  if (clock_.steady() - since < patience_) return std::nullopt;
  return std::string("gave up: ") + (redis ? "Redis" : "the database") + " does not answer";
}

}  // namespace

Result<std::unique_ptr<WorkerSource>> open_stream_source(const WorkerSourceParts& parts) {
  auto stores = std::make_unique<StreamSource::Stores>();
  auto redis = SharedRedis::open(parts.config, parts.clock);
  if (!redis) return redis.error();
  stores->redis.emplace(std::move(*redis));
  auto database = SharedDatabase::open(parts.config, parts.clock, stores->random);
  if (!database) return database.error();
  stores->database = std::move(*database);
  if (auto good = ShopMark(*stores->database.accounts, *stores->redis, parts.clock).check(); !good) return good.error();
  auto record = SharedRecord::open(*stores->database.record, *stores->redis, parts.clock);
  if (!record) return record.error();
  stores->record = std::move(*record);
  return std::unique_ptr<WorkerSource>(std::make_unique<StreamSource>(std::move(stores), parts, unique_process_name()));
}

}  // namespace scalemart
