// What an error costs: thrown with and without its traceback, made without a throw, and reported.
#include <torc/base/errors.hpp>
#include <torc/base/failure.hpp>
#include <torc/base/traceback.hpp>

#include <benchmark/benchmark.h>

#include <array>
#include <thread>

namespace {

using torc::Error;
using torc::Failure;
using torc::Traceback;

[[gnu::noinline]] int throws(int depth) {
  if (depth <= 1) throw Error("the disk is full");
  const int below = throws(depth - 1);
  asm volatile("");  // no tail call
  return below + 1;
}

// As in a program that keeps frame pointers throughout: the benchmark library below main does not.
template <class F>
void on_own_thread(F f) {
  std::jthread(f).join();
}

void throw_and_catch(benchmark::State& state, bool tracebacks) {
  torc::set_throw_tracebacks(tracebacks);
  for (auto _ : state) {
    try {
      benchmark::DoNotOptimize(throws(static_cast<int>(state.range(0))));
    } catch (const Error& error) {
      benchmark::DoNotOptimize(error.what());
    }
  }
  torc::set_throw_tracebacks(true);
}
void ThrowWithoutTraceback(benchmark::State& state) {
  on_own_thread([&] { throw_and_catch(state, false); });
}
void ThrowWithTraceback(benchmark::State& state) {
  on_own_thread([&] { throw_and_catch(state, true); });
}
// Functions without frame pointers further down: every walk is the unwinder's.
void ThrowWithTracebackAboveForeignCode(benchmark::State& state) { throw_and_catch(state, true); }
BENCHMARK(ThrowWithTracebackAboveForeignCode)->Arg(2)->Arg(20);
BENCHMARK(ThrowWithoutTraceback)->Arg(2)->Arg(20);
BENCHMARK(ThrowWithTraceback)->Arg(2)->Arg(20);

void ThrowAndMakeAFailure(benchmark::State& state) {
  on_own_thread([&] {
    for (auto _ : state) {
      try {
        benchmark::DoNotOptimize(throws(2));
      } catch (...) {
        benchmark::DoNotOptimize(Failure::current());
      }
    }
  });
}
BENCHMARK(ThrowAndMakeAFailure);

template <class F>
[[gnu::noinline]] int at_depth(int depth, F& f) {
  if (depth == 0) return f(), 0;
  const int below = at_depth(depth - 1, f);
  asm volatile("");
  return below + 1;
}

// The two ways up a stack of 20 frames.
void WalkByFramePointers(benchmark::State& state) {
  std::array<void*, Traceback::kMaxFrames> frames;
  const auto measured = [&] {
    for (auto _ : state) benchmark::DoNotOptimize(torc::detail::capture_frames(frames.data(), frames.size()));
  };
  on_own_thread([&] { at_depth(20, measured); });
}
BENCHMARK(WalkByFramePointers);

void WalkByUnwinder(benchmark::State& state) {
  std::array<void*, Traceback::kMaxFrames> frames;
  const auto measured = [&] {
    for (auto _ : state) benchmark::DoNotOptimize(torc::detail::unwind_frames(frames.data(), frames.size()));
  };
  on_own_thread([&] { at_depth(20, measured); });
}
BENCHMARK(WalkByUnwinder);

void MakeAFailureWithoutAThrow(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Failure(Error("the disk is full")));
}
BENCHMARK(MakeAFailureWithoutAThrow);

Failure thrown() {
  try {
    throws(10);
  } catch (...) {
    return Failure::current();
  }
  return Failure(Error("not reached"));
}

// Reads the debug information of the program; the process has not done it before.
void FirstReport(benchmark::State& state) {
  const Failure failure = thrown();
  for (auto _ : state) benchmark::DoNotOptimize(failure.report());
}
BENCHMARK(FirstReport)->Iterations(1)->Unit(benchmark::kMillisecond);

void LaterReport(benchmark::State& state) {
  const Failure failure = thrown();
  for (auto _ : state) benchmark::DoNotOptimize(failure.report());
}
BENCHMARK(LaterReport)->Unit(benchmark::kMicrosecond);

}  // namespace
