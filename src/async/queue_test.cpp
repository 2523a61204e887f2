#include <torc/async/queue.hpp>

#include <torc/async/coroutine.hpp>
#include <torc/async/promise.hpp>
#include <torc/async/task_set.hpp>
#include <torc/async/timing.hpp>
#include <torc/testing/clock.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <vector>

namespace torc {
namespace {

TEST(Queue, GivesValuesInOrder) {
  Queue<int> queue;
  queue.put(1).value();
  queue.put(2).value();
  EXPECT_EQ(queue.size(), 2u);
  EXPECT_EQ(queue.get().take().value(), 1);
  EXPECT_EQ(queue.try_get(), 2);
  EXPECT_EQ(queue.try_get(), std::nullopt);
}

TEST(Queue, ServesGettersInOrder) {
  Queue<int> queue;
  std::vector<int> got;
  auto a = queue.get().then([&](int n) { got.push_back(n); });
  auto b = queue.get().then([&](int n) { got.push_back(10 * n); });
  EXPECT_EQ(queue.waiting_gets(), 2u);
  queue.put(1).value();
  queue.put(2).value();
  EXPECT_EQ(got, (std::vector<int>{1, 20}));
  EXPECT_TRUE(queue.empty());
}

TEST(Queue, RefusesBeyondItsLimits) {
  Queue<int> queue({.size = 1, .backlog = 1});
  queue.put(1).value();
  EXPECT_TRUE(queue.put(2).error().check<QueueOverflow>());
  EXPECT_EQ(queue.get().take().value(), 1);
  auto waiting = queue.get();
  EXPECT_TRUE(queue.get().take().error().check<QueueUnderflow>());
  waiting.cancel();
  EXPECT_TRUE(waiting.take().error().check<Cancelled>());
  EXPECT_TRUE(queue.get().pending());  // there is room in the backlog again
}

TEST(Queue, APushWaitsForRoomAndKeepsItsPlace) {
  Queue<int> queue({.size = 1});
  EXPECT_TRUE(queue.push(1).fired());
  auto second = queue.push(2);
  auto third = queue.push(3);
  EXPECT_TRUE(second.pending());
  EXPECT_EQ(queue.waiting_pushes(), 2u);
  EXPECT_EQ(queue.try_get(), 1);
  EXPECT_TRUE(second.fired());
  EXPECT_TRUE(third.pending());
  EXPECT_TRUE(queue.put(4).error().check<QueueOverflow>());  // no barging in
  EXPECT_EQ(queue.try_get(), 2);
  EXPECT_EQ(queue.try_get(), 3);
}

TEST(Queue, AWaitingPushThatLeavesAddsNothing) {
  Queue<int> queue({.size = 1});
  queue.put(1).value();
  auto cancelled = queue.push(2);
  std::optional<Deferred<void>> dropped = queue.push(3);
  auto kept = queue.push(4);
  cancelled.cancel();
  dropped.reset();
  EXPECT_TRUE(cancelled.take().error().check<Cancelled>());
  EXPECT_EQ(queue.try_get(), 1);
  EXPECT_EQ(queue.try_get(), 4);
  EXPECT_TRUE(queue.empty());
}

TEST(Queue, WithoutRoomValuesGoFromHandToHand) {
  Queue<int> queue({.size = 0});
  EXPECT_TRUE(queue.put(1).error().check<QueueOverflow>());
  auto push = queue.push(2);
  EXPECT_TRUE(push.pending());
  EXPECT_EQ(queue.get().take().value(), 2);
  EXPECT_TRUE(push.fired());
  auto get = queue.get();
  EXPECT_TRUE(queue.push(3).fired());
  EXPECT_EQ(get.take().value(), 3);
}

TEST(Queue, AValueDroppedUntakenGoesToTheNextGetter) {
  Queue<int> queue;
  std::optional<Deferred<int>> first = queue.get();
  auto second = queue.get();
  queue.put(1).value();
  EXPECT_TRUE(first->fired());
  first.reset();
  EXPECT_EQ(second.take().value(), 1);
}

TEST(Queue, ValuesDroppedUntakenComeBackInTheirOrder) {
  const std::vector<std::vector<int>> orders{{0, 1, 2}, {2, 1, 0}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {0, 2, 1}};
  for (const auto& order : orders) {
    Queue<std::unique_ptr<int>> queue({.size = 1});
    std::vector<std::optional<Deferred<std::unique_ptr<int>>>> getters;
    for (int i = 0; i < 3; ++i) getters.emplace_back(queue.get());
    for (int i = 0; i < 4; ++i) queue.put(std::make_unique<int>(i)).value();
    for (const int i : order) getters[i].reset();
    EXPECT_EQ(queue.size(), 4u);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(**queue.try_get(), i);
  }
}

TEST(Queue, AValueOnItsWayToACoroutineThatIsDroppedIsNotLost) {
  Queue<int> queue;
  auto body = [](Queue<int>& queue) -> Deferred<void> {
    co_await queue.get();
    ADD_FAILURE() << "resumed after being dropped";
  };
  auto task = std::make_unique<Deferred<void>>(body(queue));
  auto [d, promise] = make_deferred<void>();
  auto putter = std::move(d).then([&] {
    queue.put(1).value();
    task.reset();
  });
  promise.set_value();
  EXPECT_EQ(queue.try_get(), 1);
}

TEST(Queue, AValueForACoroutineThatLetsOthersRunFirstIsNotLost) {
  testing::Clock clock;
  Queue<int> queue({.size = 1'000});
  for (int i = 0; i < 1'000; ++i) queue.put(i).value();
  int taken = 0;
  auto body = [](Queue<int>& queue, int& taken) -> Deferred<void> {
    for (;;) {
      EXPECT_EQ(co_await queue.get(), taken);
      ++taken;
    }
  };
  while (!queue.empty()) {
    auto task = body(queue, taken);  // stops when the budget is spent, and is dropped
    detail::current.budget = Scheduler::kBudget;
  }
  EXPECT_EQ(taken, 1'000);
}

TEST(Queue, AValueThatATaskSetDiscardsIsTaken) {
  Queue<int> queue;
  TaskSet tasks;
  tasks.spawn(queue.get());
  queue.put(1).value();
  EXPECT_TRUE(queue.empty());
}

TEST(Queue, ClosingEndsThoseWhoWaitButKeepsWhatItHolds) {
  Queue<int> queue({.size = 1});
  queue.put(1).value();
  auto push = queue.push(2);
  queue.close();
  EXPECT_TRUE(push.take().error().check<QueueClosed>());
  EXPECT_TRUE(queue.put(3).error().check<QueueClosed>());
  EXPECT_EQ(queue.get().take().value(), 1);
  EXPECT_TRUE(queue.get().take().error().check<QueueClosed>());

  Queue<int> empty;
  auto get = empty.get();
  empty.close();
  EXPECT_TRUE(get.take().error().check<QueueClosed>());
}

TEST(Queue, DestroyingItFailsWhoWaits) {
  auto queue = std::make_unique<Queue<std::unique_ptr<int>>>(QueueLimits{.size = 1});
  queue->put(std::make_unique<int>(1)).value();
  auto push = queue->push(std::make_unique<int>(2));
  queue.reset();
  EXPECT_TRUE(push.take().error().check<BrokenPromise>());

  queue = std::make_unique<Queue<std::unique_ptr<int>>>();
  std::optional<Deferred<std::unique_ptr<int>>> given = queue->get();
  std::optional<Deferred<std::unique_ptr<int>>> returned = queue->get();
  auto get = queue->get();
  get.cancel();
  queue->put(std::make_unique<int>(3)).value();
  queue->put(std::make_unique<int>(4)).value();
  returned.reset();
  auto keeps = std::move(*given);
  queue.reset();
  EXPECT_EQ(*keeps.take().value(), 3);
  static_cast<void>(get.take());
}

TEST(Queue, ATimeLimitGivesBackWhatNobodyTook) {
  testing::Clock clock;
  Queue<int> queue;
  auto untaken = std::make_optional(with_timeout(std::chrono::seconds(1), queue.get()));
  queue.put(1).value();
  queue.put(2).value();
  EXPECT_EQ(queue.size(), 1u);
  untaken.reset();
  EXPECT_EQ(queue.try_get(), 1);
  EXPECT_EQ(queue.try_get(), 2);
}

TEST(Queue, AGetterMayDestroyIt) {
  auto queue = std::make_unique<Queue<int>>();
  auto get = queue->get().then([&](int) { queue.reset(); });
  queue->put(1).value();
  EXPECT_EQ(queue, nullptr);
}

TEST(Queue, AHundredThousandGettersAndPushers) {
  constexpr int kMany = 100'000;
  Queue<int> queue({.size = 1, .backlog = kMany});
  std::int64_t sum = 0;
  auto getter = [](Queue<int>& queue, std::int64_t& sum) -> Deferred<void> { sum += co_await queue.get(); };
  auto pusher = [](Queue<int>& queue, int n) -> Deferred<void> { co_await queue.push(n); };
  TaskSet tasks;
  for (int i = 0; i < kMany; ++i) tasks.spawn(getter(queue, sum));
  for (int i = 0; i < kMany; ++i) queue.put(1).value();
  for (int i = 0; i < kMany; ++i) tasks.spawn(pusher(queue, 1));
  for (int i = 0; i < kMany; ++i) tasks.spawn(getter(queue, sum));
  EXPECT_EQ(sum, 2 * kMany);
  EXPECT_TRUE(tasks.empty());
}

TEST(Queue, AHundredThousandValuesDroppedUntakenComeBack) {
  constexpr int kMany = 100'000;
  Queue<int> queue({.size = 1, .backlog = kMany});
  {
    std::vector<Deferred<int>> getters;
    for (int i = 0; i < kMany; ++i) getters.push_back(queue.get());
    for (int i = 0; i < kMany; ++i) queue.put(i).value();
  }
  EXPECT_EQ(queue.size(), std::size_t(kMany));
  for (int i = 0; i < kMany; ++i) ASSERT_EQ(queue.try_get(), i);
}

}  // namespace
}  // namespace torc
