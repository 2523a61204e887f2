// Fibers and channels: what a switch, a fiber and a meeting cost.
#include <torc/async/channel.hpp>
#include <torc/async/fiber.hpp>
#include <torc/async/task_set.hpp>
#include <torc/testing/clock.hpp>

#include <boost/context/detail/fcontext.hpp>

#include <benchmark/benchmark.h>

#include <cstdlib>

namespace torc {
namespace {

// The limit: registers only, no scheduler, no exceptions kept.
void raw_switch(benchmark::State& state) {
  namespace context = boost::context::detail;
  constexpr std::size_t kSize = 64 * 1024;
  char* const stack = static_cast<char*>(std::aligned_alloc(4096, kSize));
  auto fiber = context::make_fcontext(stack + kSize, kSize, [](context::transfer_t from) {
    for (;;) from = context::jump_fcontext(from.fctx, nullptr);
  });
  for (auto _ : state) fiber = context::jump_fcontext(fiber, nullptr).fctx;
  std::free(stack);
}
BENCHMARK(raw_switch)->Name("fcontext there and back");

void yielding(benchmark::State& state) {
  testing::Clock clock;
  TaskSet set;
  bool stop = false;
  long switches = 0;
  for (int i = 0; i < 2; ++i) {
    set.spawn_fiber([&] {
      while (!stop) {
        ++switches;
        await(yield());
      }
    });
  }
  for (auto _ : state) clock.turn();
  state.counters["ns/switch"] = benchmark::Counter(static_cast<double>(switches) * 1e-9,
                                                   benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  stop = true;
  clock.turn();
}
BENCHMARK(yielding)->Name("two fibers that yield, a turn of the loop");

void create_run_end(benchmark::State& state) {
  testing::Clock clock;
  for (auto _ : state) {
    auto result = defer_to_fiber([] { return 1; });
    benchmark::DoNotOptimize(result.take());
  }
}
BENCHMARK(create_run_end)->Name("fiber: create, run, end");

void rendezvous(benchmark::State& state) {
  testing::Clock clock;
  Channel<long> channel({.preference = static_cast<ChannelPreference>(state.range(0))});
  TaskSet set;
  bool stop = false;
  long received = 0;
  set.spawn_fiber([&] {
    for (;;) {
      await(channel.receive());
      ++received;
    }
  });
  set.spawn_fiber([&] {
    while (!stop) await(channel.send(1));
  });
  for (auto _ : state) clock.turn();
  state.counters["ns/value"] = benchmark::Counter(static_cast<double>(received) * 1e-9,
                                                  benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  stop = true;
  clock.turn();
}
BENCHMARK(rendezvous)->Name("channel rendezvous, preference receiver/sender/none")->Arg(0)->Arg(1)->Arg(2);

}  // namespace
}  // namespace torc
