#include <torc/async/tasks.hpp>

#include <torc/async/coroutine.hpp>
#include <torc/async/fiber.hpp>
#include <torc/async/lock.hpp>
#include <torc/async/task_set.hpp>
#include <torc/async/timing.hpp>
#include <torc/testing/clock.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace torc {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::MatchesRegex;

std::vector<std::string> texts(Scheduler& scheduler) {
  std::vector<std::string> texts;
  for (const auto& task : scheduler.tasks()) texts.push_back(task.text());
  return texts;
}

Deferred<void> nap() { co_await sleep(1h); }

TEST(Tasks, NameWhereTheyBeganAndWhatTheyWaitFor) {
  testing::Clock clock;
  clock.advance(5s);
  TaskSet set;
  Lock lock;
  auto held = lock.acquire();
  set.spawn(nap());
  set.spawn([](Lock& lock) -> Deferred<void> { auto guard = co_await with_timeout(1h, lock.acquire()); }(lock));
  nap().detach();
  EXPECT_THAT(texts(clock),
              ElementsAre(MatchesRegex("a task of a TaskSet from tasks_test.cpp:[0-9]+ waits for co_await at "
                                       "tasks_test.cpp:[0-9]+, sleep"),
                          MatchesRegex("a task of a TaskSet from tasks_test.cpp:[0-9]+ waits for co_await at "
                                       "tasks_test.cpp:[0-9]+, with_timeout, a Lock"),
                          MatchesRegex("background work from tasks_test.cpp:[0-9]+ waits for co_await at "
                                       "tasks_test.cpp:[0-9]+, sleep")));
  clock.advance(1s);
  EXPECT_EQ(clock.tasks()[0].since, Instant(5s));
  EXPECT_THAT(clock.tasks()[0].text(), MatchesRegex("a task of a TaskSet from tasks_test.cpp:[0-9]+, 1 s old, waits for "
                                                    "co_await at tasks_test.cpp:[0-9]+ for 1 s, sleep"));
  EXPECT_EQ(clock.tasks()[0].waits[0].since, Instant(5s));
}

TEST(Tasks, LeaveTheListWhenTheyEndOrAreDropped) {
  testing::Clock clock;
  {
    TaskSet set;
    set.spawn(nap());
    set.spawn(sleep(1s));
    EXPECT_EQ(clock.tasks().size(), 2u);
    clock.advance(1s);
    EXPECT_EQ(clock.tasks().size(), 1u);
  }
  EXPECT_TRUE(clock.tasks().empty());
}

TEST(Tasks, OneThatRunsSaysSo) {
  testing::Clock clock;
  TaskSet set;
  std::vector<std::string> seen;
  set.spawn([](testing::Clock& clock, std::vector<std::string>& seen) -> Deferred<void> {
    co_await sleep(1s);
    seen = texts(clock);
  }(clock, seen));
  clock.advance(1s);
  EXPECT_THAT(seen, ElementsAre(MatchesRegex("a task of a TaskSet from tasks_test.cpp:[0-9]+, 1 s old, is running")));
}

TEST(Tasks, AFiberIsOneOfItsOwnUntilSomebodyWaitsForIt) {
  testing::Clock clock;
  auto fiber = defer_to_fiber([] { await(sleep(1h)); });
  EXPECT_THAT(texts(clock), ElementsAre(MatchesRegex("a fiber from tasks_test.cpp:[0-9]+ waits for await at "
                                                     "tasks_test.cpp:[0-9]+, sleep")));
  TaskSet set;
  set.spawn(std::move(fiber));
  EXPECT_THAT(texts(clock), ElementsAre(MatchesRegex("a task of a TaskSet from .*await at .*, sleep")));
}

}  // namespace
}  // namespace torc
