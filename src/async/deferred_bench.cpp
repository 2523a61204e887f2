// Results: a promise with three continuations, and a co_await of what is ready, with the allocations of each; beside
// KJ in the same run where it is installed.
//
// "mallocs" counts calls into malloc, by whomever. Operations and frames come from the thread's free lists, so torc's
// should be 0 once these are warm.
#include <torc/async/coroutine.hpp>
#include <torc/async/promise.hpp>
#include <torc/async/steps.hpp>

#include <benchmark/benchmark.h>

#ifdef TORC_BENCH_KJ
#include <kj/async.h>
#endif

#include <cstddef>
#include <cstdint>

namespace {
std::uint64_t mallocs = 0;
}

// glibc lets a program bring its own malloc; this one is glibc's, counted.
extern "C" void* __libc_malloc(std::size_t size);
extern "C" void* malloc(std::size_t size) noexcept {
  ++mallocs;
  return __libc_malloc(size);
}

namespace torc {
namespace {

/// Says how often malloc was called for each iteration.
class CountMallocs {
 public:
  explicit CountMallocs(benchmark::State& state) : state_(state), before_(mallocs) {}
  ~CountMallocs() {
    state_.counters["mallocs"] = benchmark::Counter(static_cast<double>(mallocs - before_), benchmark::Counter::kAvgIterations);
  }

 private:
  benchmark::State& state_;
  std::uint64_t before_;
};

void FireThreeContinuations(benchmark::State& state) {
  const CountMallocs count(state);
  for (auto _ : state) {
    auto [deferred, promise] = make_deferred<int>();
    auto end = std::move(deferred)
                   .then([](int n) { return n + 1; })
                   .then([](int n) { return n + 1; })
                   .then([](int n) { return n + 1; });
    promise.set_value(1);
    benchmark::DoNotOptimize(end.take());
  }
}
BENCHMARK(FireThreeContinuations);

void AwaitAReadyResult(benchmark::State& state) {
  const CountMallocs count(state);
  [](benchmark::State& s) -> Deferred<void> {
    int sum = 0;
    for (auto _ : s) {
      sum += co_await succeed(1);
      benchmark::DoNotOptimize(sum);
    }
  }(state).take().value();
}
BENCHMARK(AwaitAReadyResult);

Deferred<int> one() { co_return 1; }

void AwaitACoroutineThatIsReady(benchmark::State& state) {
  const CountMallocs count(state);
  [](benchmark::State& s) -> Deferred<void> {
    int sum = 0;
    for (auto _ : s) {
      sum += co_await one();
      benchmark::DoNotOptimize(sum);
    }
  }(state).take().value();
}
BENCHMARK(AwaitACoroutineThatIsReady);

void AStep(benchmark::State& state) {
  const CountMallocs count(state);
  Steps steps = []() -> Steps {
    for (;;) co_yield {};
  }();
  auto* operation = steps.release_operation();
  for (auto _ : state) operation->step();
  detail::Operation::drop(operation);
}
BENCHMARK(AStep);

#ifdef TORC_BENCH_KJ

void FireThreeContinuations_kj(benchmark::State& state) {
  kj::EventLoop loop;
  kj::WaitScope scope(loop);
  const CountMallocs count(state);
  for (auto _ : state) {
    auto pair = kj::newPromiseAndFulfiller<int>();
    auto end = pair.promise.then([](int n) { return n + 1; }).then([](int n) { return n + 1; }).then([](int n) {
      return n + 1;
    });
    pair.fulfiller->fulfill(1);
    benchmark::DoNotOptimize(end.wait(scope));
  }
}
BENCHMARK(FireThreeContinuations_kj);

void WaitForAReadyResult_kj(benchmark::State& state) {
  kj::EventLoop loop;
  kj::WaitScope scope(loop);
  const CountMallocs count(state);
  for (auto _ : state) {
    kj::Promise<int> ready(1);
    benchmark::DoNotOptimize(ready.wait(scope));
  }
}
BENCHMARK(WaitForAReadyResult_kj);

#endif

}  // namespace
}  // namespace torc
