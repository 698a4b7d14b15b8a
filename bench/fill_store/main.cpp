// fill_store FOLDER ORDERS: a data folder with that many confirmed orders, made through the ledger and the
// journal as a sale would make it, with a snapshot. The order archive is left empty and marked as complete:
// the benchmarks that use this measure the sale, not the search.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "backend/embedded/data_folder.hpp"
#include "backend/embedded/journal.hpp"
#include "backend/embedded/query_tables.hpp"
#include "backend/embedded/snapshot_file.hpp"
#include "ledger/ledger.hpp"
#include "ledger/snapshot_codec.hpp"

using namespace scalemart;

namespace {

constexpr std::size_t kBatch = 2048;
constexpr std::uint64_t kBuyers = 500'000;

class Filler {
 public:
  Filler(SqliteJournal& journal, std::uint64_t orders) : journal_(journal), orders_(orders) {}

  Ledger run() {
    auto spec = std::make_shared<ProductSpec>();
    spec->id = "archive";
    spec->details.name = "Sold before";
    spec->terms.price = 1999;
    decide(CreateProduct{spec, static_cast<std::int64_t>(orders_)});
    for (std::uint64_t i = 0; i < orders_; ++i) sell(i);
    flush();
    return std::move(ledger_);
  }

 private:
  void sell(std::uint64_t i) {
    now_.ms += i % 16 == 0 ? 1 : 0;
    const OrderId order{static_cast<std::uint64_t>(now_.ms) << 16 | (random_.next() & 0xffff), random_.next()};
    const UserId buyer{7, 1 + i % kBuyers};
    decide(Reserve{order, buyer, ProductRef{0}, 1, 600'000, {random_.next(), random_.next()}});
    decide(Begin{order, 1});
    decide(Confirm{order, 1, "sim_0123456789"});
    decide(FinishStep{order, 1, Step::invoice});
    decide(FinishStep{order, 1, Step::mail});
    if (records_.size() >= kBatch) flush();
  }
  void decide(const Command& command) {
    if (is_success(ledger_.execute(command, now_, records_).outcome)) return;
    std::fprintf(stderr, "fill_store: the ledger refused\n");
    std::exit(1);
  }
  void flush() {
    if (records_.empty()) return;
    if (journal_.append(records_, false) != Journal::Appended::durable) {
      std::fprintf(stderr, "fill_store: the disk is full\n");
      std::exit(3);
    }
    journal_.tidy();
    records_.clear();
  }

  SqliteJournal& journal_;
  const std::uint64_t orders_;
  Ledger ledger_;
  WallTime now_{1'700'000'000'000};
  SeededRandom random_{7};
  std::vector<Record> records_;
};

bool write_snapshot_file(const std::filesystem::path& folder, Ledger& ledger, const JournalHead& head) {
  SnapshotFiles files(folder);
  const Snapshot snapshot = ledger.snapshot();
  return files.write(head, [&snapshot](const SnapshotStore::Sink& sink) { return write_snapshot(snapshot, sink); })
      .has_value();
}

bool mark_archive_complete(const std::filesystem::path& file, Sequence head) {
  if (!QueryTables::open(file)) return false;
  auto db = sqlite::Connection::open(file);
  return db && db->execute(("UPDATE applied SET sequence = " + std::to_string(head)).c_str());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: fill_store FOLDER ORDERS\n");
    return 2;
  }
  const SystemClock clock;
  auto folder = DataFolder::open(argv[1]);
  if (!folder) {
    std::fprintf(stderr, "fill_store: %s\n", folder.error().message.c_str());
    return 3;
  }
  SqliteJournal::Options options;
  options.file = (*folder)->file("journal.db");
  auto journal = SqliteJournal::open(std::move(options), clock);
  if (!journal) {
    std::fprintf(stderr, "fill_store: %s\n", journal.error().message.c_str());
    return 3;
  }
  Ledger ledger = Filler(**journal, std::strtoull(argv[2], nullptr, 10)).run();
  const JournalHead head = (*journal)->head();
  const bool done = write_snapshot_file((*folder)->path(), ledger, head) &&
                    mark_archive_complete((*folder)->file("query.db"), head.sequence);
  std::ofstream((*folder)->file("accounts.db"));  // nobody has one yet, and that is meant
  return done ? 0 : 3;
}
