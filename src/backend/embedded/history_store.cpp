#include "backend/embedded/history_store.hpp"

#include <sys/prctl.h>

#include <new>

#include "base/task_pool.hpp"

namespace scalemart {
namespace {

void remove_database(const std::filesystem::path& file) {
  std::error_code ignored;
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(file.string() + suffix, ignored);
}

}  // namespace

Result<std::unique_ptr<HistoryStore>> HistoryStore::open(Options options) {
  auto tables = HistoryTables::open(options.file, options.columns);
  if (!tables) {
    if (options.on_note) options.on_note("history.db is made anew: " + tables.error().message);
    tables = std::unique_ptr<HistoryTables>();
    remove_database(options.file);
    tables = HistoryTables::open(options.file, options.columns);
    if (!tables) return tables.error();
  }
  return std::unique_ptr<HistoryStore>(new HistoryStore(std::move(options), std::move(*tables)));
}

HistoryStore::HistoryStore(Options options, std::unique_ptr<HistoryTables> tables)
    : options_(std::move(options)), tables_(std::move(tables)) {}

HistoryStore::~HistoryStore() {
  stop();
  const std::lock_guard lock(mutex_);
  write_waiting();
}

void HistoryStore::start() {
  writer_ = std::thread([this] { run(); });
}

void HistoryStore::stop() {
  stopping_ = true;
  ++wakes_;
  wakes_.notify_all();
  if (writer_.joinable()) writer_.join();
}

void HistoryStore::run() {
  ::prctl(PR_SET_NAME, "history");
  if (options_.idle) yield_to_the_sale(true);
  while (!stopping_.load()) {
    const std::uint32_t seen = wakes_.load();
    {
      const std::lock_guard lock(mutex_);
      write_waiting();
    }
    wakes_.wait(seen);
  }
}

bool HistoryStore::put(HistoryBatch batch) noexcept {
  if (waiting_count_.fetch_add(1, std::memory_order_relaxed) >= options_.waiting_max) {
    waiting_count_.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  Node* node = new (std::nothrow) Node{std::move(batch), waiting_.load(std::memory_order_relaxed)};
  if (node == nullptr) {
    waiting_count_.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  while (!waiting_.compare_exchange_weak(node->next, node, std::memory_order_release, std::memory_order_relaxed)) {
  }
  ++wakes_;
  wakes_.notify_one();
  return true;
}

void HistoryStore::write_waiting() {
  Node* node = waiting_.exchange(nullptr, std::memory_order_acquire);
  Node* oldest = nullptr;
  while (node != nullptr) {
    Node* const next = std::exchange(node->next, oldest);
    oldest = node;
    node = next;
  }
  while (oldest != nullptr) {
    const std::unique_ptr<Node> taken(std::exchange(oldest, oldest->next));
    waiting_count_.fetch_sub(1, std::memory_order_relaxed);
    write(taken->batch);
  }
}

void HistoryStore::write(const HistoryBatch& batch) {
  if (options_.has_room && !options_.has_room()) return note("the disk is nearly full: nothing is remembered");
  if (!tables_) make_anew("another try");
  if (!tables_) return;
  const auto done = tables_->put(batch);
  if (done) {
    last_note_.clear();
    return;
  }
  if (!tables_->broken()) return note(done.error().message);
  make_anew(done.error().message);
  if (tables_) static_cast<void>(tables_->put(batch));
}

void HistoryStore::make_anew(const std::string& why) {
  note("history.db is made anew: " + why);
  tables_.reset();
  remove_database(options_.file);
  auto made = HistoryTables::open(options_.file, options_.columns);
  if (made)
    tables_ = std::move(*made);
  else
    note(made.error().message);
}

void HistoryStore::note(const std::string& line) {
  if (line == last_note_) return;  // once, not once a second
  last_note_ = line;
  if (options_.on_note) options_.on_note(line);
}

template <class Question>
auto HistoryStore::ask(Question question) {
  const std::lock_guard lock(mutex_);
  using Reply = decltype(question(*tables_));
  write_waiting();
  if (!tables_) return Reply(error("history.db is being made anew"));
  return question(*tables_);
}

Result<HistoryPage> HistoryStore::read(const HistoryQuery& query) {
  return ask([&](HistoryTables& tables) { return tables.read(query); });
}

Result<StepPage> HistoryStore::steps(const StepSearch& search) {
  return ask([&](HistoryTables& tables) { return tables.steps(search); });
}

Result<std::optional<HistoryRow>> HistoryStore::row(std::size_t tier, std::int64_t at) {
  return ask([&](HistoryTables& tables) { return tables.row(tier, at); });
}

}  // namespace scalemart
