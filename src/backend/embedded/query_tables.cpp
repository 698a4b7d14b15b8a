#include "backend/embedded/query_tables.hpp"

#include <sqlite3.h>

#include <limits>

namespace scalemart {
namespace {

constexpr const char* kSchemaVersion = "1";
constexpr const char* kSchema =
    "CREATE TABLE product(ref INTEGER PRIMARY KEY, slug TEXT NOT NULL, currency TEXT NOT NULL) STRICT;"
    "CREATE TABLE orders(sequence INTEGER PRIMARY KEY, id BLOB NOT NULL, product INTEGER NOT NULL, buyer "
    "BLOB NOT NULL,"
    " quantity INTEGER NOT NULL, unit_price INTEGER NOT NULL, status INTEGER NOT NULL, reason INTEGER NOT "
    "NULL,"
    " created INTEGER NOT NULL, begun INTEGER, ended INTEGER, refunded INTEGER, payment TEXT) STRICT;"
    "CREATE UNIQUE INDEX orders_by_id ON orders(id);"
    "CREATE INDEX orders_by_buyer ON orders(buyer);"
    "CREATE INDEX orders_by_product ON orders(product, status);"
    "CREATE INDEX orders_by_status ON orders(status);"
    "CREATE TABLE sales(product INTEGER, status INTEGER, orders INTEGER NOT NULL, units INTEGER NOT NULL,"
    " amount INTEGER NOT NULL, PRIMARY KEY(product, status)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE applied(one INTEGER PRIMARY KEY CHECK(one = 1), sequence INTEGER NOT NULL) STRICT;"
    "INSERT INTO applied VALUES(1, 0);"
    "PRAGMA user_version=1;";

constexpr const char* kSelectApplied = "SELECT sequence FROM applied";

/// Money adds up to the largest number and stays there.
std::int64_t saturating(__int128 value) {
  constexpr __int128 kMax = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(value > kMax ? kMax : value);
}

}  // namespace

/// One overload for each kind of record.
struct QueryTables::Apply {
  QueryTables& tables;
  const Record& record;

  Result<void> operator()(const record::ProductCreated& r) const { return tables.put_product(r.product, *r.spec); }
  Result<void> operator()(const record::ProductChanged& r) const { return tables.put_product(r.product, *r.spec); }
  Result<void> operator()(const record::Reserved& r) const { return tables.insert(record, r); }
  Result<void> operator()(const record::Begun& r) const {
    return tables.move(r.order, OrderStatus::processing, tables.set_begun_, record.at, StatusReason::none);
  }
  Result<void> operator()(const record::Confirmed& r) const {
    return tables.move(r.order, OrderStatus::confirmed, tables.set_ended_, record.at, StatusReason::none,
                       r.payment_reference);
  }
  Result<void> operator()(const record::Failed& r) const {
    return tables.move(r.order, OrderStatus::failed, tables.set_ended_, record.at, r.reason);
  }
  Result<void> operator()(const record::Expired& r) const {
    return tables.move(r.order, OrderStatus::expired, tables.set_ended_, record.at, StatusReason::hold_expired);
  }
  Result<void> operator()(const record::Cancelled& r) const {
    return tables.move(r.order, OrderStatus::cancelled, tables.set_ended_, record.at, StatusReason::cancelled_by_buyer);
  }
  Result<void> operator()(const record::Refunded& r) const {
    return tables.move(r.order, OrderStatus::refunded, tables.set_refunded_, record.at,
                       StatusReason::refunded_by_admin);
  }
  // These change nothing that is asked for here.
  Result<void> operator()(const record::ProductRemoved&) const { return {}; }
  Result<void> operator()(const record::StockAdjusted&) const { return {}; }
  Result<void> operator()(const record::PauseSet&) const { return {}; }
  Result<void> operator()(const record::StepFinished&) const { return {}; }
  Result<void> operator()(const record::Parked&) const { return {}; }
  Result<void> operator()(const record::Unparked&) const { return {}; }
};

Error QueryTables::fail(std::string_view doing) {
  const int kind = db_.code() & 0xff;
  broken_ = kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB || kind == SQLITE_CONSTRAINT || kind == SQLITE_MISMATCH;
  return db_.failure(doing);
}

Result<std::unique_ptr<QueryTables>> QueryTables::open(const std::filesystem::path& file) {
  auto db = sqlite::Connection::open(file);
  if (!db) return db.error();
  std::unique_ptr<QueryTables> tables(new QueryTables(std::move(*db)));
  if (auto done = tables->set_up(); !done) return done.error();
  if (auto done = tables->prepare(); !done) return done.error();
  if (auto done = tables->load(); !done) return done.error();
  return tables;
}

Result<void> QueryTables::set_up() {
  // NORMAL: a power cut may take the last transactions, which the journal still has.
  if (!db_.execute("PRAGMA locking_mode=EXCLUSIVE; PRAGMA page_size=8192; PRAGMA journal_mode=WAL;"
                   "PRAGMA synchronous=NORMAL; PRAGMA secure_delete=OFF; PRAGMA trusted_schema=OFF;"
                   "PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-16000;"
                   "PRAGMA journal_size_limit=33554432"))
    return fail("set up");
  auto version = db_.ask("PRAGMA user_version");
  if (!version) return version.error();
  if (*version == kSchemaVersion) return {};
  if (*version != "0") return error("query.db: has format " + *version);
  if (!db_.execute("BEGIN IMMEDIATE") || !db_.execute(kSchema) || !db_.execute("COMMIT"))
    return fail("make the tables");
  return {};
}

Result<void> QueryTables::prepare() {
  struct {
    sqlite::Statement& statement;
    const char* sql;
  } const wanted[] = {
      {insert_order_,
       "INSERT INTO orders(sequence, id, product, buyer, quantity, unit_price, status, reason, created)"
       " VALUES(?1, ?2, ?3, ?4, ?5, ?6, 0, 0, ?7)"},
      {select_known_, "SELECT sequence, product, quantity, unit_price, status FROM orders WHERE id = ?1"},
      // A worker that took over begins again: the first time counts.
      {set_begun_, "UPDATE orders SET status = ?2, reason = ?3, begun = coalesce(begun, ?4) WHERE sequence = ?1"},
      {set_ended_, "UPDATE orders SET status = ?2, reason = ?3, ended = ?4, payment = ?5 WHERE sequence = ?1"},
      {set_refunded_, "UPDATE orders SET status = ?2, reason = ?3, refunded = ?4 WHERE sequence = ?1"},
      {put_sum_, "INSERT OR REPLACE INTO sales(product, status, orders, units, amount) VALUES(?1, ?2, ?3, ?4, ?5)"},
      {put_product_, "INSERT OR REPLACE INTO product(ref, slug, currency) VALUES(?1, ?2, ?3)"},
      {put_applied_, "UPDATE applied SET sequence = ?1"},
  };
  for (const auto& [statement, sql] : wanted) {
    auto prepared = db_.prepare(sql);
    if (!prepared) return prepared.error();
    statement = std::move(*prepared);
  }
  return {};
}

Result<Sequence> QueryTables::look_at_applied(const std::filesystem::path& file) {
  auto db = sqlite::Connection::open_to_look(file);
  if (!db) return db.error();
  auto applied = db->ask(kSelectApplied);
  if (!applied) return applied.error();
  return std::stoull(*applied);
}

Result<void> QueryTables::load() {
  using Stepped = sqlite::Statement::Step;
  auto applied = db_.ask(kSelectApplied);
  if (!applied) return applied.error();
  applied_ = std::stoull(*applied);
  auto products = db_.prepare("SELECT ref, slug, currency FROM product");
  if (!products) return products.error();
  Stepped step = products->step();
  for (; step == Stepped::row; step = products->step()) {
    ProductName name{std::string(products->text(1)), {}};
    if (products->text(2).size() == 3) products->text(2).copy(name.currency.code.data(), 3);
    products_[products->integer(0)] = std::move(name);
  }
  if (step == Stepped::failed) return fail("read the products");
  auto sums = db_.prepare("SELECT product, status, orders, units, amount FROM sales");
  if (!sums) return sums.error();
  step = sums->step();
  for (; step == Stepped::row; step = sums->step()) {
    sums_[{sums->integer(0), static_cast<OrderStatus>(sums->integer(1))}] = {
        static_cast<std::uint64_t>(sums->integer(2)), static_cast<std::uint64_t>(sums->integer(3)), sums->integer(4)};
  }
  if (step == Stepped::failed) return fail("read the sums");
  return {};
}

Result<void> QueryTables::apply(std::span<const Record> records) {
  broken_ = false;
  changed_.clear();
  if (records.front().sequence != applied_ + 1) {
    broken_ = true;
    return error("query.db: record " + std::to_string(records.front().sequence) + " does not follow " +
                 std::to_string(applied_));
  }
  if (!db_.execute("BEGIN IMMEDIATE")) return fail("begin");
  if (auto done = apply_all(records); !done) {
    if (db_.in_transaction()) static_cast<void>(db_.execute("ROLLBACK"));
    return done;
  }
  applied_ = records.back().sequence;
  for (const auto& [key, line] : changed_) sums_[key] = line;
  return {};
}

Result<void> QueryTables::apply_all(std::span<const Record> records) {
  for (const Record& record : records)
    if (auto done = std::visit(Apply{*this, record}, record.payload); !done) return done;
  if (auto done = write_sums(); !done) return done;
  if (!put_applied_.bind(1, static_cast<std::int64_t>(records.back().sequence)).run()) return fail("write applied");
  if (!db_.execute("COMMIT")) return fail("commit");
  return {};
}

Result<void> QueryTables::put_product(ProductRef ref, const ProductSpec& spec) {
  products_[index_of(ref)] = {spec.id, spec.currency};
  put_product_.bind(1, std::int64_t{index_of(ref)}).bind(2, std::string_view(spec.id)).bind(3, spec.currency.text());
  if (!put_product_.run()) return fail("write a product");
  return {};
}

Result<void> QueryTables::insert(const Record& record, const record::Reserved& order) {
  const IdBytes id = bytes_of(order.order.hi, order.order.lo);
  const IdBytes buyer = bytes_of(order.buyer.hi, order.buyer.lo);
  insert_order_.bind(1, static_cast<std::int64_t>(record.sequence)).bind(2, std::span<const std::byte>(id));
  insert_order_.bind(3, std::int64_t{index_of(order.product)}).bind(4, std::span<const std::byte>(buyer));
  insert_order_.bind(5, std::int64_t{order.quantity}).bind(6, order.unit_price).bind(7, record.at.ms);
  if (!insert_order_.run()) return fail("write an order");
  count({0, std::int64_t{index_of(order.product)}, std::int64_t{order.quantity}, order.unit_price, {}},
        OrderStatus::pending, 1);
  return {};
}

Result<QueryTables::Known> QueryTables::known(OrderId id) {
  const IdBytes bytes = bytes_of(id.hi, id.lo);
  const auto step = select_known_.bind(1, std::span<const std::byte>(bytes)).step();
  Known order;
  if (step == sqlite::Statement::Step::row)
    order = {select_known_.integer(0), select_known_.integer(1), select_known_.integer(2), select_known_.integer(3),
             static_cast<OrderStatus>(select_known_.integer(4))};
  select_known_.reset();
  if (step == sqlite::Statement::Step::row) return order;
  if (step == sqlite::Statement::Step::failed) return fail("read an order");
  broken_ = true;
  return error("query.db: order " + to_string(id) + " is missing");
}

Result<void> QueryTables::move(OrderId id, OrderStatus to, sqlite::Statement& statement, WallTime at,
                               StatusReason reason, std::string_view payment_reference) {
  const auto order = known(id);
  if (!order) return order.error();
  statement.bind(1, order->sequence).bind(2, static_cast<std::int64_t>(to)).bind(3, static_cast<std::int64_t>(reason));
  statement.bind(4, at.ms);
  if (&statement == &set_ended_) {
    if (payment_reference.empty())
      statement.bind_null(5);
    else
      statement.bind(5, payment_reference);
  }
  if (!statement.run()) return fail("change an order");
  if (order->status != to) {
    count(*order, order->status, -1);
    count(*order, to, 1);
  }
  return {};
}

void QueryTables::count(const Known& order, OrderStatus status, int sign) {
  const auto key = std::make_pair(order.product, status);
  const auto found = changed_.find(key);
  ProductSales::Line& line = found != changed_.end() ? found->second : (changed_[key] = sums_[key]);
  const auto change = static_cast<std::uint64_t>(sign);  // -1 wraps around, as unsigned sums do
  line.orders += change;
  line.units += change * static_cast<std::uint64_t>(order.quantity);
  line.amount = saturating(__int128{line.amount} + __int128{order.quantity} * order.unit_price * sign);
}

Result<void> QueryTables::write_sums() {
  for (const auto& [key, line] : changed_) {
    put_sum_.bind(1, key.first).bind(2, static_cast<std::int64_t>(key.second));
    put_sum_.bind(3, static_cast<std::int64_t>(line.orders)).bind(4, static_cast<std::int64_t>(line.units));
    if (!put_sum_.bind(5, line.amount).run()) return fail("write the sums");
  }
  return {};
}

std::vector<ProductSales> QueryTables::sales() const {
  std::vector<ProductSales> all;
  for (const auto& [ref, name] : products_) {
    ProductSales sales{name.slug, name.currency, {}};
    for (int status = 0; status < kOrderStatusCount; ++status) {
      const auto found = sums_.find({ref, static_cast<OrderStatus>(status)});
      if (found != sums_.end()) sales.by_status[static_cast<std::size_t>(status)] = found->second;
    }
    all.push_back(std::move(sales));
  }
  return all;
}

QueryTables::IdBytes QueryTables::bytes_of(std::uint64_t hi, std::uint64_t lo) {
  IdBytes bytes;
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[i] = static_cast<std::byte>(hi >> (56 - 8 * i));
    bytes[8 + i] = static_cast<std::byte>(lo >> (56 - 8 * i));
  }
  return bytes;
}

}  // namespace scalemart
