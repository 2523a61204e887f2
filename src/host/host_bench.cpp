// What hosting adds: the time from a wake-up to the callback it is for, on a bare reactor and inside each of the loops.
//
// A second thread asks by call_from_thread, waits until the callback has run, and lets the loop fall asleep again before
// it asks next. Reported are the median and the 99th percentile; hosting adds the difference to `torc alone`.
#include <torc/reactor/reactor.hpp>

#if TORC_HAVE_GLIB
#include <torc/host/glib.hpp>

#include <glib.h>
#endif
#if TORC_HAVE_UV
#include <torc/host/uv.hpp>

#include <uv.h>
#endif
#if TORC_HAVE_ASIO
#include <torc/host/asio.hpp>

#include <boost/asio/io_context.hpp>
#endif

#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
constexpr int kWakeUps = 5000;

// Runs `run` on this thread, which is to return once the reactor has stopped.
void measure(benchmark::State& state, torc::Reactor& reactor, const std::function<void()>& run) {
  for (auto _ : state) {
    std::vector<double> took;
    took.reserve(kWakeUps);
    std::thread other([&] {
      for (int i = 0; i < kWakeUps; ++i) {
        std::this_thread::sleep_for(std::chrono::microseconds(50));
        std::atomic<bool> ran = false;
        const auto start = Clock::now();
        Clock::time_point end;
        reactor.call_from_thread([&] {
          end = Clock::now();
          ran.store(true);
          ran.notify_one();
        });
        ran.wait(false);
        took.push_back(std::chrono::duration<double, std::micro>(end - start).count());
      }
      reactor.call_from_thread([&] { reactor.stop(); });
    });
    run();
    other.join();
    std::ranges::sort(took);
    state.counters["p50_us"] = took[took.size() / 2];
    state.counters["p99_us"] = took[took.size() * 99 / 100];
  }
}

void torc_alone(benchmark::State& state) {
  torc::Reactor reactor;
  measure(state, reactor, [&] { reactor.run(); });
}
BENCHMARK(torc_alone)->Iterations(1)->Unit(benchmark::kMillisecond);

#if TORC_HAVE_GLIB
void in_glib(benchmark::State& state) {
  torc::Reactor reactor;
  GMainLoop* loop = g_main_loop_new(nullptr, FALSE);
  const torc::host::Glib host{reactor, nullptr, [&] { g_main_loop_quit(loop); }};
  measure(state, reactor, [&] { g_main_loop_run(loop); });
  g_main_loop_unref(loop);
}
BENCHMARK(in_glib)->Iterations(1)->Unit(benchmark::kMillisecond);
#endif

#if TORC_HAVE_UV
void in_uv(benchmark::State& state) {
  torc::Reactor reactor;
  const torc::host::Uv host{reactor, uv_default_loop()};
  measure(state, reactor, [&] { uv_run(uv_default_loop(), UV_RUN_DEFAULT); });
}
BENCHMARK(in_uv)->Iterations(1)->Unit(benchmark::kMillisecond);
#endif

#if TORC_HAVE_ASIO
void in_asio(benchmark::State& state) {
  torc::Reactor reactor;
  boost::asio::io_context context;
  const torc::host::Asio host{reactor, context};
  measure(state, reactor, [&] { context.run(); });
}
BENCHMARK(in_asio)->Iterations(1)->Unit(benchmark::kMillisecond);
#endif

}  // namespace
