// An error through four coroutine levels: thrown at each, or passed as a value by as_outcome and co_return.
// Aim: the value costs under 10 % of the throws.
#include "bench/failing.hpp"

#include <torc/base/traceback.hpp>

#include <benchmark/benchmark.h>

namespace {

using torc::Deferred;
using torc::Error;

[[gnu::noinline]] Deferred<int> raised(int level) {
  if (level == 1) co_await torc::raise(Error("the disk is full"));
  auto outcome = co_await torc::as_outcome(raised(level - 1));
  if (!outcome) co_await torc::raise(std::move(outcome).error());
  co_return *outcome;
}

[[gnu::noinline]] Deferred<int> value(int level) {
  if (level == 1) co_return 1;
  co_return co_await value(level - 1);
}

template <auto F>
void levels(benchmark::State& state) {
  for (auto _ : state) {
    auto outcome = F(bench::kLevels).take();
    benchmark::DoNotOptimize(outcome.has_value());
  }
}
void AValueThroughFourCoroutines(benchmark::State& state) { levels<value>(state); }
void AnErrorThrownThroughFourCoroutines(benchmark::State& state) { levels<bench::thrown>(state); }
void AnErrorThrownWithoutTracebacks(benchmark::State& state) {
  torc::set_throw_tracebacks(false);
  levels<bench::thrown>(state);
  torc::set_throw_tracebacks(true);
}
void AnErrorPassedThroughFourCoroutines(benchmark::State& state) { levels<bench::passed>(state); }
void AnErrorRaisedThroughFourCoroutines(benchmark::State& state) { levels<raised>(state); }
BENCHMARK(AValueThroughFourCoroutines);
BENCHMARK(AnErrorThrownThroughFourCoroutines);
BENCHMARK(AnErrorThrownWithoutTracebacks);
BENCHMARK(AnErrorPassedThroughFourCoroutines);
BENCHMARK(AnErrorRaisedThroughFourCoroutines);

// Ten stages behind a failure that nobody handles: each adds a wait.
void AnErrorPastTenStages(benchmark::State& state) {
  for (auto _ : state) {
    Deferred<int> result = torc::fail<int>(Error("the disk is full"));
    for (int i = 0; i < 10; ++i) result = std::move(result).then([](int number) { return number; });
    benchmark::DoNotOptimize(result.take().has_value());
  }
}
BENCHMARK(AnErrorPastTenStages);

}  // namespace
