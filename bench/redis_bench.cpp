// What the filter in Redis costs, by the size of a batch: buys that are taken and settled, buys that are refused.
// One thread, one connection, one Redis on this machine, all with a key of their own; a round of at least a second
// each. Prints a table.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "backend/redis/stock_filter.hpp"
#include "tests/servers/redis_server.hpp"

namespace scalemart {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kStock = 900'000'000;
constexpr std::chrono::seconds kRound{1};

std::vector<Reserve> make_buys(std::size_t count, ProductRef product, std::uint64_t& number) {
  std::vector<Reserve> buys;
  for (std::size_t i = 0; i < count; ++i) {
    ++number;
    buys.push_back({{1, number}, {2, number}, product, 1, 60'000, digest_key(std::to_string(number))});
  }
  return buys;
}

double cpu_seconds(testing_servers::RedisServer& server) {
  const std::string info = server.say({"INFO", "cpu"});
  const auto value = [&](const std::string& name) { return std::atof(info.c_str() + info.find(name) + name.size()); };
  return value("used_cpu_sys:") + value("used_cpu_user:");
}

struct Rate {
  double per_second = 0;
  double redis_us = 0;  ///< CPU of Redis a buy.
  double batch_us = 0;  ///< Time of a batch.
};

template <class Round>
Rate measure(const Clock& clock, testing_servers::RedisServer& server, std::size_t batch, Round round) {
  const double cpu_before = cpu_seconds(server);
  const SteadyTime begin = clock.steady();
  std::size_t batches = 0;
  while (clock.steady() - begin < kRound) {
    round();
    ++batches;
  }
  const double took = std::chrono::duration<double>(clock.steady() - begin).count();
  const double buys = static_cast<double>(batches * batch);
  return {buys / took, (cpu_seconds(server) - cpu_before) / buys * 1e6, took / static_cast<double>(batches) * 1e6};
}

int run() {
  if (!testing_servers::has_redis()) {
    std::fprintf(stderr, "redis-server is not installed\n");
    return 3;
  }
  testing_servers::RedisServer server;
  const SystemClock clock;
  SecureRandom random;
  RedisFilterSettings settings;
  settings.partitions = 1;
  auto filter = RedisStockFilter::make(*redis::Address::parse(server.url()), clock, random, settings);
  auto spec = std::make_shared<ProductSpec>();
  auto capped = std::make_shared<ProductSpec>();
  capped->terms.per_user_limit = 2;
  const milliseconds within{5000};
  std::vector<ProductRecord> products;
  products.push_back({ProductRef{0}, spec, {kStock, kStock, 0, 0}, false, false, 1});
  products.push_back({ProductRef{1}, spec, {0, 0, 0, 0}, false, false, 1});
  products.push_back({ProductRef{2}, capped, {kStock, kStock, 0, 0}, false, false, 1});
  if (!(*filter)->rebuild(0, products, within)) return 3;

  std::uint64_t number = 0;
  std::uint64_t sequence = 1;
  const WallTime now = clock.wall();
  const auto take = [&](ProductRef product, std::size_t batch) {
    const std::vector<Reserve> buys = make_buys(batch, product, number);
    const Screening screening = (*filter)->screen(0, buys, now, within);
    std::vector<Settlement> settlements;
    std::vector<OrderChange> changes;
    for (std::size_t i = 0; i < buys.size(); ++i) {
      ++sequence;
      if (screening.verdicts.at(i).kind == Verdict::Kind::taken)
        settlements.push_back({&buys[i], Settlement::Kind::sold, Outcome::done});
      changes.push_back({buys[i].order, buys[i].buyer, product, 1, OrderStatus::pending, {}, now, sequence});
    }
    const StockRecord stock{product, {kStock, kStock, 0, 0}, sequence};
    (*filter)->settle(0, screening.epoch, settlements, {&stock, 1}, changes, within);
  };
  const auto refuse = [&](std::size_t batch) {
    const std::vector<Reserve> buys = make_buys(batch, ProductRef{1}, number);
    static_cast<void>((*filter)->screen(0, buys, now, within));
  };
  std::printf("%6s | %-36s | %-36s | %-36s\n", "batch", "taken and settled", "the same with a cap", "sold out");
  std::printf("%6s |%s%s%s\n", "", "  buys/s   us/batch  redis us/buy  |", "  buys/s   us/batch  redis us/buy  |",
              "  buys/s   us/batch  redis us/buy");
  for (const std::size_t batch : {1u, 8u, 32u, 128u, 512u, 2048u}) {
    const Rate a = measure(clock, server, batch, [&] { take(ProductRef{0}, batch); });
    const Rate b = measure(clock, server, batch, [&] { take(ProductRef{2}, batch); });
    const Rate c = measure(clock, server, batch, [&] { refuse(batch); });
    std::printf("%6zu |", batch);
    for (const Rate& r : {a, b, c}) std::printf("%9.0f %10.0f %10.2f     |", r.per_second, r.batch_us, r.redis_us);
    std::printf("\n");
  }
  return 0;
}

}  // namespace
}  // namespace scalemart

int main() {
  return scalemart::run();
}
