#include <torc/async/retry.hpp>

#include <torc/async/coroutine.hpp>
#include <torc/async/promise.hpp>
#include <torc/async/timing.hpp>
#include <torc/testing/clock.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <vector>

namespace torc {
namespace {

using namespace std::chrono_literals;

TEST(Retry, AFirstSuccessNeedsNoScheduler) {
  EXPECT_EQ(retry({}, [] { return succeed(3); }).take().value(), 3);
}

TEST(Retry, PausesGrowByTheFactorUpToTheLongest) {
  testing::Clock clock;
  std::vector<Duration> at;
  auto result = retry({.attempts = 5, .initial_delay = 1s, .factor = 3, .max_delay = 5s, .jitter = 0}, [&] {
    at.push_back(clock.now().time_since_epoch());
    return fail<int>(TimeoutError("busy"));
  });
  for (int i = 0; i < 20; ++i) clock.advance(1s);
  EXPECT_EQ(at, (std::vector<Duration>{0s, 1s, 4s, 9s, 14s}));
  auto outcome = result.take();
  EXPECT_TRUE(outcome.error().check<TimeoutError>());
  EXPECT_NE(outcome.error().message().find("after 5 attempts"), std::string::npos);
  EXPECT_TRUE(clock.idle());
}

TEST(Retry, JitterOnlyShortensAPauseAndByItsFractionAtMost) {
  testing::Clock clock;
  std::vector<Instant> at;
  auto result = retry({.attempts = 50, .initial_delay = 100ms, .factor = 1, .jitter = 0.5}, [&] {
    at.push_back(clock.now());
    return fail<void>(TimeoutError("busy"));
  });
  while (result.pending()) clock.advance(1ms);
  static_cast<void>(result.take());
  bool varied = false;
  for (std::size_t i = 1; i < at.size(); ++i) {
    EXPECT_GE(at[i] - at[i - 1], 50ms);
    EXPECT_LE(at[i] - at[i - 1], 101ms);  // timers are rounded up to their tick
    varied = varied || at[i] - at[i - 1] != at[1] - at[0];
  }
  EXPECT_TRUE(varied);
}

TEST(Retry, EndsWithTheFirstSuccessAlsoOfPendingAttemptsAndThrows) {
  testing::Clock clock;
  int calls = 0;
  auto result = retry({.initial_delay = 1s}, [&]() -> Deferred<int> {
    if (++calls == 1) throw std::runtime_error("not yet");
    return sleep(2s).then([n = calls]() -> int {
      if (n == 2) throw std::runtime_error("nor now");
      return n;
    });
  });
  for (int i = 0; i < 10; ++i) clock.advance(1s);
  EXPECT_EQ(result.take().value(), 3);
}

TEST(Retry, GivesUpWhenThePredicateSaysSo) {
  testing::Clock clock;
  int calls = 0;
  auto result = retry({.give_up = [](const Failure& f) { return f.check<BrokenPromise>(); }}, [&] {
    ++calls;
    return fail<void>(BrokenPromise("for good"));
  });
  EXPECT_EQ(result.take().error().message(), "for good");
  EXPECT_EQ(calls, 1);
}

TEST(Retry, APredicateThatThrowsEndsItWithThat) {
  auto result = retry({.give_up = [](const Failure&) -> bool { throw std::logic_error("bad predicate"); }},
                      [] { return fail<void>(TimeoutError("busy")); });
  EXPECT_TRUE(result.take().error().check<std::logic_error>());
}

TEST(Retry, CancelledIsNeverRetried) {
  testing::Clock clock;
  int calls = 0;
  auto result = retry({}, [&] {
    ++calls;
    return fail<int>(Cancelled{});
  });
  EXPECT_TRUE(result.take().error().check<Cancelled>());
  EXPECT_EQ(calls, 1);
}

TEST(Retry, CancellingAnAttemptOrAPauseEndsIt) {
  testing::Clock clock;
  auto [d, promise] = make_deferred<int>();
  auto waiting = retry({}, [&] { return std::move(d); });
  waiting.cancel();
  EXPECT_FALSE(promise.wanted());
  EXPECT_TRUE(waiting.take().error().check<Cancelled>());

  auto pausing = retry({}, [] { return fail<int>(TimeoutError("busy")); });
  pausing.cancel();
  auto outcome = pausing.take();
  ASSERT_TRUE(outcome.error().check<Cancelled>());
  EXPECT_NE(outcome.error().report().find("suppressed: busy"), std::string::npos);
  EXPECT_TRUE(clock.idle());
}

TEST(Retry, AnAttemptThatFailsAfterACancelIsTheLast) {
  testing::Clock clock;
  int calls = 0;
  auto rude = [](int& calls) -> Deferred<void> {
    ++calls;
    static_cast<void>(co_await as_outcome(sleep(1h)));
    throw std::runtime_error("while cleaning up");
  };
  auto result = retry({}, [&] { return rude(calls); });
  result.cancel();
  EXPECT_TRUE(result.take().error().check<Cancelled>());
  EXPECT_EQ(calls, 1);
}

TEST(Retry, DroppingEndsAttemptAndPause) {
  testing::Clock clock;
  auto [d, promise] = make_deferred<int>();
  { auto waiting = retry({}, [&] { return std::move(d); }); }
  EXPECT_FALSE(promise.wanted());
  { auto pausing = retry({}, [] { return fail<int>(TimeoutError("busy")); }); }
  EXPECT_TRUE(clock.idle());
}

TEST(Retry, TheFunctionMayDestroyOrCancelTheRetryItRunsIn) {
  testing::Clock clock;
  std::unique_ptr<Deferred<int>> owner;
  int calls = 0;
  owner = std::make_unique<Deferred<int>>(retry({.initial_delay = 1s}, [&]() -> Deferred<int> {
    if (++calls == 1) return fail<int>(TimeoutError("busy"));
    owner.reset();
    return succeed(2);  // nobody is there to take it
  }));
  clock.advance(1s);
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(owner, nullptr);
  EXPECT_TRUE(clock.idle());

  calls = 0;
  auto [never, promise] = make_deferred<int>();
  owner = std::make_unique<Deferred<int>>(retry({.initial_delay = 1s}, [&]() -> Deferred<int> {
    if (++calls == 1) return fail<int>(TimeoutError("busy"));
    owner->cancel();
    return std::move(never);
  }));
  clock.advance(1s);
  EXPECT_FALSE(promise.wanted());
  EXPECT_TRUE(owner->take().error().check<Cancelled>());
}

}  // namespace
}  // namespace torc
