#include <torc/async/fiber.hpp>

#include <torc/async/gather.hpp>
#include <torc/async/promise.hpp>
#include <torc/async/task_set.hpp>
#include <torc/async/timing.hpp>
#include <torc/testing/clock.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace torc {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

TEST(Fiber, RunsUntilItsFirstWaitAndGivesItsResult) {
  testing::Clock clock;
  std::vector<std::string> log;
  auto answer = defer_to_fiber([&] {
    log.push_back("begun");
    await(sleep(1s));
    log.push_back("awake");
    return 42;
  });
  EXPECT_THAT(log, ElementsAre("begun"));
  EXPECT_TRUE(answer.pending());
  clock.advance(1s);
  EXPECT_THAT(log, ElementsAre("begun", "awake"));
  EXPECT_EQ(*answer.take(), 42);
}

TEST(Fiber, TakesReadyResultsAtOnceAndWorksWithoutAScheduler) {
  auto sum = defer_to_fiber([] { return await(succeed(1)) + await(succeed(2)); });
  ASSERT_TRUE(sum.fired());
  EXPECT_EQ(*sum.take(), 3);
}

TEST(Fiber, GivesWhatADeferredOrOutcomeGives) {
  testing::Clock clock;
  auto later = defer_to_fiber([] { return sleep(1s).then([] { return 7; }); });
  auto outcome = defer_to_fiber([]() -> Outcome<int> { return Failure(std::runtime_error("no")); });
  EXPECT_TRUE(outcome.take().error().check<std::runtime_error>());
  clock.advance(1s);
  EXPECT_EQ(*later.take(), 7);
}

TEST(Fiber, ThrowsWhatItsWaitFailedWithAndFailsWithWhatLeavesIt) {
  auto [deferred, promise] = make_deferred<int>();
  auto failing = defer_to_fiber([&] { return await(deferred); });
  auto looking = defer_to_fiber([] {
    const Outcome<int> outcome = await(as_outcome(fail<int>(std::runtime_error("seen"))));
    return outcome.error().message();
  });
  promise.set_error(std::logic_error("lost"));
  EXPECT_TRUE(failing.take().error().check<std::logic_error>());
  EXPECT_EQ(*looking.take(), "seen");
}

TEST(Fiber, CoroutinesWaitForFibersAndFibersForCoroutines) {
  testing::Clock clock;
  const auto coroutine = []() -> Deferred<int> {
    co_await sleep(1s);
    const int inner = co_await defer_to_fiber([] {
      await(sleep(1s));
      return 20;
    });
    co_return inner + 1;
  };
  auto outer = defer_to_fiber([&] { return await(coroutine()) * 2; });
  clock.advance(1s);
  clock.advance(1s);
  EXPECT_EQ(*outer.take(), 42);
}

TEST(Fiber, AFiberBegunInAFiberRunsBelowIt) {
  testing::Clock clock;
  std::vector<std::string> log;
  auto outer = defer_to_fiber([&] {
    log.push_back("outer");
    auto inner = defer_to_fiber([&] {
      log.push_back("inner");
      await(sleep(1s));
      log.push_back("inner again");
    });
    log.push_back("outer goes on");
    await(inner);
    log.push_back("both");
  });
  clock.advance(1s);
  EXPECT_TRUE(outer.fired());
  EXPECT_THAT(log, ElementsAre("outer", "inner", "outer goes on", "inner again", "both"));
}

TEST(Fiber, NeverRunsContinuationsOnItsOwnStack) {
  bool told = false, told_during = true;
  auto [deferred, promise] = make_deferred<void>();
  auto waiting = std::move(deferred).then([&] { told = true; });
  auto fiber = defer_to_fiber([&] {
    promise.set_value();
    told_during = told;
  });
  EXPECT_FALSE(told_during);
  EXPECT_TRUE(told);
}

TEST(Fiber, OwnsWhatItWaitsForWhoeverHeldIt) {
  testing::Clock clock;
  auto holder = std::make_unique<Deferred<void>>(sleep(1s));
  auto fiber = defer_to_fiber([&] { await(*holder); });
  *holder = sleep(1h);
  holder.reset();
  clock.advance(1s);
  EXPECT_TRUE(fiber.take().has_value());
}

TEST(Fiber, CancellingThrowsAtTheInnermostWaitAndStays) {
  testing::Clock clock;
  std::vector<std::string> log;
  auto fiber = defer_to_fiber([&] {
    for (int i = 0; i < 2; ++i) {
      try {
        await(sleep(1h));
      } catch (const Cancelled&) {
        log.push_back("cancelled");
      }
    }
    log.push_back(std::to_string(await(succeed(7))));
    const Outcome<void> done = await(as_outcome(shield(1s, sleep(10ms))));
    log.push_back(done ? "cleaned up" : "cut");
  });
  fiber.cancel();
  clock.advance(10ms);
  EXPECT_TRUE(fiber.fired());
  EXPECT_THAT(log, ElementsAre("cancelled", "cancelled", "7", "cleaned up"));
}

struct Noting {
  ~Noting() { log.push_back(name); }
  std::vector<std::string>& log;
  const char* name;
};

TEST(Fiber, DroppingUnwindsItsStackLeafFirst) {
  testing::Clock clock;
  std::vector<std::string> log;
  {
    auto outer = defer_to_fiber([&] {
      const Noting noting(log, "outer");
      await(defer_to_fiber([&] {
        const Noting deeper(log, "inner");
        await(sleep(1h));
        log.push_back("never");
      }));
    });
  }
  EXPECT_THAT(log, ElementsAre("inner", "outer"));
  EXPECT_TRUE(clock.idle());
}

TEST(Fiber, AWaitDuringUnwindingThrowsAtOnceAndReadyResultsAreTaken) {
  testing::Clock clock;
  std::vector<std::string> log;
  {
    auto fiber = defer_to_fiber([&] {
      try {
        await(sleep(1h));
      } catch (...) {
        log.push_back(std::to_string(await(succeed(1))));
        await(sleep(1s));
        log.push_back("never");
      }
    });
  }
  EXPECT_THAT(log, ElementsAre("1"));
}

TEST(Fiber, MaySwallowItsUnwindingIfItThenReturns) {
  testing::Clock clock;
  bool returned = false;
  {
    auto fiber = defer_to_fiber([&] {
      try {
        await(sleep(1h));
      } catch (...) {
      }
      returned = true;
    });
  }
  EXPECT_TRUE(returned);
}

TEST(FiberDeathTest, SwallowingItsUnwindingForeverIsAProgrammingError) {
  const auto stubborn = [] {
    auto fiber = defer_to_fiber([] {
      for (;;) {
        try {
          await(until_cancelled());
        } catch (...) {
        }
      }
    });
  };
  EXPECT_DEATH(stubborn(), "the fiber begun at fiber_test.cpp:[0-9]+ was dropped, and swallowed 100 times");
}

TEST(Fiber, MayDropItselfWhileItRuns) {
  testing::Clock clock;
  std::vector<std::string> log;
  Deferred<void> fiber = succeed();
  fiber = defer_to_fiber([&] {
    const Noting noting(log, "unwound");
    await(sleep(1s));
    fiber = succeed();
    log.push_back("still here");
    await(sleep(1s));
    log.push_back("never");
  });
  clock.advance(1s);
  EXPECT_THAT(log, ElementsAre("still here", "unwound"));
  EXPECT_TRUE(clock.idle());
}

TEST(Fiber, MayDropItselfAsItsLastAct) {
  testing::Clock clock;
  Deferred<void> fiber = succeed();
  fiber = defer_to_fiber([&] {
    await(sleep(1s));
    fiber = succeed();
  });
  clock.advance(1s);
  EXPECT_TRUE(clock.idle());
}

TEST(Fiber, MayDropTheOneThatWaitsForIt) {
  testing::Clock clock;
  std::vector<std::string> log;
  Deferred<void> outer = succeed();
  outer = defer_to_fiber([&] {
    const Noting noting(log, "outer");
    await(defer_to_fiber([&] {
      const Noting deeper(log, "inner");
      await(sleep(1s));
      outer = succeed();
      log.push_back("dropped");
    }));
    log.push_back("never");
  });
  clock.advance(1s);
  EXPECT_THAT(log, ElementsAre("dropped", "inner", "outer"));
}

TEST(Fiber, ExceptionsBeingHandledStayWithTheirFibers) {
  testing::Clock clock;
  std::vector<std::string> log;
  const auto handling = [&](const char* name, Duration pause) {
    return defer_to_fiber([&log, name, pause] {
      try {
        throw std::runtime_error(name);
      } catch (...) {
        await(sleep(pause));  // others throw and catch meanwhile
        try {
          throw;
        } catch (const std::runtime_error& error) {
          log.push_back(error.what());
        }
      }
    });
  };
  auto a = handling("a", 3s), b = handling("b", 1s), c = handling("c", 2s);
  EXPECT_EQ(std::current_exception(), nullptr);
  EXPECT_EQ(std::uncaught_exceptions(), 0);
  for (int i = 0; i < 3; ++i) clock.advance(1s);
  EXPECT_THAT(log, ElementsAre("b", "c", "a"));
}

TEST(Fiber, MayBeDroppedWhileAnExceptionIsOnItsWay) {
  testing::Clock clock;
  std::vector<std::string> log;
  try {
    auto fiber = defer_to_fiber([&] {
      const Noting noting(log, "fiber");
      await(sleep(1h));
    });
    throw std::runtime_error("elsewhere");
  } catch (const std::runtime_error&) {
    log.push_back("caught");
  }
  EXPECT_THAT(log, ElementsAre("fiber", "caught"));
}

TEST(Fiber, YieldingGoesRoundRobin) {
  testing::Clock clock;
  std::vector<std::string> log;
  TaskSet set;
  const auto worker = [&](const char* name) {
    for (int i = 0; i < 3; ++i) {
      log.push_back(name);
      await(yield());
    }
  };
  set.spawn_fiber([&] {
    set.spawn_fiber([&] { worker("a"); });
    set.spawn([](std::vector<std::string>& log) -> Deferred<void> {
      for (int i = 0; i < 3; ++i) {
        log.push_back("b");
        co_await yield();
      }
    }(log));
  });
  clock.turn();
  EXPECT_THAT(log, ElementsAre("a", "b", "a", "b", "a", "b"));
}

TEST(Fiber, ThoseThatOnlyYieldLetTheLoopTurn) {
  testing::Clock clock;
  bool stop = false, coroutine_stop = false;
  auto fiber = defer_to_fiber([&] {
    while (!stop) await(yield());
  });
  auto coroutine = [](bool& stop) -> Deferred<void> {
    while (!stop) co_await yield();
  }(coroutine_stop);
  const auto timer = clock.call_later(1s, [&] { stop = coroutine_stop = true; });
  clock.turn();
  EXPECT_TRUE(fiber.pending());
  clock.advance(1s);
  clock.turn();
  EXPECT_TRUE(fiber.fired());
  EXPECT_TRUE(coroutine.fired());
}

TEST(Fiber, MayBeDroppedWhileItYields) {
  testing::Clock clock;
  auto fiber = defer_to_fiber([&] {
    for (;;) await(yield());
  });
  auto coroutine = []() -> Deferred<void> {
    for (;;) co_await yield();
  }();
  clock.turn();
  fiber = succeed();
  coroutine = succeed();
  clock.turn();
  EXPECT_TRUE(clock.idle());
}

TEST(Fiber, ALoopOverReadyResultsLetsOthersRun) {
  testing::Clock clock;
  bool stop = false;
  auto fiber = defer_to_fiber([&] {
    while (!stop) await(succeed(1));
  });
  const auto timer = clock.call_later(0s, [&] { stop = true; });
  clock.advance(1ms);
  clock.turn();
  EXPECT_TRUE(fiber.fired());
}

TEST(Fiber, InheritsContextAndKeepsItAcrossWaits) {
  static constexpr ContextKey<int> kUser("user");
  testing::Clock clock;
  std::vector<int> seen;
  Deferred<void> fiber = succeed();
  {
    const ContextScope scope(kUser, 1);
    fiber = defer_to_fiber([&] {
      await(sleep(1s));
      seen.push_back(*Context::current().get(kUser));
      const ContextScope mine(kUser, 2);
      await(sleep(1s));
      seen.push_back(*Context::current().get(kUser));
    });
  }
  for (int i = 0; i < 2; ++i) clock.advance(1s);
  EXPECT_THAT(seen, ElementsAre(1, 2));
  EXPECT_TRUE(Context::current().empty());
}

TEST(Fiber, InFiberMakesAFunctionAsynchronous) {
  testing::Clock clock;
  const auto add = in_fiber([](std::unique_ptr<int> a, int b) {
    await(sleep(1s));
    return *a + b;
  });
  auto sum = add(std::make_unique<int>(40), 2);
  clock.advance(1s);
  EXPECT_EQ(*sum.take(), 42);
}

TEST(FiberDeathTest, AwaitOutsideAFiberIsAProgrammingError) {
  EXPECT_DEATH(await(until_cancelled()), "outside a fiber: use co_await in a coroutine");
}

TEST(FiberDeathTest, AwaitInACoroutineThatAFiberRunsIsAProgrammingError) {
  const auto coroutine = []() -> Deferred<void> {
    await(until_cancelled());
    co_return;
  };
  EXPECT_DEATH(defer_to_fiber([&] { await(coroutine()); }).detach(), "inside a coroutine or a callback that a fiber runs");
}

TEST(FiberDeathTest, AwaitingWhatWasTakenIsAProgrammingError) {
  EXPECT_DEATH(defer_to_fiber([] {
                 auto result = succeed(1);
                 await(result);
                 await(result);
               }).detach(),
               "whose result was taken");
}

TEST(Fiber, AMillionSwitchesBetweenTwo) {
  auto ping = defer_to_fiber([] {
    for (int i = 0; i < 100'000; ++i) await(yield());
  });
  EXPECT_TRUE(ping.fired());
}

}  // namespace
}  // namespace torc
