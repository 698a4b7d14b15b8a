// What a buy costs inside the ledger, what a restart costs, and what an order weighs.
#include <benchmark/benchmark.h>
#include <malloc.h>
#include <time.h>

#include <algorithm>

#include "base/check.hpp"
#include "domain/record_codec.hpp"
#include "ledger/ledger.hpp"

namespace scalemart {
namespace {

constexpr WallTime kNow{1'700'000'000'000};
constexpr std::uint64_t kMillion = 1'000'000;

/// Cheap, well spread and repeatable (splitmix64).
std::uint64_t spread(std::uint64_t n) {
  n += 0x9e3779b97f4a7c15ULL;
  n = (n ^ (n >> 30)) * 0xbf58476d1ce4e5b9ULL;
  n = (n ^ (n >> 27)) * 0x94d049bb133111ebULL;
  return n ^ (n >> 31);
}

Reserve buy(std::uint64_t i, std::uint64_t buyers) {
  return {.order = {static_cast<std::uint64_t>(kNow.ms) << 16, spread(i)},
          .buyer = {static_cast<std::uint64_t>(kNow.ms - 1000) << 16, spread(~(i % buyers))},
          .product = ProductRef{0},
          .quantity = 1,
          .hold_ms = 600'000,
          .key = {spread(i * 3 + 1), spread(i * 3 + 2)}};
}

Ledger with_stock(std::int64_t total) {
  Ledger ledger;
  auto spec = std::make_shared<ProductSpec>();
  spec->id = "lamp";
  spec->details.name = "Lamp";
  spec->terms.price = 1999;
  spec->terms.per_user_limit = 1000;
  std::vector<Record> records;
  SCALEMART_CHECK(ledger.execute(CreateProduct{spec, total}, kNow, records).outcome == Outcome::done);
  return ledger;
}

void fill(Ledger& ledger, std::uint64_t orders, std::uint64_t buyers) {
  std::vector<Record> records;
  for (std::uint64_t i = 0; i < orders; ++i) {
    SCALEMART_CHECK(ledger.execute(buy(i, buyers), kNow, records).outcome == Outcome::done);
    if (records.size() == 256) records.clear();
  }
}

template <class Count>
void per_item(benchmark::State& state, Count items) {
  state.SetItemsProcessed(static_cast<std::int64_t>(items));
  state.counters["ns_each"] =
      benchmark::Counter(static_cast<double>(items) * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

/// Arguments: orders there already; orders per buyer.
void AcceptedBuy(benchmark::State& state) {
  const auto before = static_cast<std::uint64_t>(state.range(0));
  const std::uint64_t more = kMillion / 2;
  const std::uint64_t buyers = (before + more) / static_cast<std::uint64_t>(state.range(1));
  std::uint64_t done = 0;
  for (auto _ : state) {
    state.PauseTiming();
    auto ledger = std::make_unique<Ledger>(with_stock(kStockMax));
    fill(*ledger, before, buyers);
    std::vector<Record> records;
    records.reserve(256);
    state.ResumeTiming();
    for (std::uint64_t i = before; i < before + more; ++i) {
      benchmark::DoNotOptimize(ledger->execute(buy(i, buyers), kNow, records));
      if (records.size() == 256) records.clear();
    }
    state.PauseTiming();
    SCALEMART_CHECK(ledger->order_count() == before + more);
    ledger.reset();
    state.ResumeTiming();
    done += more;
  }
  per_item(state, done);
}
BENCHMARK(AcceptedBuy)
    ->Args({0, 1})
    ->Args({1'000'000, 1})
    ->Args({1'000'000, 3})
    ->Args({1'000'000, 20})
    ->Unit(benchmark::kMillisecond)
    ->Iterations(2);

/// Of this thread, so that other programs do not count.
std::int64_t cpu_time_ns() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

/// The longest any buy took while the tables grew; argument: orders.
void SlowestBuy(benchmark::State& state) {
  const auto orders = static_cast<std::uint64_t>(state.range(0));
  for (auto _ : state) {
    Ledger ledger = with_stock(kStockMax);
    std::vector<Record> records;
    std::vector<std::int64_t> took(orders);
    for (std::uint64_t i = 0; i < orders; ++i) {
      const std::int64_t start = cpu_time_ns();
      benchmark::DoNotOptimize(ledger.execute(buy(i, orders), kNow, records));
      took[i] = cpu_time_ns() - start;
      if (records.size() == 256) records.clear();
    }
    std::sort(took.begin(), took.end());
    state.counters["max_us"] = static_cast<double>(took.back()) / 1e3;
    state.counters["p9999_us"] = static_cast<double>(took[orders - orders / 10'000]) / 1e3;
    state.counters["p99_us"] = static_cast<double>(took[orders - orders / 100]) / 1e3;
  }
}
BENCHMARK(SlowestBuy)->Arg(1'000'000)->Arg(3'000'000)->Unit(benchmark::kMillisecond)->Iterations(1);

void SoldOutRefusal(benchmark::State& state) {
  Ledger ledger = with_stock(10'000);
  fill(ledger, 10'000, 10'000);
  std::vector<Record> records;
  std::uint64_t i = 20'000;
  for (auto _ : state) benchmark::DoNotOptimize(ledger.execute(buy(i++, UINT64_MAX), kNow, records));
  per_item(state, state.iterations());
}
BENCHMARK(SoldOutRefusal);

void BeginAndConfirm(benchmark::State& state) {
  const std::uint64_t orders = kMillion / 2;
  std::uint64_t done = 0;
  for (auto _ : state) {
    state.PauseTiming();
    auto ledger = std::make_unique<Ledger>(with_stock(kStockMax));
    fill(*ledger, orders, orders);
    std::vector<Record> records;
    state.ResumeTiming();
    for (std::uint64_t i = 0; i < orders; ++i) {
      const OrderId id = buy(i, orders).order;
      benchmark::DoNotOptimize(ledger->execute(Begin{id, 1}, kNow, records));
      benchmark::DoNotOptimize(ledger->execute(Confirm{id, 1, "ch_1"}, kNow, records));
      records.clear();
    }
    state.PauseTiming();
    SCALEMART_CHECK(ledger->order_count(OrderStatus::confirmed) == orders);
    ledger.reset();
    state.ResumeTiming();
    done += orders;
  }
  per_item(state, done);
}
BENCHMARK(BeginAndConfirm)->Unit(benchmark::kMillisecond)->Iterations(2);

void EncodeReserved(benchmark::State& state) {
  Ledger ledger = with_stock(kStockMax);
  std::vector<Record> records;
  for (std::uint64_t i = 0; i < 256; ++i) static_cast<void>(ledger.execute(buy(i, 256), kNow, records));
  Bytes out;
  out.reserve(1 << 16);
  for (auto _ : state) {
    out.clear();
    encode_batch(records, out);
    benchmark::DoNotOptimize(out.data());
  }
  per_item(state, state.iterations() * std::ssize(records));
}
BENCHMARK(EncodeReserved);

/// A restart from a snapshot, and what the state weighs; argument: orders per buyer.
void Restart(benchmark::State& state) {
  malloc_trim(0);
  const auto before = mallinfo2();
  Ledger ledger = with_stock(kStockMax);
  fill(ledger, kMillion, kMillion / static_cast<std::uint64_t>(state.range(0)));
  const auto after = mallinfo2();
  state.counters["bytes_per_order"] =
      static_cast<double>((after.uordblks + after.hblkhd) - (before.uordblks + before.hblkhd)) / kMillion;
  const Snapshot snapshot = ledger.snapshot();
  for (auto _ : state) {
    auto restored = Ledger::from_snapshot(snapshot);
    SCALEMART_CHECK(restored.has_value() && restored->order_count() == kMillion);
    state.PauseTiming();
    restored = Ledger();
    state.ResumeTiming();
  }
}
BENCHMARK(Restart)->Arg(1)->Arg(20)->Unit(benchmark::kMillisecond)->Iterations(3);

void TakeSnapshot(benchmark::State& state) {
  Ledger ledger = with_stock(kStockMax);
  fill(ledger, kMillion, kMillion);
  for (auto _ : state) benchmark::DoNotOptimize(ledger.snapshot());
}
BENCHMARK(TakeSnapshot)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace scalemart

BENCHMARK_MAIN();
