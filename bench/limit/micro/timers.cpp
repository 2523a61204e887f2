// A bare wheel of one level: lists in slots of a millisecond, nothing handed down, nothing remembered of what is empty.
#include <cstdlib>
#include <deque>
#include <memory>

#include "../../micro.hpp"
#include "../../micro_timers.hpp"

namespace {

struct Link {
  Link* next = this;
  Link* previous = this;
  void unlink() {
    previous->next = next;
    next->previous = previous;
    next = previous = this;
  }
};
struct Expiring : Link {
  virtual void expire() noexcept = 0;

 protected:
  ~Expiring() = default;
};
struct Timer final : Expiring {
  void expire() noexcept override { ++fired; }
  std::int64_t due = 0;
  static inline long fired = 0;
};

struct Wheel {
  static constexpr std::size_t kSlots = 1 << 16;
  void arm(Timer& timer, std::int64_t due) {
    timer.due = due;
    Link& slot = slots[static_cast<std::size_t>(due / 1000) % kSlots];
    timer.previous = slot.previous;
    timer.next = &slot;
    slot.previous->next = &timer;
    slot.previous = &timer;
  }
  void advance(std::int64_t from, std::int64_t to) {
    for (; from <= to; from += 1000) {
      Link& slot = slots[static_cast<std::size_t>(from / 1000) % kSlots];
      while (slot.next != &slot) {
        auto& timer = static_cast<Expiring&>(*slot.next);
        timer.unlink();
        timer.expire();
      }
    }
  }
  std::vector<Link> slots = std::vector<Link>(kSlots);
};

struct Filled : Wheel {
  Filled() {
    for (auto& slot : slots) slot.next = slot.previous = &slot;
    for (std::size_t i = 0; i < timers.size(); ++i) arm(timers[i], after[i]);
  }
  std::vector<std::int64_t> after = micro::delays();
  std::deque<Timer> timers = std::deque<Timer>(micro::kTimers);
};

const micro::Row add_cancel("timer_cancel", [](micro::Run& run) {
  Filled wheel;
  std::size_t next = 0;
  const auto measured = run.measure();
  for (long i = 0; i < run.count(); ++i) {
    auto& timer = wheel.timers[++next % micro::kTimers];
    timer.unlink();
    wheel.arm(timer, wheel.after[micro::other(next)]);
  }
});

// The time is written down; whoever runs the timer at the old one sets it again.
const micro::Row restart("timer_restart", [](micro::Run& run) {
  Filled wheel;
  std::int64_t now = 0;
  std::size_t next = 0;
  const auto measured = run.measure();
  for (long i = 0; i < run.count(); ++i) {
    if (i % micro::kTurn == 0) now += 10;
    wheel.timers[++next % micro::kTimers].due = now + 60'000'000;
    micro::keep(wheel);
  }
});

void fire_all(micro::Run& run, bool fire) {
  auto timers = std::make_unique<Timer[]>(static_cast<std::size_t>(run.count()));
  Wheel wheel;
  for (auto& slot : wheel.slots) slot.next = slot.previous = &slot;
  micro::Dues dues;
  for (long i = 0; i < run.count(); ++i) wheel.arm(timers[static_cast<std::size_t>(i)], dues.next());
  const auto measured = run.measure();
  if (!fire) return void(timers.release());
  const long before = Timer::fired;
  wheel.advance(0, micro::kSpread);
  if (Timer::fired - before != run.count()) std::abort();
}
const micro::Row fire("timer_fire", [](micro::Run& run) { fire_all(run, true); });
const micro::Row fire_base("timer_fire_base", [](micro::Run& run) { fire_all(run, false); });

}  // namespace
