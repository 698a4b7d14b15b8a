// What shared accounts in PostgreSQL do alone: requests a second by kind and number of lanes. Starts a PostgreSQL of
// its own (tests/servers/) with its defaults: fsync, full_page_writes and synchronous_commit on.
//
//   accounts_bench [--seconds S] [LANES...]
//
// As many requests are under way as there are lanes, times eight. Logins and logouts write an audit entry each; the
// watch links them to the chain meanwhile.

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

#include "backend/postgresql/accounts.hpp"
#include "backend/shared/account_lanes.hpp"
#include "base/random.hpp"
#include "port/account_store_contract.hpp"
#include "tests/servers/server_process.hpp"

using namespace scalemart;

namespace {

constexpr WallTime kNow{1'700'000'000'000};
constexpr std::uint64_t kUsers = 2'000;

AuditEntry entry(const char* what) {
  return {"01ARZ3NDEKTSV4RRFFQ69G5FAV", what, "", kNow, "192.0.2.1", "", ""};
}

Digest256 numbered(std::uint64_t n) {
  Digest256 digest{};
  for (std::size_t i = 0; i < 8; ++i) digest[i] = static_cast<std::byte>(n >> (8 * i));
  return digest;
}

/// Requests a second, with so many under way: thread t asks for its nth.
template <class Ask>
double rate(std::size_t threads, double seconds, Ask ask) {
  std::atomic<std::uint64_t> answered{0};
  std::atomic<bool> enough{false};
  const SystemClock clock;
  const SteadyTime begin = clock.steady();
  std::vector<std::thread> all;
  for (std::size_t t = 0; t < threads; ++t)
    all.emplace_back([&, t] {
      std::counting_semaphore<8> places(8);
      for (std::uint64_t n = 0; !enough.load(); ++n) {
        places.acquire();
        ask(t, n, [&](auto) {
          ++answered;
          places.release();
        });
      }
      for (int i = 0; i < 8; ++i) places.acquire();
    });
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  enough = true;
  for (std::thread& thread : all) thread.join();
  return static_cast<double>(answered.load()) / std::chrono::duration<double>(clock.steady() - begin).count();
}

void measure(const std::string& url, std::size_t lanes, double seconds) {
  static int number = 0;
  const SystemClock clock;
  SecureRandom random;
  pg::PostgresAccounts::Options options{.connection = {}, .connections = lanes + 2, .demands = {}};
  options.connection.url = url;
  options.connection.schema = "bench_" + std::to_string(++number);
  auto opened = pg::PostgresAccounts::open(std::move(options), clock, random);
  if (!opened) {
    std::fprintf(stderr, "%s\n", opened.error().message.c_str());
    std::exit(1);
  }
  AccountLanes store(std::move(*opened), {.lanes = lanes}, clock);
  if (!store.watch([](const AccountChanges&) {})) std::exit(1);
  if (test::ask_store<StoreOutcome>([&](auto done) {
        return store.seed({{8, 1}, kUsers, kNow}, done);
      }) != StoreOutcome::done)
    std::exit(1);
  const auto user = [](std::size_t t, std::uint64_t n) { return UserId{8, 1 + (t * 331 + n) % kUsers}; };
  const double found = rate(lanes, seconds, [&](std::size_t t, std::uint64_t n, auto done) {
    if (!store.find(user(t, n), done)) std::exit(1);
  });
  const double opened_rate = rate(lanes, seconds, [&](std::size_t t, std::uint64_t n, auto done) {
    const RefreshFamily family{{t + 1, n}, user(t, n), numbered(1), numbered(0), kNow, kNow + std::chrono::hours(1)};
    if (!store.open_family(family, 0, entry("logged_in"), done)) std::exit(1);
  });
  // One login a thread, rotated again and again: the order of a thread's requests is kept.
  const double rotated = rate(lanes, seconds, [&](std::size_t t, std::uint64_t n, auto done) {
    const FamilyId id{100 + t, 1};
    if (n == 0 && !store.open_family({id, user(t, 7), numbered(1), numbered(0), kNow, kNow + std::chrono::hours(1)}, 0,
                                     entry("in"), [](StoreOutcome) {}))
      std::exit(1);
    if (!store.rotate({id, numbered(1), numbered(n), numbered(n + 1), kNow, kNow + std::chrono::hours(1)},
                      entry("reused"), done))
      std::exit(1);
  });
  std::printf("%8zu %12.0f %12.0f %12.0f\n", lanes, found, opened_rate, rotated);
}

}  // namespace

int main(int argc, char** argv) {
  double seconds = 3;
  std::vector<std::size_t> lanes;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--seconds" && i + 1 < argc)
      seconds = std::atof(argv[++i]);
    else
      lanes.push_back(std::strtoul(argv[i], nullptr, 10));
  }
  if (lanes.empty()) lanes = {1, 4, 8, 16};
  const auto server = test::ServerProcess::start("postgresql_server.py");
  if (!server) return 77;
  std::printf("%8s %12s %12s %12s\n", "lanes", "find/s", "login/s", "refresh/s");
  for (const std::size_t count : lanes) measure(server->text("url"), count, seconds);
  return 0;
}
