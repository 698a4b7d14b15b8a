// What the system of record in PostgreSQL does alone: committed buys a second by size of batch, and what an order's
// whole life costs. Starts a PostgreSQL of its own (tests/servers/), with its defaults: fsync, full_page_writes and
// synchronous_commit on.
//
//   record_bench [--seconds S] [--lanes N] [--cap N] [--life STEPS] [--setting NAME=VALUE]... [BATCH...]
//
// --lanes: threads that commit batches at the same time, all of one product (--products N: one each in turn).
// Processor time is that of this process and of the server's processes, an order.

#include <dirent.h>
#include <sys/resource.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "backend/postgresql/record.hpp"
#include "base/random.hpp"
#include "tests/servers/server_process.hpp"

using namespace scalemart;
using namespace std::chrono_literals;

namespace {

struct Arguments {
  double seconds = 3;
  std::size_t lanes = 1;
  std::uint32_t products = 1;
  std::uint32_t cap = 0;
  int life = 0;  ///< Steps after the buy: lease, payment, invoice, mail.
  std::vector<std::string> server;
  std::vector<std::size_t> batches;
};

double own_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Of every process called postgres whose parent is ours, or who is: user and system, with ended children.
double server_seconds(const std::string& postmaster) {
  double ticks = 0;
  DIR* const proc = ::opendir("/proc");
  if (proc == nullptr) return 0;
  while (const dirent* entry = ::readdir(proc)) {
    std::ifstream file(std::string("/proc/") + entry->d_name + "/stat");
    std::string line;
    if (!std::getline(file, line)) continue;
    std::vector<std::string> words;
    for (std::size_t at = line.rfind(')') + 2; at < line.size();) {
      const std::size_t end = std::min(line.find(' ', at), line.size());
      words.push_back(line.substr(at, end - at));
      at = end + 1;
    }
    if (words.size() < 15 || (words[1] != postmaster && entry->d_name != postmaster)) continue;
    for (const std::size_t i : {11U, 12U, 13U, 14U})
      if (i < 13 || entry->d_name == postmaster) ticks += std::strtod(words[i].c_str(), nullptr);
  }
  ::closedir(proc);
  return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

class Buyers {
 public:
  Buyers(SystemOfRecord& record, const Clock& clock, const Arguments& arguments, std::size_t number, std::size_t batch)
      : record_(record),
        clock_(clock),
        arguments_(arguments),
        random_(number + 1),
        batch_(batch),
        product_(static_cast<std::uint32_t>(number)) {}

  void run(const std::atomic<bool>& stop) {
    while (!stop) {
      const WallTime now = clock_.wall();
      std::vector<Command> commands;
      for (std::size_t i = 0; i < batch_; ++i) {
        Reserve buy;
        buy.order = new_ulid<OrderId>(now, random_);
        buy.buyer = new_ulid<UserId>(WallTime{static_cast<std::int64_t>(random_.below(1'000'000))}, random_);
        buy.product = ProductRef{product_ % arguments_.products};
        buy.hold_ms = 600'000;
        buy.key = {random_.next(), random_.next()};
        commands.emplace_back(buy);
      }
      ++product_;
      if (!commit(commands)) return;
      for (int step = 0; step < arguments_.life; ++step)
        if (!live(commands, step)) return;
    }
  }
  std::uint64_t accepted = 0;
  std::uint64_t rounds = 0;

 private:
  bool commit(const std::vector<Command>& commands) {
    const RecordedBatch batch = record_.commit(commands, clock_.wall(), 30s);
    if (batch.fate != Fate::committed) {
      std::fprintf(stderr, "%s\n", batch.why.c_str());
      return false;
    }
    ++rounds;
    for (const Answer& answer : batch.answers) {
      if (!is_success(answer.outcome)) std::fprintf(stderr, "%s\n", std::string(to_text(answer.outcome)).c_str());
      if (std::holds_alternative<Reserve>(commands.front())) accepted += answer.outcome == Outcome::done;
    }
    return true;
  }
  /// Lease, payment, invoice, mail.
  bool live(const std::vector<Command>& buys, int step) {
    std::vector<Command> commands;
    for (const Command& command : buys) {
      const OrderId order = std::get<Reserve>(command).order;
      if (step == 0) commands.emplace_back(Begin{order, 1});
      if (step == 1) commands.emplace_back(Confirm{order, 1, "ch_0123456789abcdef"});
      if (step == 2) commands.emplace_back(FinishStep{order, 1, Step::invoice});
      if (step == 3) commands.emplace_back(FinishStep{order, 1, Step::mail});
    }
    return commit(commands);
  }

  SystemOfRecord& record_;
  const Clock& clock_;
  const Arguments& arguments_;
  SeededRandom random_;
  std::size_t batch_;
  std::uint32_t product_;
};

void measure(const std::string& url, const std::string& postmaster, const Arguments& arguments, std::size_t batch) {
  static int number = 0;
  const SystemClock clock;
  pg::PostgresRecord::Options options;
  options.connection.url = url;
  options.connection.schema = "bench_" + std::to_string(++number);
  options.connections = arguments.lanes + 1;
  auto record = pg::PostgresRecord::open(std::move(options), clock);
  if (!record) {
    std::fprintf(stderr, "%s\n", record.error().message.c_str());
    std::exit(1);
  }
  for (std::uint32_t i = 0; i < arguments.products; ++i) {
    auto spec = std::make_shared<ProductSpec>();
    spec->id = "product-" + std::to_string(i);
    spec->details.name = spec->id;
    spec->terms.price = 1999;
    spec->terms.per_user_limit = arguments.cap;
    const Command create = CreateProduct{spec, kStockMax};
    static_cast<void>((*record)->commit(std::span(&create, 1), clock.wall(), 10s));
  }
  std::vector<Buyers> lanes;
  for (std::size_t i = 0; i < arguments.lanes; ++i) lanes.emplace_back(**record, clock, arguments, i, batch);
  std::atomic<bool> stop{false};
  const double own = own_seconds();
  const double server = server_seconds(postmaster);
  const SteadyTime begin = clock.steady();
  std::vector<std::thread> threads;
  for (Buyers& lane : lanes) threads.emplace_back([&] { lane.run(stop); });
  std::this_thread::sleep_for(std::chrono::duration<double>(arguments.seconds));
  stop = true;
  for (std::thread& thread : threads) thread.join();
  const double seconds = std::chrono::duration<double>(clock.steady() - begin).count();
  std::uint64_t accepted = 0, rounds = 0;
  for (const Buyers& lane : lanes) {
    accepted += lane.accepted;
    rounds += lane.rounds;
  }
  const auto each = [&](double cpu) { return cpu * 1e6 / static_cast<double>(accepted); };
  std::printf("%8zu %12.0f %12.2f %14.1f %14.1f\n", batch, static_cast<double>(accepted) / seconds,
              seconds * 1e3 * static_cast<double>(arguments.lanes) / static_cast<double>(rounds),
              each(own_seconds() - own), each(server_seconds(postmaster) - server));
  std::fflush(stdout);
  const auto recount = (*record)->recount(60s);
  if (!recount || !recount->drift.empty() || recount->orders != accepted) std::printf("NOT what the orders say\n");
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto value = [&] { return i + 1 < argc ? argv[++i] : ""; };
    if (word == "--seconds")
      arguments.seconds = std::strtod(value(), nullptr);
    else if (word == "--lanes")
      arguments.lanes = std::strtoul(value(), nullptr, 10);
    else if (word == "--products")
      arguments.products = static_cast<std::uint32_t>(std::strtoul(value(), nullptr, 10));
    else if (word == "--cap")
      arguments.cap = static_cast<std::uint32_t>(std::strtoul(value(), nullptr, 10));
    else if (word == "--life")
      arguments.life = static_cast<int>(std::strtol(value(), nullptr, 10));
    else if (word == "--setting") {
      arguments.server.emplace_back("--setting");
      arguments.server.emplace_back(value());
    } else
      arguments.batches.push_back(std::strtoul(word.c_str(), nullptr, 10));
  }
  if (arguments.batches.empty()) arguments.batches = {1, 10, 100, 300, 1000};
  const auto server = test::ServerProcess::start("postgresql_server.py", arguments.server);
  if (server == nullptr) return 77;
  std::printf("%zu lanes, %u products, cap %u, %d steps after the buy\n", arguments.lanes, arguments.products,
              arguments.cap, arguments.life);
  std::printf("%8s %12s %12s %14s %14s\n", "batch", "orders/s", "ms a commit", "us here", "us server");
  for (const std::size_t batch : arguments.batches)
    measure(server->text("url"), std::to_string(server->number("pid")), arguments, batch);
  return 0;
}
