// What does a call into a reactor from another thread cost, beside the least it could be: a vector of closures behind a
// mutex? Both carry the same closure and are emptied the same way, all that is there at a time.
//
//   Batch    one thread: a batch of calls is made, then they run. What the code itself costs, without contention. A
//            second thread sleeps: without one, the C library's mutex leaves its atomic operations out.
//   Threads  one thread calls as fast as it can, the other runs what has come. The rival's consumer never sleeps and
//            looks again at once, as a loop that has work does.
#include <benchmark/benchmark.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "bench/sleeper.hpp"
#include "torc/reactor/reactor.hpp"

namespace {

constexpr int kBatch = 4000, kStream = 200'000;

class MutexAndVector {
 public:
  void call(std::move_only_function<void()> f) {
    const std::lock_guard lock(mutex_);
    calls_.push_back(std::move(f));
  }
  void run_all() {
    {
      const std::lock_guard lock(mutex_);
      running_.swap(calls_);
    }
    for (auto& call : running_) call();
    running_.clear();
  }

 private:
  std::mutex mutex_;
  std::vector<std::move_only_function<void()>> calls_, running_;
};

void BatchOfMutexAndVector(benchmark::State& state) {
  const bench::Sleeper sleeper;
  MutexAndVector calls;
  std::size_t ran = 0;
  for (auto _ : state) {
    for (int i = 0; i < kBatch; ++i) calls.call([&ran] { ++ran; });
    calls.run_all();
  }
  benchmark::DoNotOptimize(ran);
  state.SetItemsProcessed(state.iterations() * kBatch);
}
BENCHMARK(BatchOfMutexAndVector);

void BatchOfReactor(benchmark::State& state) {
  const bench::Sleeper sleeper;
  torc::Reactor reactor;
  std::size_t ran = 0;
  // The loop asks for the next batch: it never sleeps, and every batch is one turn.
  const std::function<void()> next = [&] {
    if (!state.KeepRunning()) return reactor.stop();
    for (int i = 0; i < kBatch; ++i) reactor.call_from_thread([&ran] { ++ran; });
    reactor.call_when_running([&next] { next(); });
  };
  reactor.call_when_running([&next] { next(); });
  reactor.run();
  benchmark::DoNotOptimize(ran);
  state.SetItemsProcessed(state.iterations() * kBatch);
}
BENCHMARK(BatchOfReactor);

void ThreadsOfMutexAndVector(benchmark::State& state) {
  for (auto _ : state) {
    MutexAndVector calls;
    int ran = 0;
    std::thread producer([&] {
      for (int i = 0; i < kStream; ++i) calls.call([&ran] { ++ran; });
    });
    while (ran < kStream) calls.run_all();
    producer.join();
  }
  state.SetItemsProcessed(state.iterations() * kStream);
}
BENCHMARK(ThreadsOfMutexAndVector)->UseRealTime();

void ThreadsOfReactor(benchmark::State& state) {
  for (auto _ : state) {
    torc::Reactor reactor;
    int ran = 0;
    std::thread producer([&] {
      for (int i = 0; i < kStream; ++i) {
        reactor.call_from_thread([&] {
          if (++ran == kStream) reactor.stop();
        });
      }
    });
    reactor.run();
    producer.join();
  }
  state.SetItemsProcessed(state.iterations() * kStream);
}
BENCHMARK(ThreadsOfReactor)->UseRealTime();

}  // namespace
