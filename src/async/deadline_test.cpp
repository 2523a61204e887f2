#include <torc/async/deadline.hpp>

#include <torc/async/coroutine.hpp>
#include <torc/async/fiber.hpp>
#include <torc/async/task_set.hpp>
#include <torc/testing/clock.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace torc {
namespace {

using namespace std::chrono_literals;

Deferred<void> nap(Duration duration) { co_await sleep(duration); }

TEST(Deadline, EndsWhatItsFunctionWaitsForHoweverDeep) {
  testing::Clock clock;
  auto work = with_deadline(5s, [] {
    return defer_to_fiber([] { await(nap(1h).then([] { return sleep(1s); })); });
  });
  clock.advance(4s);
  EXPECT_TRUE(work.pending());
  clock.advance(1s);
  EXPECT_TRUE(work.take().error().check<TimeoutError>());
  EXPECT_TRUE(clock.idle());
}

TEST(Deadline, AValueInTimePassesAndLeavesNoTimer) {
  testing::Clock clock;
  auto work = with_deadline(5s, [] { return nap(1s).then([] { return 7; }); });
  auto plain = with_deadline(5s, [] { return 8; });
  clock.advance(1s);
  EXPECT_EQ(*work.take(), 7);
  EXPECT_EQ(*plain.take(), 8);
  EXPECT_TRUE(clock.idle());
}

TEST(Deadline, EndsWhatWasSpawnedOrDetachedBelow) {
  testing::Clock clock;
  std::vector<std::string> failures;
  TaskSet set([&](Failure failure) { failures.push_back(failure.message()); });
  bool detached_ended = false;
  auto work = with_deadline(5s, [&]() -> Deferred<void> {
    return [](TaskSet& set, bool& ended) -> Deferred<void> {
      set.spawn(nap(1h));
      set.spawn_fiber([] { await(sleep(1h)); });
      nap(1h).then_outcome([&ended](Outcome<void> outcome) {
        ended = true;
        EXPECT_FALSE(outcome.has_value());
      }).detach();
      co_return;
    }(set, detached_ended);
  });
  EXPECT_TRUE(work.take().has_value());  // what it began goes on without it
  EXPECT_EQ(set.size(), 2u);
  clock.advance(5s);
  EXPECT_TRUE(set.empty());
  EXPECT_EQ(failures, (std::vector<std::string>{"the deadline passed", "the deadline passed"}));
  EXPECT_TRUE(detached_ended);
  EXPECT_TRUE(clock.idle());
}

TEST(Deadline, OneInsideAnotherCanOnlyBeEarlier) {
  testing::Clock clock;
  std::vector<Duration> left;
  const auto look = [&] { left.push_back(Deadline::remaining()); };
  look();
  static_cast<void>(with_deadline(5s, [&] {
    look();
    static_cast<void>(with_deadline(10s, look).take());
    static_cast<void>(with_deadline(1s, look).take());
  }).take());
  EXPECT_EQ(left, (std::vector<Duration>{Duration::max(), 5s, 5s, 1s}));
  EXPECT_EQ(Deadline::current(), std::nullopt);
}

TEST(Deadline, IsKnownToLaterWorkOfTheSameTask) {
  testing::Clock clock;
  Duration left{};
  auto work = with_deadline(5s, [&] {
    return [](Duration& left) -> Deferred<void> {
      co_await sleep(2s);
      left = Deadline::remaining();
    }(left);
  });
  clock.advance(2s);
  EXPECT_EQ(left, Duration(3s));
}

TEST(Deadline, ShieldedCleanUpHasItsOwnLimit) {
  testing::Clock clock;
  bool cleaned = false;
  auto work = with_deadline(1s, [&] {
    return [](bool& cleaned) -> Deferred<void> {
      static_cast<void>(co_await as_outcome(sleep(1h)));
      co_await shield(10s, sleep(2s));
      cleaned = true;
    }(cleaned);
  });
  clock.advance(1s);
  EXPECT_TRUE(work.pending());
  clock.advance(2s);
  EXPECT_TRUE(cleaned);
}

TEST(Deadline, SpawnedWorkMayBeDroppedBeforeIt) {
  testing::Clock clock;
  {
    TaskGroup group;
    static_cast<void>(with_deadline(5s, [&] { group.spawn(nap(1h)); }).take());
  }
  EXPECT_TRUE(clock.idle());
}

TEST(Deadline, EndsAtOnceWhatIsSpawnedAfterIt) {
  testing::Clock clock;
  TaskSet set([](Failure) {});
  Context context;
  auto work = with_deadline(1s, [&] {
    context = Context::current();
    set.spawn(shield(10s, nap(5s)));  // keeps the timer, and goes on
  });
  clock.advance(1s);
  const ContextScope scope(context);
  set.spawn(nap(1h));
  clock.advance(1ms);
  EXPECT_EQ(set.size(), 1u);
}

}  // namespace
}  // namespace torc
