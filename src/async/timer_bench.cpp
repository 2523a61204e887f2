// Timers: what it costs to set and cancel one, to restart an idle timeout, and to run a million, beside libev and
// libuv in the same run where they are installed. (libevent cannot join them: libev brings the same names.)
#include <torc/async/timer_wheel.hpp>

#include <benchmark/benchmark.h>

#ifdef TORC_BENCH_LIBEV
#include <ev.h>
#endif
#ifdef TORC_BENCH_LIBUV
#include <uv.h>
#endif

#include <time.h>

#include <chrono>
#include <deque>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace torc::detail {
namespace {

using namespace std::chrono_literals;

constexpr int kTimers = 1'000;        // set while one more is added or moved
constexpr int kFired = 1'000'000;
constexpr int kSpread = 100;          // milliseconds over which they are due

/// Of this thread: others on the machine do not count.
double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

struct Counting final : Timer {
  void expire() noexcept override { ++fired; }
  static inline std::int64_t fired = 0;
};

/// Delays as an application has them: seconds, all different.
std::vector<Duration> delays() {
  std::mt19937 random(1);
  std::vector<Duration> all(kTimers);
  for (auto& delay : all) delay = 1s + std::chrono::microseconds(random() % 60'000'000);
  return all;
}

struct Wheel {
  Wheel() : wheel(Instant(1h)) {
    int i = 0;
    for (auto& timer : timers) wheel.arm(timer, now + after[static_cast<std::size_t>(i++)], now);
  }
  Instant now{1h};
  TimerWheel wheel;
  std::vector<Duration> after = delays();
  std::deque<Counting> timers = std::deque<Counting>(kTimers);
};

void AddAndCancel(benchmark::State& state) {
  Wheel w;
  Counting timer;
  std::size_t i = 0;
  for (auto _ : state) {
    w.wheel.arm(timer, w.now + w.after[++i % kTimers], w.now);
    timer.disarm();
  }
}
BENCHMARK(AddAndCancel);

void RestartAnIdleTimeout(benchmark::State& state) {
  Wheel w;
  std::size_t i = 0;
  for (auto _ : state) {
    w.wheel.arm(w.timers[++i % kTimers], w.now + 60s, w.now);
  }
}
BENCHMARK(RestartAnIdleTimeout);

void AMillionFired(benchmark::State& state) {
  std::mt19937 random(1);
  auto timers = std::make_unique<Counting[]>(kFired);
  for (auto _ : state) {
    TimerWheel wheel(Instant(1h));
    for (int i = 0; i < kFired; ++i) {
      wheel.arm(timers[static_cast<std::size_t>(i)], Instant(1h) + std::chrono::microseconds(random() % (kSpread * 1000)), Instant(1h));
    }
    const double began = cpu_seconds();
    wheel.advance(Instant(1h) + std::chrono::milliseconds(kSpread + 1));
    state.SetIterationTime((cpu_seconds() - began) / kFired);
  }
}
BENCHMARK(AMillionFired)->UseManualTime()->Iterations(5);

#ifdef TORC_BENCH_LIBEV

void nothing(struct ev_loop*, ev_timer*, int) { ++Counting::fired; }

struct Libev {
  Libev() {
    for (std::size_t i = 0; i < timers.size(); ++i) {
      ev_timer_init(&timers[i], nothing, std::chrono::duration<double>(after[i]).count(), 60.);
      ev_timer_start(loop, &timers[i]);
    }
  }
  ~Libev() { ev_loop_destroy(loop); }
  struct ev_loop* loop = ev_loop_new(EVFLAG_AUTO);
  std::vector<Duration> after = delays();
  std::vector<ev_timer> timers = std::vector<ev_timer>(kTimers);
};

void AddAndCancel_libev(benchmark::State& state) {
  Libev w;
  ev_timer timer;
  std::size_t i = 0;
  for (auto _ : state) {
    ev_timer_init(&timer, nothing, std::chrono::duration<double>(w.after[++i % kTimers]).count(), 0.);
    ev_timer_start(w.loop, &timer);
    ev_timer_stop(w.loop, &timer);
  }
}
BENCHMARK(AddAndCancel_libev);

void RestartAnIdleTimeout_libev(benchmark::State& state) {
  Libev w;
  std::size_t i = 0;
  for (auto _ : state) ev_timer_again(w.loop, &w.timers[++i % kTimers]);
}
BENCHMARK(RestartAnIdleTimeout_libev);

void AMillionFired_libev(benchmark::State& state) {
  std::mt19937 random(1);
  std::vector<ev_timer> timers(kFired);
  for (auto _ : state) {
    struct ev_loop* loop = ev_loop_new(EVFLAG_AUTO);
    for (auto& timer : timers) {
      ev_timer_init(&timer, nothing, static_cast<double>(random() % (kSpread * 1000)) * 1e-6, 0.);
      ev_timer_start(loop, &timer);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2 * kSpread));
    const double began = cpu_seconds();
    ev_run(loop, EVRUN_NOWAIT);
    state.SetIterationTime((cpu_seconds() - began) / kFired);
    ev_loop_destroy(loop);
  }
}
BENCHMARK(AMillionFired_libev)->UseManualTime()->Iterations(5);

#endif
#ifdef TORC_BENCH_LIBUV

void nothing_uv(uv_timer_t*) { ++Counting::fired; }

struct Libuv {
  explicit Libuv(std::size_t count) : timers(count) {
    uv_loop_init(&loop);
    for (auto& timer : timers) uv_timer_init(&loop, &timer);
  }
  ~Libuv() {
    for (auto& timer : timers) uv_close(reinterpret_cast<uv_handle_t*>(&timer), nullptr);
    uv_run(&loop, UV_RUN_NOWAIT);
    uv_loop_close(&loop);
  }
  uv_loop_t loop;
  std::vector<uv_timer_t> timers;
};

std::uint64_t ms(Duration delay) {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(delay).count());
}

void AddAndCancel_libuv(benchmark::State& state) {
  Libuv w(kTimers + 1);
  const auto after = delays();
  for (std::size_t i = 0; i < kTimers; ++i) uv_timer_start(&w.timers[i], nothing_uv, ms(after[i]), 0);
  std::size_t i = 0;
  for (auto _ : state) {
    uv_timer_start(&w.timers[kTimers], nothing_uv, ms(after[++i % kTimers]), 0);
    uv_timer_stop(&w.timers[kTimers]);
  }
}
BENCHMARK(AddAndCancel_libuv);

void RestartAnIdleTimeout_libuv(benchmark::State& state) {
  Libuv w(kTimers);
  const auto after = delays();
  for (std::size_t i = 0; i < kTimers; ++i) uv_timer_start(&w.timers[i], nothing_uv, ms(after[i]), 60'000);
  std::size_t i = 0;
  for (auto _ : state) uv_timer_again(&w.timers[++i % kTimers]);
}
BENCHMARK(RestartAnIdleTimeout_libuv);

void AMillionFired_libuv(benchmark::State& state) {
  std::mt19937 random(1);
  Libuv w(kFired);
  for (auto _ : state) {
    uv_update_time(&w.loop);
    for (auto& timer : w.timers) uv_timer_start(&timer, nothing_uv, random() % kSpread, 0);
    std::this_thread::sleep_for(std::chrono::milliseconds(2 * kSpread));
    const double began = cpu_seconds();
    uv_run(&w.loop, UV_RUN_NOWAIT);
    state.SetIterationTime((cpu_seconds() - began) / kFired);
  }
}
BENCHMARK(AMillionFired_libuv)->UseManualTime()->Iterations(5);

#endif

}  // namespace
}  // namespace torc::detail
