#include <torc/async/timing.hpp>

#include <torc/async/coroutine.hpp>
#include <torc/async/promise.hpp>
#include <torc/testing/clock.hpp>

#include <gtest/gtest.h>

namespace torc {
namespace {

using namespace std::chrono_literals;

TEST(Timing, SleepFiresWhenItsTimeComes) {
  testing::Clock clock;
  auto nap = sleep(10ms);
  clock.advance(9ms);
  EXPECT_TRUE(nap.pending());
  clock.advance(1ms);
  EXPECT_TRUE(nap.fired());
}

TEST(Timing, WithTimeoutCancelsAndReportsTheLimit) {
  testing::Clock clock;
  auto [d, promise] = make_deferred<int>();
  auto limited = with_timeout(5s, std::move(d));
  clock.advance(5s);
  EXPECT_FALSE(promise.wanted());
  auto outcome = limited.take();
  ASSERT_TRUE(outcome.error().check<TimeoutError>());
  EXPECT_EQ(outcome.error().message(), "timed out after 5 s");
}

TEST(Timing, AValueThatArrivesDuringTheTimeoutsCancellingWins) {
  testing::Clock clock;
  auto stubborn = [](Deferred<int> wait) -> Deferred<int> {
    try {
      co_return co_await wait;
    } catch (const Cancelled&) {
    }
    co_return 3;
  };
  auto [d, promise] = make_deferred<int>();
  auto limited = with_timeout(1s, stubborn(std::move(d)));
  clock.advance(1s);
  EXPECT_EQ(limited.take().value(), 3);
}

TEST(Timing, TheLongestDurationMeansNoLimit) {
  testing::Clock clock;
  clock.advance(1h);
  auto [d, promise] = make_deferred<int>();
  auto limited = with_timeout(Duration::max(), std::move(d));
  clock.advance(24h);
  EXPECT_TRUE(limited.pending());
  promise.set_value(1);
  EXPECT_EQ(limited.take().value(), 1);
}

TEST(Timing, CancellingFromOutsideIsNotATimeout) {
  testing::Clock clock;
  auto [d, promise] = make_deferred<int>();
  auto limited = with_timeout(1s, std::move(d));
  limited.cancel();
  EXPECT_TRUE(limited.take().error().check<Cancelled>());
  EXPECT_TRUE(clock.idle());
}

}  // namespace
}  // namespace torc
