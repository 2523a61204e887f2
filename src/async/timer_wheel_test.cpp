#include <torc/async/timer_wheel.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <vector>

namespace torc::detail {
namespace {

using namespace std::chrono_literals;

struct Recorded final : Timer {
  Recorded(std::vector<int>& log, int name) : log(log), name(name) {}
  void expire() noexcept override {
    log.push_back(name);
    if (again) wheel->arm(*this, due(), due());
  }
  void stopped() noexcept override { log.push_back(-name); }
  std::vector<int>& log;
  int name;
  bool again = false;
  TimerWheel* wheel = nullptr;
};

Instant at(Duration moment) { return Instant(moment); }

TEST(TimerWheel, IsNeverEarlyAndAtMostATickLate) {
  std::vector<int> log;
  TimerWheel wheel(at(0ms));
  Recorded timer(log, 1);
  wheel.arm(timer, at(1500us), at(0ms));
  wheel.advance(at(1999us));
  EXPECT_TRUE(log.empty());
  wheel.advance(at(2ms));
  EXPECT_EQ(log, std::vector{1});
}

TEST(TimerWheel, RunsATickFirstInFirstOutAlsoAcrossLevels) {
  std::vector<int> log;
  TimerWheel wheel(at(0ms));
  Recorded early(log, 1), middle(log, 2), late(log, 3);
  wheel.arm(early, at(5000ms), at(0ms));  // far away: a high level
  wheel.advance(at(4900ms));
  wheel.arm(middle, at(5000ms), at(0ms));
  wheel.advance(at(4990ms));
  wheel.arm(late, at(5000ms), at(0ms));  // near: the lowest level
  wheel.advance(at(5000ms));
  EXPECT_EQ(log, (std::vector{1, 2, 3}));
}

TEST(TimerWheel, ARestartQueuesBehind) {
  std::vector<int> log;
  TimerWheel wheel(at(0ms));
  Recorded a(log, 1), b(log, 2);
  wheel.arm(a, at(10ms), at(0ms));
  wheel.arm(b, at(10ms), at(0ms));
  wheel.arm(a, at(10ms), at(0ms));
  wheel.advance(at(10ms));
  EXPECT_EQ(log, (std::vector{2, 1}));
}

TEST(TimerWheel, ATimerSetWhileTimersRunWaitsForTheNextPass) {
  std::vector<int> log;
  TimerWheel wheel(at(0ms));
  Recorded timer(log, 1);
  timer.again = true;
  timer.wheel = &wheel;
  wheel.arm(timer, at(1ms), at(0ms));
  wheel.advance(at(1ms));
  EXPECT_EQ(log.size(), 1u);
  EXPECT_LE(*wheel.next_due(), at(1ms));
  wheel.advance(at(1ms));
  EXPECT_EQ(log.size(), 2u);
}

TEST(TimerWheel, ADestroyedTimerIsForgotten) {
  std::vector<int> log;
  TimerWheel wheel(at(0ms));
  {
    Recorded timer(log, 1);
    wheel.arm(timer, at(1ms), at(0ms));
  }
  wheel.advance(at(10ms));
  EXPECT_TRUE(log.empty());
  EXPECT_EQ(wheel.next_due(), std::nullopt);
}

TEST(TimerWheel, TellsEveryTimerWhenItStops) {
  std::vector<int> log;
  TimerWheel wheel(at(0ms));
  Recorded near(log, 1), far(log, 2), past(log, 3), never(log, 4), later(log, 5), disarmed(log, 6);
  wheel.arm(near, at(1ms), at(0ms));
  wheel.arm(far, at(24h * 400), at(0ms));
  wheel.arm(past, at(-1ms), at(0ms));
  wheel.arm(never, Instant::max(), at(0ms));
  wheel.arm(disarmed, at(1ms), at(0ms));
  IntrusiveList<Timer> stopping;
  wheel.take_all(stopping);
  disarmed.disarm();
  wheel.arm(later, at(2ms), at(0ms));  // set after the stop began: not meant
  TimerWheel::stop(stopping);
  std::ranges::sort(log);
  EXPECT_EQ(log, (std::vector{-4, -3, -2, -1}));
  EXPECT_FALSE(near.armed());
  EXPECT_TRUE(later.armed());
}

TEST(TimerWheel, OneThatIsDueWhenItIsSetWaitsForNoTick) {
  std::vector<int> log;
  TimerWheel wheel(at(0ms));
  Recorded timer(log, 1), behind(log, 2);
  wheel.advance(at(1100us));
  wheel.arm(timer, at(1300us), at(1300us));
  wheel.arm(behind, at(1301us), at(1300us));
  EXPECT_EQ(wheel.next_due(), at(1300us));
  wheel.advance(at(1300us));
  EXPECT_EQ(log, std::vector{1});
}

TEST(TimerWheel, ATimerAtTheEndOfTimeOnlyHearsOfTheStop) {
  std::vector<int> log;
  TimerWheel wheel(at(0ms));
  Recorded never(log, 1);
  wheel.arm(never, Instant::max(), at(0ms));
  EXPECT_EQ(wheel.next_due(), std::nullopt);
  wheel.advance(at(24h * 365 * 200));
  EXPECT_TRUE(log.empty());
  wheel.arm(never, at(24h * 365 * 200 + 1ms), at(24h * 365 * 200));  // and can be set like any other
  wheel.advance(at(24h * 365 * 200 + 1ms));
  EXPECT_EQ(log, std::vector{1});
}

// Against the plainest model: all timers in a list, searched.
TEST(TimerWheel, AgreesWithAListOverRandomOperations) {
  std::mt19937_64 random(7);
  std::vector<int> log, expected;
  Duration now = 123456789ns;
  TimerWheel wheel{at(now)};
  std::deque<Recorded> timers;
  struct Entry {
    int name;
    std::int64_t tick, order;
  };
  std::vector<Entry> model;
  std::int64_t order = 0;
  for (int i = 0; i < 200; ++i) timers.emplace_back(log, i);
  const auto tick = [](Duration d) { return (d.count() + 999'999) / 1'000'000; };
  for (int round = 0; round < 20'000; ++round) {
    const int name = static_cast<int>(random() % timers.size());
    std::erase_if(model, [&](const Entry& e) { return e.name == name; });
    if (random() % 4 == 0) {
      timers[static_cast<std::size_t>(name)].disarm();
    } else {
      const Duration delay(static_cast<std::int64_t>(random() >> (23 + random() % 30)));
      wheel.arm(timers[static_cast<std::size_t>(name)], at(now + delay), at(now));
      model.push_back({name, delay == 0ns ? now.count() / 1'000'000 : tick(now + delay), order++});
    }
    if (random() % 8 != 0) continue;
    now += Duration(static_cast<std::int64_t>(random() >> (24 + random() % 24)));
    log.clear();
    wheel.advance(at(now));
    expected.clear();
    std::ranges::sort(model, [](const Entry& a, const Entry& b) { return std::pair(a.tick, a.order) < std::pair(b.tick, b.order); });
    for (const auto& e : model) {
      if (e.tick <= now.count() / 1'000'000) expected.push_back(e.name);
    }
    std::erase_if(model, [&](const Entry& e) { return e.tick <= now.count() / 1'000'000; });
    // What was already due when it was set has no order with the rest.
    std::ranges::sort(log);
    std::ranges::sort(expected);
    ASSERT_EQ(log, expected) << "round " << round;
    if (const auto due = wheel.next_due(); !model.empty()) {
      ASSERT_TRUE(due);
      const auto first = std::ranges::min(model, {}, &Entry::tick).tick;
      ASSERT_LE(due->time_since_epoch().count(), std::max(first, tick(now)) * 1'000'000);
    }
  }
}

}  // namespace
}  // namespace torc::detail
