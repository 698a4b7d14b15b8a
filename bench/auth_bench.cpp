// What authentication and rate limits cost a request.
//   ninja auth_bench && bench/auth_bench
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "admission/limiter.hpp"
#include "auth/password.hpp"
#include "auth/token.hpp"

namespace scalemart {
namespace {

constexpr WallTime kNow{1'700'000'000'000};

struct Tokens {
  explicit Tokens(std::size_t count) {
    SeededRandom random(1);
    for (std::size_t i = 0; i < count; ++i)
      texts.push_back(signer.sign({new_ulid<UserId>(kNow, random), new_ulid<FamilyId>(kNow, random), Role::buyer, 0},
                                  kNow, std::chrono::minutes(15)));
  }
  std::unique_ptr<KeyRing> ring = *KeyRing::from_secret("pQ7vX2mZ9rT4wK8sD1fG6hJ3lB5nC0yE");
  TokenSigner signer{*ring};
  Revocations revocations;
  std::vector<std::string> texts;
};

void verify_cached(benchmark::State& state) {
  Tokens tokens(static_cast<std::size_t>(state.range(0)));
  TokenVerifier verifier(*tokens.ring, tokens.revocations);
  if (state.range(1) != 0) tokens.revocations.revoke_family({9, 9}, kNow);
  for (const std::string& text : tokens.texts) benchmark::DoNotOptimize(verifier.verify(text, kNow));
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(verifier.verify(tokens.texts[i], kNow));
    if (++i == tokens.texts.size()) i = 0;
  }
}
BENCHMARK(verify_cached)
    ->ArgNames({"tokens", "revocations"})
    ->Args({1, 0})
    ->Args({1000, 0})
    ->Args({10'000, 0})
    ->Args({10'000, 1});

void verify_uncached(benchmark::State& state) {
  Tokens tokens(1000);
  TokenVerifier verifier(*tokens.ring, tokens.revocations, 0);
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(verifier.verify(tokens.texts[i], kNow));
    if (++i == tokens.texts.size()) i = 0;
  }
}
BENCHMARK(verify_uncached);

void refuse_forged(benchmark::State& state) {
  Tokens tokens(1);
  TokenVerifier verifier(*tokens.ring, tokens.revocations);
  std::string forged = tokens.texts[0];
  forged[forged.size() - 2] = forged[forged.size() - 2] == 'A' ? 'B' : 'A';
  for (auto _ : state) benchmark::DoNotOptimize(verifier.verify(forged, kNow));
}
BENCHMARK(refuse_forged);

void sign(benchmark::State& state) {
  Tokens tokens(0);
  for (auto _ : state)
    benchmark::DoNotOptimize(tokens.signer.sign({{1, 1}, {2, 2}, Role::buyer, 0}, kNow, std::chrono::minutes(15)));
}
BENCHMARK(sign);

void limiter_take(benchmark::State& state) {
  SeededRandom random(1);
  static Limiter limiter(RatePolicies::defaults(), random);
  const auto keys = static_cast<std::uint64_t>(state.range(0));
  std::uint64_t i = static_cast<std::uint64_t>(state.thread_index()) * 7919;
  std::int64_t now = 3'600'000'000'000;
  for (auto _ : state) {
    const std::uint64_t key = (i += 7919) % keys;
    benchmark::DoNotOptimize(limiter.take(PolicyId::flash_buy, {key * 0x9e3779b97f4a7c15ULL, key},
                                          SteadyTime(std::chrono::nanoseconds(now += 10'000))));
  }
}
BENCHMARK(limiter_take)->ArgName("keys")->Arg(1)->Arg(1000)->Arg(100'000)->Arg(700'000);
BENCHMARK(limiter_take)->ArgName("keys")->Arg(100'000)->Threads(2);

void gcra_take(benchmark::State& state) {
  static Gcra bucket;
  const BucketShape shape{std::chrono::nanoseconds(100), 1'000'000};
  std::int64_t now = 1;
  for (auto _ : state) benchmark::DoNotOptimize(bucket.take(SteadyTime(std::chrono::nanoseconds(now += 50)), shape));
}
BENCHMARK(gcra_take)->Threads(1)->Threads(2);

void hash_one_password(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(hash_password("purple-Tractor-19", Argon2Cost{}, PasswordSalt{}));
}
BENCHMARK(hash_one_password)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace scalemart

BENCHMARK_MAIN();
