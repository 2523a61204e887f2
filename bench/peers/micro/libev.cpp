// libev.
#include <ev.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <thread>

#include "../../micro.hpp"
#include "../../micro_timers.hpp"

MICRO_MAIN

namespace {

long fired = 0;
void count_fired(struct ev_loop*, ev_timer*, int) { ++fired; }

struct Armed {
  Armed() {
    for (std::size_t i = 0; i < timers.size(); ++i) {
      ev_timer_init(&timers[i], count_fired, static_cast<double>(after[i]) * 1e-6, 60.);
      ev_timer_start(loop, &timers[i]);
    }
  }
  ~Armed() { ev_loop_destroy(loop); }
  struct ev_loop* loop = ev_loop_new(EVFLAG_AUTO);
  std::vector<std::int64_t> after = micro::delays();
  std::vector<ev_timer> timers = std::vector<ev_timer>(micro::kTimers);
};

const micro::Row add_cancel("timer_cancel", [](micro::Run& run) {
  Armed armed;
  std::size_t next = 0;
  const auto measured = run.measure();
  for (long i = 0; i < run.count(); ++i) {
    ev_timer& timer = armed.timers[++next % micro::kTimers];
    ev_timer_stop(armed.loop, &timer);
    ev_timer_set(&timer, static_cast<double>(armed.after[micro::other(next)]) * 1e-6, 0.);
    ev_timer_start(armed.loop, &timer);
  }
});

const micro::Row restart("timer_restart", [](micro::Run& run) {
  Armed armed;
  std::size_t next = 0;
  const auto measured = run.measure();
  for (long i = 0; i < run.count(); ++i) {
    if (i % micro::kTurn == 0) ev_now_update(armed.loop);
    ev_timer_again(armed.loop, &armed.timers[++next % micro::kTimers]);
  }
});

void fire_all(micro::Run& run, bool fire) {
  auto timers = std::make_unique<ev_timer[]>(static_cast<std::size_t>(run.count()));
  struct ev_loop* const loop = ev_loop_new(EVFLAG_AUTO);
  micro::Dues dues;
  for (long i = 0; i < run.count(); ++i) {
    ev_timer& timer = timers[static_cast<std::size_t>(i)];
    ev_timer_init(&timer, count_fired, static_cast<double>(dues.next()) * 1e-6, 0.);
    ev_timer_start(loop, &timer);
  }
  std::this_thread::sleep_for(2 * std::chrono::microseconds(micro::kSpread));
  const long before = fired;
  const auto measured = run.measure();
  if (!fire) return void(timers.release());
  ev_run(loop, EVRUN_NOWAIT);
  if (fired - before != run.count()) std::abort();
}
const micro::Row fire("timer_fire", [](micro::Run& run) { fire_all(run, true); });
const micro::Row fire_base("timer_fire_base", [](micro::Run& run) { fire_all(run, false); });

}  // namespace
