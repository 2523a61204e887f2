#include <torc/async/generator.hpp>

#include <torc/async/promise.hpp>
#include <torc/async/task_set.hpp>
#include <torc/async/timing.hpp>
#include <torc/base/log.hpp>
#include <torc/testing/clock.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace torc {
namespace {

using namespace std::chrono_literals;

AsyncGenerator<int> count(int to, int* begun = nullptr) {
  for (int i = 1; i <= to; ++i) {
    if (begun) *begun = i;
    co_yield i;
  }
}

// Gives 1, 2, 3 and so on, each after a second.
AsyncGenerator<int> ticks(std::shared_ptr<int> witness = nullptr) {
  for (int i = 1;; ++i) {
    co_await sleep(1s);
    if (witness) *witness = i;
    co_yield i;
  }
}

std::optional<int> value_of(Deferred<std::optional<int>> result) { return result.take().value(); }

TEST(AsyncGenerator, RunsOnlyAsFarAsItIsAsked) {
  int begun = 0;
  auto it = count(3, &begun);
  EXPECT_EQ(begun, 0);
  EXPECT_EQ(value_of(it.next()), 1);
  EXPECT_EQ(begun, 1);
  EXPECT_EQ(value_of(it.next()), 2);
  EXPECT_EQ(value_of(it.next()), 3);
  EXPECT_EQ(value_of(it.next()), std::nullopt);
  EXPECT_EQ(value_of(it.next()), std::nullopt);
}

TEST(AsyncGenerator, MayWaitBetweenItsValues) {
  testing::Clock clock;
  std::vector<int> got;
  auto all = [](std::vector<int>& to) -> Deferred<void> {
    auto it = ticks();
    while (auto value = co_await it.next()) {
      to.push_back(*value);
      if (*value == 3) co_return;
    }
  }(got);
  clock.advance(1s);
  EXPECT_EQ(got, std::vector{1});
  clock.pump({1s, 1s});
  EXPECT_EQ(got, (std::vector{1, 2, 3}));
  EXPECT_TRUE(all.take());
  EXPECT_TRUE(clock.idle());
}

TEST(AsyncGenerator, GivesWhatCanOnlyBeMoved) {
  auto it = []() -> AsyncGenerator<std::unique_ptr<int>> {
    for (int i = 0; i < 2; ++i) co_yield std::make_unique<int>(i);
  }();
  EXPECT_EQ(**it.next().take().value(), 0);
  EXPECT_EQ(**it.next().take().value(), 1);
  EXPECT_FALSE(it.next().take().value());
}

TEST(AsyncGenerator, WhatItsBodyFailsWithComesOnce) {
  testing::Clock clock;
  auto fails = [](Duration pause) -> AsyncGenerator<int> {
    co_yield 1;
    if (pause > 0s) co_await sleep(pause);
    throw std::runtime_error("no more");
  };
  for (const Duration pause : {0s, 1s}) {
    auto it = fails(pause);
    EXPECT_EQ(value_of(it.next()), 1);
    auto failing = it.next();
    clock.advance(1s);
    EXPECT_EQ(failing.take().error().message(), "no more");
    EXPECT_EQ(value_of(it.next()), std::nullopt);
  }
}

TEST(AsyncGenerator, OneNextAtATime) {
  testing::Clock clock;
  auto it = ticks();
  auto first = it.next();
  EXPECT_TRUE(it.next().take().error().check<GeneratorBusy>());
  clock.advance(1s);
  EXPECT_TRUE(it.next().take().error().check<GeneratorBusy>());  // it has fired, but its value was not taken
  EXPECT_EQ(value_of(std::move(first)), 1);
  auto second = it.next();
  clock.advance(1s);
  EXPECT_EQ(value_of(std::move(second)), 2);
}

TEST(AsyncGenerator, CannotAskItself) {
  std::optional<AsyncGenerator<int>> it;
  it = [](std::optional<AsyncGenerator<int>>& self) -> AsyncGenerator<int> {
    co_yield self->next().take().error().check<GeneratorBusy>() ? 1 : 0;
  }(it);
  EXPECT_EQ(value_of(it->next()), 1);
}

TEST(AsyncGenerator, DroppingANextThatPendsKeepsItsValueForTheNext) {
  testing::Clock clock;
  auto it = ticks();
  { const auto dropped = it.next(); }
  clock.advance(1s);
  EXPECT_EQ(value_of(it.next()), 1);
  { const auto dropped = it.next(); }
  auto waits_again = it.next();  // for the same value
  clock.advance(1s);
  EXPECT_EQ(value_of(std::move(waits_again)), 2);
}

TEST(AsyncGenerator, AValueThatWasGivenButNotTakenIsNotLost) {
  testing::Clock clock;
  auto it = ticks();
  {
    const auto given = it.next();
    clock.advance(1s);
    EXPECT_TRUE(given.fired());
  }
  EXPECT_EQ(value_of(it.next()), 1);
}

TEST(AsyncGenerator, AValueIsNotLostToOneWhoIsDroppedWithHisBudgetSpent) {
  testing::Clock clock;
  auto it = count(1000);
  int last = 0;
  auto reader = [](AsyncGenerator<int>& from, int& seen) -> Deferred<void> {
    while (auto value = co_await from.next()) seen = *value;
  };
  {
    const auto dropped = reader(it, last);
    EXPECT_TRUE(dropped.pending());
    EXPECT_LT(last, 1000);
  }
  EXPECT_EQ(value_of(it.next()), last + 1);
}

TEST(AsyncGenerator, ALongOneLetsOthersRun) {
  testing::Clock clock;
  int last = 0;
  auto reader = [](int& seen) -> Deferred<void> {
    auto it = count(1000);
    while (auto value = co_await it.next()) seen = *value;
  }(last);
  EXPECT_LE(last, Scheduler::kBudget);
  clock.turn();
  EXPECT_LE(last, 2 * Scheduler::kBudget);
  clock.advance(0s);
  EXPECT_EQ(last, 1000);
  EXPECT_TRUE(reader.take());
}

TEST(AsyncGenerator, CancellingANextReachesTheInnermostWaitAndStays) {
  testing::Clock clock;
  std::string said;
  auto it = [](std::string& out) -> AsyncGenerator<int> {
    const auto first = co_await as_outcome(sleep(1h));
    if (first.error().check<Cancelled>()) out += "cancelled ";
    co_yield 1;  // a value still wins
    const auto second = co_await as_outcome(sleep(1h));
    if (second.error().check<Cancelled>()) out += "again";
    second.value();
  }(said);
  auto next = it.next();
  next.cancel();
  EXPECT_EQ(value_of(std::move(next)), 1);
  auto last = it.next();
  EXPECT_EQ(said, "cancelled again");
  EXPECT_TRUE(last.take().error().check<Cancelled>());
  EXPECT_EQ(value_of(it.next()), std::nullopt);
  EXPECT_TRUE(clock.idle());
}

TEST(AsyncGenerator, DroppingItTearsItDownAlsoDuringANext) {
  testing::Clock clock;
  auto witness = std::make_shared<int>(0);
  { const auto never_asked = ticks(witness); }
  EXPECT_EQ(witness.use_count(), 1);
  std::optional<AsyncGenerator<int>> it = ticks(witness);
  auto next = it->next();
  it.reset();
  EXPECT_EQ(witness.use_count(), 1);
  EXPECT_TRUE(clock.idle());
  EXPECT_TRUE(next.take().error().check<BrokenPromise>());
  it = ticks(witness);
  next = it->next();
  clock.advance(1s);
  it.reset();  // what it gave is the waiter's
  EXPECT_EQ(value_of(std::move(next)), 1);
  EXPECT_EQ(witness.use_count(), 1);
}

TEST(AsyncGenerator, ItsCodeMayDropIt) {
  testing::Clock clock;
  for (const Duration pause : {0s, 1s}) {
    auto witness = std::make_shared<int>(0);
    std::optional<AsyncGenerator<int>> it;
    it = [](std::optional<AsyncGenerator<int>>& self, Duration wait, std::shared_ptr<int> w) -> AsyncGenerator<int> {
      if (wait > 0s) co_await sleep(wait);
      self.reset();
      *w = 7;  // the frame is there until the code leaves
      co_yield 1;
      *w = 8;
    }(it, pause, witness);
    auto next = it->next();
    clock.advance(1s);
    EXPECT_TRUE(next.take().error().check<BrokenPromise>());
    EXPECT_EQ(*witness, 7);
    EXPECT_EQ(witness.use_count(), 1);
  }
}

TEST(AsyncGenerator, WhoeverGetsAValueMayDropIt) {
  testing::Clock clock;
  auto witness = std::make_shared<int>(0);
  auto it = std::make_unique<AsyncGenerator<int>>(ticks(witness));
  int got = 0;
  auto d = it->next().then([&](std::optional<int> value) {
    it.reset();
    got = *value;
  });
  clock.advance(1s);
  EXPECT_EQ(got, 1);
  EXPECT_EQ(witness.use_count(), 1);
}

TEST(AsyncGenerator, AFailureNobodyAskedForIsLogged) {
  auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope{captured};
  testing::Clock clock;
  {
    auto it = []() -> AsyncGenerator<int> {
      co_await sleep(1s);
      throw std::runtime_error("unheard");
      co_yield 1;
    }();
    { const auto dropped = it.next(); }
    clock.advance(1s);
  }
  EXPECT_TRUE(captured->contains("unheard"));
}

TEST(AsyncGenerator, OneThatEndedWasNotCutOff) {
  struct Seen {
    bool* cut;
    ~Seen() { *cut = detail::RunQueue::current().tearing_down(); }
  };
  const auto run = [](int to, bool& cut) {
    auto it = [](std::shared_ptr<Seen>, int n) -> AsyncGenerator<int> {
      for (int i = 0; i < n; ++i) co_yield i;
    }(std::make_shared<Seen>(&cut), to);
    static_cast<void>(it.next().take());
  };
  bool cut = true;
  run(0, cut);
  EXPECT_FALSE(cut);
  run(2, cut);
  EXPECT_TRUE(cut);
}

}  // namespace
}  // namespace torc
