// libevent. The idle timeout is a "common timeout": those of one length are a list, where all others are a heap.
#include <event2/event.h>
#include <event2/event_struct.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <thread>

#include "../../micro.hpp"
#include "../../micro_timers.hpp"

MICRO_MAIN

namespace {

long fired = 0;
void count_fired(int, short, void*) { ++fired; }

timeval after_us(std::int64_t us) { return {us / 1'000'000, us % 1'000'000}; }

struct Armed {
  explicit Armed(bool common) {
    const timeval idle = after_us(60'000'000);
    common_idle = event_base_init_common_timeout(base, &idle);
    for (std::size_t i = 0; i < timers.size(); ++i) {
      event_assign(&timers[i], base, -1, 0, count_fired, nullptr);
      const timeval due = after_us(after[i]);
      event_add(&timers[i], common ? common_idle : &due);
    }
    event_base_loop(base, EVLOOP_NONBLOCK);
  }
  ~Armed() {
    for (auto& timer : timers) event_del(&timer);
    event_base_free(base);
  }
  event_base* base = event_base_new();
  const timeval* common_idle;
  std::vector<std::int64_t> after = micro::delays();
  std::vector<event> timers = std::vector<event>(micro::kTimers);
};

// Within a callback, as in use: the loop has looked at the clock.
template <class F>
void in_callback(event_base* base, F f) {
  const timeval now{};
  event_base_once(base, -1, EV_TIMEOUT, [](int, short, void* body) { (*static_cast<F*>(body))(); }, &f, &now);
  event_base_loop(base, EVLOOP_ONCE);
}

const micro::Row add_cancel("timer_cancel", [](micro::Run& run) {
  Armed armed(false);
  in_callback(armed.base, [&] {
    std::size_t next = 0;
    const auto measured = run.measure();
    for (long i = 0; i < run.count(); ++i) {
      event& timer = armed.timers[++next % micro::kTimers];
      const timeval due = after_us(armed.after[micro::other(next)]);
      event_del(&timer);
      event_add(&timer, &due);
    }
  });
});

const micro::Row restart("timer_restart", [](micro::Run& run) {
  Armed armed(true);
  in_callback(armed.base, [&] {
    std::size_t next = 0;
    const auto measured = run.measure();
    for (long i = 0; i < run.count(); ++i) {
      if (i % micro::kTurn == 0) event_base_update_cache_time(armed.base);
      event_add(&armed.timers[++next % micro::kTimers], armed.common_idle);
    }
  });
});

void fire_all(micro::Run& run, bool fire) {
  auto timers = std::make_unique<event[]>(static_cast<std::size_t>(run.count()));
  event_base* const base = event_base_new();
  micro::Dues dues;
  for (long i = 0; i < run.count(); ++i) {
    event& timer = timers[static_cast<std::size_t>(i)];
    event_assign(&timer, base, -1, 0, count_fired, nullptr);
    const timeval due = after_us(dues.next());
    event_add(&timer, &due);
  }
  std::this_thread::sleep_for(2 * std::chrono::microseconds(micro::kSpread));
  const long before = fired;
  const auto measured = run.measure();
  if (!fire) return void(timers.release());
  event_base_loop(base, EVLOOP_NONBLOCK);
  if (fired - before != run.count()) std::abort();
}
const micro::Row fire("timer_fire", [](micro::Run& run) { fire_all(run, true); });
const micro::Row fire_base("timer_fire_base", [](micro::Run& run) { fire_all(run, false); });

}  // namespace
