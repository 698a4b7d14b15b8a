// What the sequencer with its journal on a real disk costs: accepted buys a second and processor time for
// each, by a number of clients that each wait for their answer before they buy again (a closed loop).
//
//   sequencer_bench [--folder DIR] [--seconds S] [--work US] [--window-us N] [--fill F] [CLIENTS...]
//   sequencer_bench --restart ORDERS [--folder DIR]
//
// --work: processor time that each submitting thread spends on a client between two buys, as HTTP would.

#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "backend/embedded/journal.hpp"
#include "backend/embedded/snapshot_file.hpp"
#include "backend/embedded/test_folder.hpp"
#include "sequencer/recovery.hpp"
#include "sequencer/sequencer.hpp"

using namespace scalemart;

namespace {

struct Arguments {
  std::string folder;
  double seconds = 2;
  double work_us = 0;
  Sequencer::Options options;
  std::uint64_t restart_orders = 0;
  std::vector<std::size_t> clients;
};

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// A thread that plays many clients, like an event loop does.
class Clients final : public AnswerSink {
 public:
  Clients(Sequencer& sequencer, const Clock& clock, std::uint64_t name, std::size_t count, double work_us)
      : sequencer_(sequencer),
        clock_(clock),
        random_(name),
        name_(name),
        count_(count),
        work_(std::chrono::nanoseconds(static_cast<std::int64_t>(work_us * 1000))) {}

  void answers(std::span<const Item> items) noexcept override {
    const std::lock_guard guard(mutex_);
    inbox_.insert(inbox_.end(), items.begin(), items.end());
    wake_.notify_one();
  }

  void run(const std::atomic<bool>& stop) {
    for (std::size_t i = 0; i < count_; ++i) buy(i);
    std::size_t open = count_;
    std::vector<Item> mine;
    while (open > 0) {
      {
        std::unique_lock guard(mutex_);
        wake_.wait(guard, [this] { return !inbox_.empty(); });
        mine.swap(inbox_);
      }
      for (const Item& item : mine) {
        accepted += item.answer.outcome == Outcome::done;
        if (stop.load(std::memory_order_relaxed)) {
          --open;
          continue;
        }
        for (const SteadyTime until = clock_.steady() + work_; work_.count() > 0 && clock_.steady() < until;) {
        }
        buy(item.token);
      }
      mine.clear();
    }
  }
  std::uint64_t accepted = 0;

 private:
  void buy(std::uint64_t token) {
    Reserve reserve;
    reserve.order = {(static_cast<std::uint64_t>(clock_.wall().ms) << 16) | (random_.next() & 0xffff), random_.next()};
    reserve.buyer = {name_, random_.below(100'000)};
    reserve.hold_ms = 600'000;
    reserve.key = {random_.next(), random_.next()};
    Ticket ticket;
    ticket.command = reserve;
    ticket.sink = this;
    ticket.token = token;
    if (!sequencer_.submit(std::move(ticket))) std::abort();
  }

  Sequencer& sequencer_;
  const Clock& clock_;
  SeededRandom random_;
  const std::uint64_t name_;
  const std::size_t count_;
  const std::chrono::nanoseconds work_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Item> inbox_;
};

void create_product(Sequencer& sequencer) {
  auto spec = std::make_shared<ProductSpec>();
  spec->id = "p";
  spec->details.name = "P";
  spec->terms.price = 1999;
  Ticket ticket;
  ticket.command = CreateProduct{std::move(spec), kStockMax};
  if (!sequencer.submit(std::move(ticket))) std::abort();
}

std::unique_ptr<SqliteJournal> open_journal(const std::filesystem::path& folder, const Clock& clock,
                                            Histogram& checkpoints) {
  SqliteJournal::Options options;
  options.file = folder / "journal.db";
  options.on_checkpoint = [&](std::chrono::nanoseconds took) { checkpoints.record(took); };
  auto journal = SqliteJournal::open(std::move(options), clock);
  if (!journal) {
    std::fprintf(stderr, "%s\n", journal.error().message.c_str());
    std::exit(3);
  }
  return std::move(*journal);
}

double quantile(const Histogram& histogram, double q) {
  const auto counts = histogram.read();
  return static_cast<double>(log_linear::quantile(counts.counts, q));
}

void bench(const Arguments& arguments, std::size_t count) {
  test::TestFolder temp;
  const std::filesystem::path folder = arguments.folder.empty() ? temp.path() : std::filesystem::path(arguments.folder);
  std::filesystem::remove(folder / "journal.db");
  SystemClock clock;
  Histogram checkpoints(Histogram::Unit::seconds), commits(Histogram::Unit::seconds), sizes(Histogram::Unit::items);
  const auto journal = open_journal(folder, clock, checkpoints);
  Sequencer::Options options = arguments.options;
  options.batch_size = &sizes;
  options.commit_duration = &commits;
  Sequencer sequencer(
      Ledger(), *journal, [&] { return clock.wall(); }, clock, std::move(options));
  sequencer.start();
  create_product(sequencer);

  std::atomic<bool> stop{false};
  std::vector<std::unique_ptr<Clients>> loops;
  std::vector<std::thread> threads;
  const std::size_t loop_count = count == 1 ? 1 : 2;
  const double cpu_before = cpu_seconds();
  const SteadyTime begin = clock.steady();
  for (std::size_t i = 0; i < loop_count; ++i) {
    loops.push_back(std::make_unique<Clients>(sequencer, clock, i + 1, count / loop_count, arguments.work_us));
    threads.emplace_back([&, loop = loops.back().get()] { loop->run(stop); });
  }
  std::this_thread::sleep_for(std::chrono::duration<double>(arguments.seconds));
  stop = true;
  for (std::thread& thread : threads) thread.join();
  const double took = std::chrono::duration<double>(clock.steady() - begin).count();
  const double cpu = cpu_seconds() - cpu_before;
  std::uint64_t accepted = 0;
  for (const auto& loop : loops) accepted += loop->accepted;
  std::printf(
      "%5zu clients: %8.0f accepted/s  %6.2f us cpu each  batch p50 %.0f p99 %.0f  append p50 %.2f p99 %.2f "
      "ms"
      "  checkpoint p50 %.2f max %.2f ms\n",
      count, static_cast<double>(accepted) / took, cpu / static_cast<double>(accepted) * 1e6, quantile(sizes, 0.5),
      quantile(sizes, 0.99), quantile(commits, 0.5) / 1e3, quantile(commits, 0.99) / 1e3,
      quantile(checkpoints, 0.5) / 1e3, quantile(checkpoints, 1.0) / 1e3);
  std::fflush(stdout);
  sequencer.stop();
}

/// Sells `orders`, stops, and starts again: with the last snapshot, and without any.
void restart(const Arguments& arguments) {
  test::TestFolder temp;
  const std::filesystem::path folder = arguments.folder.empty() ? temp.path() : std::filesystem::path(arguments.folder);
  SystemClock clock;
  Histogram checkpoints(Histogram::Unit::seconds);
  SnapshotFiles snapshots(folder);
  {
    const auto journal = open_journal(folder, clock, checkpoints);
    Sequencer::Options options = arguments.options;
    options.snapshots = &snapshots;
    options.on_snapshot = [](const SnapshotReport& report) {
      std::printf("snapshot at %llu: %.0f MB in %.2f s\n", static_cast<unsigned long long>(report.sequence),
                  static_cast<double>(report.bytes) / 1e6, std::chrono::duration<double>(report.took).count());
    };
    Sequencer sequencer(
        Ledger(), *journal, [&] { return clock.wall(); }, clock, std::move(options));
    sequencer.start();
    create_product(sequencer);
    std::atomic<bool> stop{false};
    Clients clients(sequencer, clock, 1, 1000, 0);
    std::thread thread([&] { clients.run(stop); });
    while (sequencer.orders() < arguments.restart_orders) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    stop = true;
    thread.join();
    sequencer.stop();
  }
  for (SnapshotStore* store : {static_cast<SnapshotStore*>(&snapshots), static_cast<SnapshotStore*>(nullptr)}) {
    const SteadyTime begin = clock.steady();
    const double cpu_before = cpu_seconds();
    const auto journal = open_journal(folder, clock, checkpoints);
    const auto recovered = recover(*journal, store);
    if (!recovered) {
      std::fprintf(stderr, "%s\n", recovered.error().message.c_str());
      std::exit(1);
    }
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    std::printf(
        "restart %s: %.3f s (%.3f s of processor), %llu orders, %llu records replayed (peak memory so far "
        "%ld MB)\n",
        store ? "from the snapshot" : "from all records", std::chrono::duration<double>(clock.steady() - begin).count(),
        cpu_seconds() - cpu_before, static_cast<unsigned long long>(recovered->ledger.order_count()),
        static_cast<unsigned long long>(recovered->replayed), usage.ru_maxrss / 1024);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    const auto value = [&]() -> const char* { return i + 1 < argc ? argv[++i] : "0"; };
    if (name == "--folder")
      arguments.folder = value();
    else if (name == "--seconds")
      arguments.seconds = std::atof(value());
    else if (name == "--work")
      arguments.work_us = std::atof(value());
    else if (name == "--window-us")
      arguments.options.window.max = std::chrono::microseconds(std::atoll(value()));
    else if (name == "--fill")
      arguments.options.window.fill = std::atof(value());
    else if (name == "--restart")
      arguments.restart_orders = static_cast<std::uint64_t>(std::atoll(value()));
    else
      arguments.clients.push_back(static_cast<std::size_t>(std::atoll(name.c_str())));
  }
  if (arguments.restart_orders > 0) {
    restart(arguments);
    return 0;
  }
  if (arguments.clients.empty()) arguments.clients = {1, 64, 1000};
  for (const std::size_t count : arguments.clients) bench(arguments, count);
}
