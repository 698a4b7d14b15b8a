// A shop to be killed: sells over the real sequencer and journal, and says on stdout what was answered.
//
//   crash_writer write FOLDER    recovers, then buys, cancels and confirms until it is killed. A line for
//   each
//                                success, after its answer: "R ID" reserved, "C ID" cancelled, "P ID"
//                                confirmed.
//   crash_writer check FOLDER    recovers and reads such lines from stdin: 0 when each is still true and the
//                                ledger is sound, otherwise 1. One line of JSON on stdout.
#include <sys/resource.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "backend/embedded/data_folder.hpp"
#include "backend/embedded/journal.hpp"
#include "backend/embedded/snapshot_file.hpp"
#include "sequencer/recovery.hpp"
#include "sequencer/sequencer.hpp"

using namespace scalemart;

namespace {

constexpr std::size_t kThreads = 2;
constexpr std::size_t kShoppersPerThread = 24;

template <class T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "crash_writer: %s\n", result.error().message.c_str());
  std::exit(2);
}

/// Everything on disk, opened.
struct Store {
  explicit Store(const std::string& path)
      : folder(must(DataFolder::open(path))),
        reserve(folder->path(), {.ballast_bytes = 1 << 20, .free_bytes_min = 1 << 20}, clock),
        snapshots(folder->path()) {
    SqliteJournal::Options options;
    options.file = folder->file("journal.db");
    options.reserve = &reserve;
    options.checkpoint_bytes = 256 << 10;  // often, so that crashes meet them
    journal = must(SqliteJournal::open(std::move(options), clock));
  }
  SystemClock clock;
  std::unique_ptr<DataFolder> folder;
  DiskReserve reserve;
  SnapshotFiles snapshots;
  std::unique_ptr<SqliteJournal> journal;
};

/// A thread that plays shoppers who each wait for an answer before they go on.
class Shoppers final : public AnswerSink {
 public:
  Shoppers(Sequencer& sequencer, const Clock& clock)
      : sequencer_(sequencer), clock_(clock), shoppers_(kShoppersPerThread) {}

  void answers(std::span<const Item> items) noexcept override {
    const std::lock_guard guard(mutex_);
    inbox_.insert(inbox_.end(), items.begin(), items.end());
    wake_.notify_one();
  }

  void run() {
    for (std::size_t i = 0; i < shoppers_.size(); ++i) go_on(i);
    std::vector<Item> mine;
    for (;;) {
      {
        std::unique_lock guard(mutex_);
        wake_.wait(guard, [this] { return !inbox_.empty(); });
        mine.swap(inbox_);
      }
      // Said before anything new is asked for, so that what was said is what was answered.
      for (const Item& item : mine) say(item);
      flush();
      for (const Item& item : mine) go_on(static_cast<std::size_t>(item.token));
      mine.clear();
    }
  }

 private:
  enum class Stage { buy, think, begin, cancel, confirm };
  struct Shopper {
    Stage stage = Stage::buy;
    OrderId order;
    UserId user;
  };

  void say(const Item& item) {
    Shopper& shopper = shoppers_[item.token];
    const bool success = is_success(item.answer.outcome);
    const auto line = [&](char what) { out_ += std::string(1, what) + " " + to_string(shopper.order) + "\n"; };
    switch (shopper.stage) {
      case Stage::buy:
        if (success) line('R');
        shopper.stage = success ? Stage::think : Stage::buy;
        break;
      case Stage::begin:
        shopper.stage = success ? Stage::confirm : Stage::buy;
        break;
      case Stage::cancel:
      case Stage::confirm:
        if (success) line(shopper.stage == Stage::cancel ? 'C' : 'P');
        shopper.stage = Stage::buy;
        break;
      case Stage::think:
        break;
    }
  }
  void flush() {
    // In pieces that a pipe takes whole, so that two threads' lines do not mix.
    for (std::size_t at = 0; at < out_.size();) {
      std::size_t end = std::min(out_.size(), at + 4000);
      if (end < out_.size()) end = out_.rfind('\n', end) + 1;
      if (::write(STDOUT_FILENO, out_.data() + at, end - at) < 0) std::_Exit(0);
      at = end;
    }
    out_.clear();
  }
  void go_on(std::size_t index) {
    Shopper& shopper = shoppers_[index];
    if (shopper.stage == Stage::think) {
      const std::uint64_t dice = random_.below(10);
      shopper.stage = dice < 6 ? Stage::buy : dice < 8 ? Stage::cancel : Stage::begin;
    }
    Ticket ticket;
    ticket.sink = this;
    ticket.token = index;
    switch (shopper.stage) {
      case Stage::buy:
        ticket.command = buy(shopper);
        break;
      case Stage::cancel:
        ticket.command = Cancel{shopper.order, shopper.user};
        break;
      case Stage::begin:
        ticket.command = Begin{shopper.order, 1};
        break;
      case Stage::confirm:
        ticket.command = Confirm{shopper.order, 1, "paid-" + to_string(shopper.order)};
        break;
      case Stage::think:
        break;
    }
    if (!sequencer_.submit(std::move(ticket))) std::abort();
  }
  Reserve buy(Shopper& shopper) {
    shopper.order = new_ulid<OrderId>(clock_.wall(), random_);
    shopper.user = {1, random_.below(1000) + 1};
    Reserve reserve;
    reserve.order = shopper.order;
    reserve.buyer = shopper.user;
    reserve.quantity = 1 + static_cast<std::uint32_t>(random_.below(3));
    reserve.hold_ms = 600'000;
    reserve.key = {random_.next(), random_.next()};
    return reserve;
  }

  Sequencer& sequencer_;
  const Clock& clock_;
  SecureRandom random_;
  std::vector<Shopper> shoppers_;
  std::string out_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Item> inbox_;
};

[[noreturn]] void write(const std::string& path) {
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  Store store(path);
  Recovered recovered = must(recover(*store.journal, &store.snapshots));
  const bool is_new = recovered.ledger.product_count() == 0;
  Sequencer::Options options;
  options.snapshots = &store.snapshots;
  options.snapshot_records_min = 1000;  // often, so that crashes meet them
  options.records_since_snapshot = recovered.replayed;
  Sequencer sequencer(
      std::move(recovered.ledger), *store.journal, [&] { return store.clock.wall(); }, store.clock, std::move(options));
  sequencer.start();
  if (is_new) {
    auto spec = std::make_shared<ProductSpec>();
    spec->id = "p";
    spec->details.name = "P";
    spec->terms.price = 1999;
    Ticket ticket;
    ticket.command = CreateProduct{std::move(spec), kStockMax};
    if (!sequencer.submit(std::move(ticket))) std::abort();
  }
  std::vector<std::unique_ptr<Shoppers>> shoppers;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < kThreads; ++i) {
    shoppers.push_back(std::make_unique<Shoppers>(sequencer, store.clock));
    threads.emplace_back([loop = shoppers.back().get()] { loop->run(); });
  }
  for (std::thread& thread : threads) thread.join();
  std::abort();  // they run until the process is killed
}

bool is_true(char said, const std::optional<OrderView>& order) {
  if (!order) return false;
  switch (said) {
    case 'R':
      return true;
    case 'C':
      return order->status == OrderStatus::cancelled;
    case 'P':
      return order->status == OrderStatus::confirmed;
    default:
      return false;
  }
}

int check(const std::string& path) {
  Store store(path);
  const Recovered with = must(recover(*store.journal, &store.snapshots));
  const Recovered without = must(recover(*store.journal, nullptr));
  const bool same = with.ledger.state_hash() == without.ledger.state_hash();
  const std::size_t drift = with.ledger.recount().size();
  std::uint64_t said = 0, lost = 0;
  for (std::string line; std::getline(std::cin, line); ++said) {
    const auto id = line.size() == 28 ? parse_ulid<OrderId>(line.substr(2)) : std::nullopt;
    if (!id || !is_true(line[0], with.ledger.find(*id))) ++lost;
  }
  std::printf(
      "{\"said\":%llu,\"lost\":%llu,\"drift\":%zu,\"snapshot_agrees\":%s,\"orders\":%llu,\"snapshot\":%llu,"
      "\"replayed\":%llu}\n",
      static_cast<unsigned long long>(said), static_cast<unsigned long long>(lost), drift, same ? "true" : "false",
      static_cast<unsigned long long>(with.ledger.order_count()), static_cast<unsigned long long>(with.snapshot),
      static_cast<unsigned long long>(with.replayed));
  return lost == 0 && drift == 0 && same ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc == 3 ? argv[1] : "";
  if (mode == "write") write(argv[2]);
  if (mode == "check") return check(argv[2]);
  std::fprintf(stderr, "usage: crash_writer write|check FOLDER\n");
  return 2;
}
