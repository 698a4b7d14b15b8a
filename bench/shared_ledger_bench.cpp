// What a shared ledger over PostgreSQL does for clients that each wait for their answer before they buy again (a closed
// loop), without HTTP and without a filter: accepted buys a second, and how many the record decides at once.
// Starts a PostgreSQL of its own with its defaults (tests/servers/).
//
//   shared_ledger_bench [--seconds S] [--products N] [--partitions N] [--window-us N] [--batch-max N] [CLIENTS...]

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "backend/postgresql/record.hpp"
#include "sequencer/shared_ledger.hpp"
#include "tests/servers/server_process.hpp"

using namespace scalemart;
using namespace std::chrono_literals;

namespace {

struct Arguments {
  double seconds = 3;
  std::uint32_t products = 1;
  SharedLedger::Options ledger;
  std::vector<std::size_t> clients;
};

/// A thread that plays many clients, like an event loop does.
class Clients final : public AnswerSink {
 public:
  Clients(SaleLedger& ledger, const Clock& clock, std::uint32_t products)
      : ledger_(ledger), clock_(clock), products_(products) {}

  void answers(std::span<const Item> items) noexcept override {
    const std::lock_guard guard(mutex_);
    inbox_.insert(inbox_.end(), items.begin(), items.end());
    wake_.notify_one();
  }
  void run(std::size_t count, const std::atomic<bool>& stop) {
    for (std::size_t i = 0; i < count; ++i) buy(i);
    std::vector<Item> mine;
    for (std::size_t open = count; open > 0; mine.clear()) {
      {
        std::unique_lock guard(mutex_);
        wake_.wait(guard, [this] { return !inbox_.empty(); });
        mine.swap(inbox_);
      }
      for (const Item& item : mine) {
        item.answer.outcome == Outcome::done ? ++accepted : ++others;
        if (stop)
          --open;
        else
          buy(item.token);
      }
    }
  }
  std::uint64_t accepted = 0;
  std::uint64_t others = 0;

 private:
  void buy(std::uint64_t client) {
    Reserve reserve;
    reserve.order = new_ulid<OrderId>(clock_.wall(), random_);
    reserve.buyer = new_ulid<UserId>(WallTime{static_cast<std::int64_t>(client)}, random_);
    reserve.product = ProductRef{static_cast<std::uint32_t>(client) % products_};
    reserve.hold_ms = 600'000;
    reserve.key = {random_.next(), random_.next()};
    if (!ledger_.submit({reserve, this, client, {}})) std::fprintf(stderr, "full\n");
  }

  SaleLedger& ledger_;
  const Clock& clock_;
  const std::uint32_t products_;
  SecureRandom random_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Item> inbox_;
};

void measure(const std::string& url, const Arguments& arguments, std::size_t count) {
  static int number = 0;
  const SystemClock clock;
  pg::PostgresRecord::Options options;
  options.connection.url = url;
  options.connection.schema = "bench_" + std::to_string(++number);
  auto record = pg::PostgresRecord::open(std::move(options), clock);
  if (!record) {
    std::fprintf(stderr, "%s\n", record.error().message.c_str());
    std::exit(1);
  }
  for (std::uint32_t i = 0; i < arguments.products; ++i) {
    auto spec = std::make_shared<ProductSpec>();
    spec->id = "product-" + std::to_string(i);
    spec->details.name = spec->id;
    const Command create = CreateProduct{spec, kStockMax};
    static_cast<void>((*record)->commit(std::span(&create, 1), clock.wall(), 10s));
  }
  Histogram batches(Histogram::Unit::items);
  SharedLedger::Options how = arguments.ledger;
  how.lane.batch_size = &batches;
  SharedLedger ledger(
      **record, nullptr, [&clock] { return clock.wall(); }, clock, how);
  ledger.start();
  Clients clients(ledger, clock, arguments.products);
  std::atomic<bool> stop{false};
  const SteadyTime begin = clock.steady();
  std::thread thread([&] { clients.run(count, stop); });
  std::this_thread::sleep_for(std::chrono::duration<double>(arguments.seconds));
  stop = true;
  thread.join();
  const double seconds = std::chrono::duration<double>(clock.steady() - begin).count();
  const HistogramCounts counts = batches.read();
  std::printf("%8zu %12.0f %12.0f %12llu\n", count, static_cast<double>(clients.accepted) / seconds,
              counts.sum / static_cast<double>(counts.total()), static_cast<unsigned long long>(clients.others));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto value = [&] { return i + 1 < argc ? argv[++i] : ""; };
    const auto whole = [&] { return static_cast<std::uint32_t>(std::strtoul(value(), nullptr, 10)); };
    if (word == "--seconds")
      arguments.seconds = std::strtod(value(), nullptr);
    else if (word == "--products")
      arguments.products = whole();
    else if (word == "--partitions")
      arguments.ledger.partitions = whole();
    else if (word == "--window-us")
      arguments.ledger.lane.window.max = std::chrono::microseconds(whole());
    else if (word == "--batch-max")
      arguments.ledger.lane.batch_max = whole();
    else
      arguments.clients.push_back(std::strtoul(word.c_str(), nullptr, 10));
  }
  if (arguments.clients.empty()) arguments.clients = {1, 10, 100, 1000, 4000};
  const auto server = test::ServerProcess::start("postgresql_server.py");
  if (server == nullptr) return 77;
  std::printf("%u products, %u partitions\n", arguments.products, arguments.ledger.partitions);
  std::printf("%8s %12s %12s %12s\n", "clients", "orders/s", "batch", "not accepted");
  for (const std::size_t count : arguments.clients) measure(server->text("url"), arguments, count);
  return 0;
}
