#include <torc/async/condition.hpp>

#include <torc/async/coroutine.hpp>
#include <torc/async/task_set.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <vector>

namespace torc {
namespace {

using Guard = Lock::Guard;

Deferred<Guard> wait_on(Condition& condition, Lock& lock) { return condition.wait(*lock.try_acquire()); }

TEST(Condition, WaitGivesTheLockUpAndGivesItBack) {
  Lock lock;
  Condition changed;
  auto waiting = wait_on(changed, lock);
  EXPECT_FALSE(lock.locked());
  changed.notify_one();
  EXPECT_TRUE(lock.locked());
  EXPECT_TRUE(*waiting.take());
  EXPECT_FALSE(lock.locked());
}

TEST(Condition, TheNotifiedWaitForTheLockInOrder) {
  Lock lock;
  Condition changed;
  std::vector<int> order;
  std::vector<Deferred<void>> waiting;
  for (int i = 0; i < 3; ++i) waiting.push_back(wait_on(changed, lock).then([&, i](Guard) { order.push_back(i); }));
  auto guard = lock.try_acquire();
  changed.notify_all();
  EXPECT_TRUE(order.empty());
  EXPECT_EQ(lock.waiting(), 3u);
  guard->release();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
}

TEST(Condition, CoroutinesWaitForAChangeOfState) {
  Lock lock;
  Condition changed;
  std::vector<int> jobs, done;
  auto worker = [](Lock& lock, Condition& changed, std::vector<int>& jobs, std::vector<int>& done) -> Deferred<void> {
    auto guard = co_await lock.acquire();
    while (jobs.empty()) guard = co_await changed.wait(std::move(guard));
    done.push_back(jobs.back());
    jobs.pop_back();
  };
  TaskSet tasks;
  for (int i = 0; i < 3; ++i) tasks.spawn(worker(lock, changed, jobs, done));
  jobs = {7};
  changed.notify_all();
  EXPECT_EQ(done, (std::vector<int>{7}));
  EXPECT_EQ(changed.waiting(), 2u);
  jobs = {8};
  changed.notify_one();
  EXPECT_EQ(done, (std::vector<int>{7, 8}));
}

TEST(Condition, OneWhoIsCancelledDoesNotHoldTheLock) {
  Lock lock;
  Condition changed;
  auto waiting = wait_on(changed, lock);
  auto guard = lock.try_acquire();
  waiting.cancel();
  EXPECT_TRUE(waiting.take().error().check<Cancelled>());
  EXPECT_EQ(changed.waiting(), 0u);
}

// The notified one ends in each of the ways there are before it goes on; its notification is not lost.
TEST(Condition, ANotificationThatCameToNothingPassesToTheNext) {
  enum class End { kCancelledWaitingForTheLock, kDroppedWaitingForTheLock, kDroppedWithTheLock };
  for (const End end : {End::kCancelledWaitingForTheLock, End::kDroppedWaitingForTheLock, End::kDroppedWithTheLock}) {
    Lock lock;
    Condition changed;
    std::optional<Deferred<Guard>> first = wait_on(changed, lock);
    auto second = wait_on(changed, lock);
    auto third = wait_on(changed, lock);
    std::optional<Guard> guard;
    if (end != End::kDroppedWithTheLock) guard = lock.try_acquire();
    changed.notify_one();
    EXPECT_EQ(first->fired(), end == End::kDroppedWithTheLock);
    if (end == End::kCancelledWaitingForTheLock) first->cancel();
    first.reset();
    if (guard) guard->release();
    EXPECT_TRUE(second.fired());
    EXPECT_TRUE(third.pending());
  }
}

TEST(Condition, DestroyingItFailsWhoWaitsButNotWhoWasNotified) {
  Lock lock;
  auto changed = std::make_unique<Condition>();
  auto notified = wait_on(*changed, lock);
  auto waiting = wait_on(*changed, lock);
  auto guard = lock.try_acquire();
  changed->notify_one();
  changed.reset();
  EXPECT_TRUE(waiting.take().error().check<BrokenPromise>());
  guard->release();
  EXPECT_TRUE(notified.take().has_value());
}

TEST(Condition, TheLockMayGoFirst) {
  auto lock = std::make_unique<Lock>();
  Condition changed;
  auto early = wait_on(changed, *lock);
  auto late = wait_on(changed, *lock);
  auto guard = lock->try_acquire();
  changed.notify_one();
  lock.reset();
  EXPECT_TRUE(early.take().error().check<BrokenPromise>());
  EXPECT_TRUE(late.pending());
  changed.notify_one();
  EXPECT_TRUE(late.take().error().check<BrokenPromise>());
}

TEST(ConditionDeathTest, WaitNeedsTheLock) {
  Condition changed;
  EXPECT_DEATH(static_cast<void>(changed.wait(Guard())), "holds no lock");
}

}  // namespace
}  // namespace torc
