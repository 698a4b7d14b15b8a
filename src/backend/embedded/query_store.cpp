#include "backend/embedded/query_store.hpp"

#include <sys/prctl.h>

#include <algorithm>

#include "base/task_pool.hpp"

namespace scalemart {
namespace {

constexpr int kStormPolls = 8;

constexpr std::size_t kExportPage = 500;

void remove_database(const std::filesystem::path& file) {
  std::error_code ignored;
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(file.string() + suffix, ignored);
}

}  // namespace

Result<std::unique_ptr<QueryStore>> QueryStore::open(Options options, Sequence journal_head) {
  auto tables = QueryTables::open(options.file);
  if (!tables) {
    if (options.on_note) options.on_note("query.db is made anew: " + tables.error().message);
    remove_database(options.file);
    auto anew = QueryTables::open(options.file);
    if (!anew) return anew.error();
    return std::unique_ptr<QueryStore>(new QueryStore(std::move(options), std::move(*anew), journal_head));
  }
  // It is filled behind the answers, from records that were durable: what it knows, buyers have been told.
  if (const Sequence known = (*tables)->applied(); known > journal_head)
    return error("journal: ends at " + std::to_string(journal_head) + ", query.db knows " + std::to_string(known) +
                 ": records are missing; restore a backup (or remove query.db to go on without them)");
  return std::unique_ptr<QueryStore>(new QueryStore(std::move(options), std::move(*tables), journal_head));
}

QueryStore::QueryStore(Options options, std::unique_ptr<QueryTables> tables, Sequence journal_head)
    : options_(std::move(options)),
      journal_head_(journal_head),
      backlog_(options_.backlog_records),
      applied_(tables->applied()),
      tables_(std::move(tables)) {}

QueryStore::~QueryStore() {
  stop();
}

void QueryStore::start() {
  requests_ = std::thread([this] { run_requests(); });
  writer_ = std::thread([this] { run(); });
}

void QueryStore::stop() {
  stopping_ = true;
  stopping_.notify_all();
  if (writer_.joinable()) writer_.join();
  if (requests_.joinable()) {
    int state = request_.load();
    while (state == 2) {
      request_.wait(2);  // someone still writes into our list
      state = request_.load();
    }
    request_ = -1;
    request_.notify_all();
    requests_.join();
  }
}

void QueryStore::note(const std::string& line) const {
  if (options_.on_note) options_.on_note(line);
}

void QueryStore::rest(std::chrono::milliseconds time) {
  // Short rests, so that stop() is quick; the thread has nothing better to do.
  for (auto left = time; left.count() > 0 && !stopping_.load(); left -= options_.poll)
    std::this_thread::sleep_for(std::min(left, options_.poll));
}

void QueryStore::run() {
  ::prctl(PR_SET_NAME, "query-writer");
  if (options_.idle) yield_to_the_sale(true);
  while (!stopping_.load()) {
    wait_out_the_storm();
    const Worked worked = work();
    if (worked == Worked::something) continue;
    rest(worked == Worked::failed ? options_.retry : options_.poll);
  }
}

void QueryStore::wait_out_the_storm() {
  if (backlog_.size() < options_.storm_backlog) return;
  // Even an idle thread takes caches and wake-ups from the sale; what is not written now is read from the journal
  // later. A little is written all the same, so that nobody sees a standstill.
  for (int polls = 0; polls < kStormPolls && !stopping_.load(); ++polls) {
    const Sequence before = backlog_.latest();
    rest(options_.poll);
    if (backlog_.latest() - before < options_.storm_records) return;
  }
}

QueryStore::Worked QueryStore::work() {
  if (options_.has_room && !options_.has_room()) return Worked::failed;
  const Sequence applied = applied_.load(std::memory_order_relaxed);
  const Sequence latest = std::max(backlog_.latest(), journal_head_);
  std::size_t waiting = backlog_.size();
  while (waiting > 0 && backlog_.at(0).sequence <= applied) {
    backlog_.drop(1);
    --waiting;
  }
  if (waiting == 0) return latest > applied ? catch_up(latest) : Worked::nothing;
  if (backlog_.at(0).sequence > applied + 1) return catch_up(backlog_.at(0).sequence - 1);
  std::vector<Record> records;
  records.reserve(options_.transaction_records);
  for (std::size_t i = 0; i < std::min(waiting, options_.transaction_records); ++i) {
    if (backlog_.at(i).sequence != applied + 1 + i) break;
    records.push_back(backlog_.at(i));
  }
  const Worked worked = write(records);
  if (worked == Worked::something) backlog_.drop(records.size());
  return worked;
}

QueryStore::Worked QueryStore::catch_up(Sequence up_to) {
  if (!options_.read_records || stopping_.load()) return Worked::nothing;
  caught_up_.clear();
  caught_up_.reserve(options_.catch_up_records);
  request_after_ = applied_.load(std::memory_order_relaxed);
  request_ = 1;
  request_.notify_all();
  for (int state = 1; state != 3; state = request_.load()) request_.wait(state);
  request_ = 0;
  if (caught_up_.empty()) return Worked::nothing;
  std::span<const Record> records(caught_up_);
  Worked worked = Worked::nothing;
  while (!records.empty() && records.front().sequence <= up_to && !stopping_.load()) {
    const std::size_t count = std::min(records.size(), options_.transaction_records);
    worked = write(records.first(count));
    if (worked != Worked::something) break;
    records = records.subspan(count);
  }
  return worked;
}

void QueryStore::run_requests() {
  ::prctl(PR_SET_NAME, "query-requests");
  for (;;) {
    const int state = request_.load();
    if (state == -1) return;
    if (state != 1) {
      request_.wait(state);
      continue;
    }
    request_ = 2;
    const bool asked = options_.read_records(request_after_, options_.catch_up_records, caught_up_, [this] {
      request_ = 3;
      request_.notify_all();
    });
    if (asked) continue;
    request_ = 3;
    request_.notify_all();
  }
}

QueryStore::Worked QueryStore::write(std::span<const Record> records) {
  // A question goes first: it waits for one small transaction at most.
  while (questions_.load() > 0 && !stopping_.load()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::string why;
  {
    const std::lock_guard guard(mutex_);
    if (tables_) {
      const auto done = tables_->apply(records);
      applied_.store(tables_->applied(), std::memory_order_release);
      if (done) {
        applied_.notify_all();
        return Worked::something;
      }
      why = done.error().message;
      if (!tables_->broken()) {
        note(why);
        return Worked::failed;
      }
    }
    rebuild(why);
  }
  return Worked::failed;
}

void QueryStore::rebuild(const std::string& why) {
  note("query.db is made anew: " + why);
  tables_.reset();
  remove_database(options_.file);
  auto made = QueryTables::open(options_.file);
  if (made)
    tables_ = std::move(*made);
  else
    note(made.error().message);
  applied_.store(0, std::memory_order_release);
}

template <class Question>
auto QueryStore::ask(Question question) {
  ++questions_;
  const std::lock_guard guard(mutex_);
  --questions_;
  using Reply = decltype(question(*tables_));
  if (!tables_) return Reply(error("query.db is being made anew"));
  return question(*tables_);
}

Result<OrderPage> QueryStore::search(const OrderSearch& search) {
  return ask([&](QueryTables& tables) { return tables.search(search); });
}

Result<std::optional<ArchivedOrder>> QueryStore::find(OrderId id) {
  return ask([&](QueryTables& tables) { return tables.find(id); });
}

Result<std::vector<ProductSales>> QueryStore::sales() {
  return ask([&](QueryTables& tables) { return Result<std::vector<ProductSales>>(tables.sales()); });
}

Result<void> QueryStore::for_each(OrderSearch filter, const std::function<bool(const ArchivedOrder&)>& visit) {
  filter.limit = kExportPage;
  do {
    const auto page = search(filter);
    if (!page) return page.error();
    for (const ArchivedOrder& order : page->orders)
      if (!visit(order)) return {};
    filter.cursor = page->next_cursor;
  } while (!filter.cursor.empty());
  return {};
}

bool QueryStore::wait_for(Sequence sequence, std::chrono::milliseconds most) const {
  for (auto left = most; applied() < sequence; left -= std::chrono::milliseconds(1)) {
    if (left.count() <= 0) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace scalemart
