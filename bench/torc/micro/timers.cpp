// Timers: the wheel that the reactor keeps.
#include <torc/async/timer_wheel.hpp>

#include <chrono>
#include <cstdlib>
#include <deque>
#include <memory>

#include "../../micro.hpp"
#include "../../micro_timers.hpp"

namespace {

using namespace std::chrono_literals;
using std::chrono::microseconds;
using torc::Instant;
using torc::detail::TimerWheel;

struct Counting final : torc::detail::Timer {
  void expire() noexcept override { ++fired; }
  static inline long fired = 0;
};

struct Wheel {
  Wheel() {
    for (std::size_t i = 0; i < timers.size(); ++i) wheel.arm(timers[i], now + microseconds(after[i]), now);
  }
  Instant now{1h};
  TimerWheel wheel{Instant(1h)};
  std::vector<std::int64_t> after = micro::delays();
  std::deque<Counting> timers = std::deque<Counting>(micro::kTimers);
};

const micro::Row add_cancel("timer_cancel", [](micro::Run& run) {
  Wheel w;
  std::size_t next = 0;
  const auto measured = run.measure();
  for (long i = 0; i < run.count(); ++i) {
    auto& timer = w.timers[++next % micro::kTimers];
    timer.disarm();
    w.wheel.arm(timer, w.now + microseconds(w.after[micro::other(next)]), w.now);
  }
});

const micro::Row restart("timer_restart", [](micro::Run& run) {
  Wheel w;
  std::size_t next = 0;
  const auto measured = run.measure();
  for (long i = 0; i < run.count(); ++i) {
    if (i % micro::kTurn == 0) w.now += 10us;
    w.wheel.arm(w.timers[++next % micro::kTimers], w.now + 60s, w.now);
  }
});

/// `fire` false: what the other row does besides.
void fire_all(micro::Run& run, bool fire) {
  auto timers = std::make_unique<Counting[]>(static_cast<std::size_t>(run.count()));
  auto* const wheel = new TimerWheel(Instant(1h));
  micro::Dues dues;
  for (long i = 0; i < run.count(); ++i) {
    wheel->arm(timers[static_cast<std::size_t>(i)], Instant(1h) + microseconds(dues.next()), Instant(1h));
  }
  const auto measured = run.measure();
  if (!fire) return void(timers.release());  // left armed, with the wheel
  const long before = Counting::fired;
  wheel->advance(Instant(1h) + microseconds(micro::kSpread) + 1ms);
  if (Counting::fired - before != run.count()) std::abort();
}
const micro::Row fire("timer_fire", [](micro::Run& run) { fire_all(run, true); });
const micro::Row fire_base("timer_fire_base", [](micro::Run& run) { fire_all(run, false); });

}  // namespace
