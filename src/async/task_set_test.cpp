#include <torc/async/task_set.hpp>

#include "async/witness.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/async/promise.hpp>
#include <torc/async/timing.hpp>
#include <torc/testing/clock.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace torc {
namespace {

using namespace std::chrono_literals;

TEST(TaskGroup, AChildThatComesAfterTheFirstFailureIsCancelledAtOnce) {
  testing::Clock clock;
  TaskGroup group;
  bool cleaning = true;
  group.spawn([](bool& busy) -> Deferred<void> {
    const auto outcome = co_await as_outcome(until_cancelled());
    co_await shield(10s, sleep(1s));
    busy = false;
  }(cleaning));
  group.spawn(fail(std::runtime_error("first")));
  auto [late, promise] = make_deferred<void>();
  group.spawn(std::move(late));
  EXPECT_FALSE(promise.wanted());
  auto joined = group.join();
  clock.advance(1s);
  EXPECT_FALSE(cleaning);
  EXPECT_EQ(joined.take().error().message(), "first");
  auto [again, second] = make_deferred<void>();  // it has been told: the group begins anew
  group.spawn(std::move(again));
  EXPECT_TRUE(second.wanted());
  second.set_value();
}

TEST(TaskSet, FailuresGoToTheHandlerWhichMayDestroyTheSet) {
  auto [d, promise] = make_deferred<void>();
  std::string seen;
  std::unique_ptr<TaskSet> set;
  set = std::make_unique<TaskSet>([&](Failure f) {
    seen = f.message();
    set.reset();
  });
  set->spawn(std::move(d));
  EXPECT_EQ(set->size(), 1u);
  promise.set_error(TimeoutError("late"));
  EXPECT_EQ(seen, "late");
  EXPECT_EQ(set, nullptr);
}

TEST(TaskSet, JoinWaitsForAllAndDestructionDropsThem) {
  int alive = 0;
  auto [d, promise] = make_deferred<void>();
  auto [e, never] = make_deferred<void>();
  TaskSet set;
  set.spawn(holds(alive, std::move(d)));
  auto joined = set.join();
  EXPECT_TRUE(joined.pending());
  promise.set_value();
  EXPECT_TRUE(joined.fired());
  {
    TaskSet other;
    other.spawn(holds(alive, std::move(e)));
    EXPECT_EQ(alive, 1);
  }
  EXPECT_EQ(alive, 0);
  EXPECT_FALSE(never.wanted());
}

TEST(TaskGroup, TheFirstFailureCancelsSiblingsLaterOnesAreAttached) {
  auto [a, pa] = make_deferred<void>();
  auto [b, pb] = make_deferred<void>();
  auto rude = [](Deferred<void> wait) -> Deferred<void> {
    try {
      co_await wait;
    } catch (const Cancelled&) {
      throw std::runtime_error("while cleaning up");
    }
  };
  TaskGroup group;
  group.spawn(std::move(a));
  group.spawn(rude(std::move(b)));
  auto joined = group.join();
  pa.set_error(TimeoutError("first"));
  auto outcome = joined.take();
  EXPECT_TRUE(outcome.error().check<TimeoutError>());
  EXPECT_NE(outcome.error().report().find("suppressed: while cleaning up"), std::string::npos);
}

}  // namespace
}  // namespace torc
