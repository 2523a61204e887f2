// libuv. It has no closures to carry to its thread, only a wake-up, so it has no row of that.
#include <uv.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "../../micro.hpp"
#include "../../micro_timers.hpp"

MICRO_MAIN

namespace {

long fired = 0;
void count_fired(uv_timer_t*) { ++fired; }

struct Loop {
  explicit Loop(long count) : timers(static_cast<std::size_t>(count)) {
    uv_loop_init(&loop);
    for (auto& timer : timers) uv_timer_init(&loop, &timer);
  }
  ~Loop() {
    for (auto& timer : timers) uv_close(reinterpret_cast<uv_handle_t*>(&timer), nullptr);
    uv_run(&loop, UV_RUN_NOWAIT);
    uv_loop_close(&loop);
  }
  void arm(std::size_t i, std::int64_t us, std::uint64_t repeat = 0) {
    uv_timer_start(&timers[i], count_fired, static_cast<std::uint64_t>(us / 1000), repeat);
  }
  uv_loop_t loop;
  std::vector<uv_timer_t> timers;
};

const micro::Row add_cancel("timer_cancel", [](micro::Run& run) {
  Loop w(micro::kTimers);
  const auto after = micro::delays();
  for (std::size_t i = 0; i < micro::kTimers; ++i) w.arm(i, after[i]);
  std::size_t next = 0;
  const auto measured = run.measure();
  for (long i = 0; i < run.count(); ++i) {
    uv_timer_stop(&w.timers[++next % micro::kTimers]);
    w.arm(next % micro::kTimers, after[micro::other(next)]);
  }
});

const micro::Row restart("timer_restart", [](micro::Run& run) {
  Loop w(micro::kTimers);
  const auto after = micro::delays();
  for (std::size_t i = 0; i < micro::kTimers; ++i) w.arm(i, after[i], 60'000);
  std::size_t next = 0;
  const auto measured = run.measure();
  for (long i = 0; i < run.count(); ++i) {
    if (i % micro::kTurn == 0) uv_update_time(&w.loop);
    uv_timer_again(&w.timers[++next % micro::kTimers]);
  }
});

void fire_all(micro::Run& run, bool fire) {
  auto& w = *new Loop(run.count());
  micro::Dues dues;
  for (std::size_t i = 0; i < w.timers.size(); ++i) w.arm(i, dues.next());
  std::this_thread::sleep_for(2 * std::chrono::microseconds(micro::kSpread));
  const long before = fired;
  const auto measured = run.measure();
  if (!fire) return;
  uv_run(&w.loop, UV_RUN_NOWAIT);
  if (fired - before != run.count()) std::abort();
}
const micro::Row fire("timer_fire", [](micro::Run& run) { fire_all(run, true); });
const micro::Row fire_base("timer_fire_base", [](micro::Run& run) { fire_all(run, false); });

}  // namespace
