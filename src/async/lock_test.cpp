#include <torc/async/lock.hpp>

#include <torc/async/coroutine.hpp>
#include <torc/async/promise.hpp>
#include <torc/async/task_set.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace torc {
namespace {

using Guard = Lock::Guard;

TEST(Lock, AFreeLockIsHadAtOnce) {
  Lock lock;
  auto acquired = lock.acquire();
  EXPECT_TRUE(acquired.fired());
  EXPECT_TRUE(lock.locked());
  { auto guard = acquired.take().value(); }
  EXPECT_FALSE(lock.locked());
}

TEST(Lock, IsHandedOverInOrderAndIsNeverFreeInBetween) {
  Lock lock;
  auto guard = lock.try_acquire();
  ASSERT_TRUE(guard);
  EXPECT_FALSE(lock.try_acquire());
  std::vector<int> order;
  std::vector<Deferred<void>> waiting;
  for (int i = 0; i < 3; ++i) {
    waiting.push_back(lock.acquire().then([&, i](Guard) {
      order.push_back(i);
      EXPECT_FALSE(lock.try_acquire());  // nobody barges in
    }));
  }
  EXPECT_EQ(lock.waiting(), 3u);
  guard->release();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
  EXPECT_FALSE(lock.locked());
}

TEST(Lock, ADestructorOfAGuardRunsNobody) {
  Lock lock;
  auto guard = lock.try_acquire();
  bool ran = false;
  auto next = lock.acquire().then([&](Guard) { ran = true; });
  guard.reset();
  EXPECT_FALSE(ran);
  EXPECT_TRUE(lock.locked());  // handed over all the same
  { const detail::Firing firing; }
  EXPECT_TRUE(ran);
}

TEST(Lock, AReleaseInsideAFiringRunsTheNextAfterIt) {
  Lock lock;
  auto guard = lock.try_acquire();
  std::string order;
  auto next = lock.acquire().then([&](Guard) { order += "next "; });
  auto [d, promise] = make_deferred<void>();
  auto releaser = std::move(d).then([&] {
    guard->release();
    order += "releaser ";
  });
  promise.set_value();
  EXPECT_EQ(order, "releaser next ");
}

TEST(Lock, CancellingOrDroppingAtEachPlaceLeavesTheOthersInOrder) {
  for (const bool drop : {false, true}) {
    for (int gone = 0; gone < 3; ++gone) {
      Lock lock;
      auto guard = lock.try_acquire();
      std::vector<int> order;
      std::vector<Deferred<void>> waiting;
      for (int i = 0; i < 3; ++i) {
        waiting.push_back(lock.acquire().then([&, i](Guard) { order.push_back(i); },
                                              [](Failure f) { EXPECT_TRUE(f.check<Cancelled>()); }));
      }
      if (drop) {
        waiting[gone] = succeed();
      } else {
        waiting[gone].cancel();
      }
      EXPECT_EQ(lock.waiting(), 2u);
      guard->release();
      std::vector<int> expected{0, 1, 2};
      expected.erase(expected.begin() + gone);
      EXPECT_EQ(order, expected);
      EXPECT_FALSE(lock.locked());
    }
  }
}

TEST(Lock, AHandOverThatIsDroppedUntakenGoesToTheNext) {
  Lock lock;
  auto guard = lock.try_acquire();
  auto first = lock.acquire();
  auto second = lock.acquire();
  guard->release();
  EXPECT_TRUE(first.fired());
  EXPECT_TRUE(second.pending());
  { auto gone = std::move(first); }
  EXPECT_TRUE(second.fired());
  { auto gone = std::move(second); }
  EXPECT_FALSE(lock.locked());
}

TEST(Lock, AHandOverToACoroutineDroppedInTheSameFiringGoesToTheNext) {
  Lock lock;
  auto guard = lock.try_acquire();
  auto body = [](Lock& lock) -> Deferred<void> {
    auto guard = co_await lock.acquire();
    ADD_FAILURE() << "resumed after being dropped";
  };
  auto first = std::make_unique<Deferred<void>>(body(lock));
  bool ran = false;
  auto second = lock.acquire().then([&](Guard) { ran = true; });
  auto [d, promise] = make_deferred<void>();
  auto releaser = std::move(d).then([&] {
    guard->release();
    first.reset();
  });
  promise.set_value();
  EXPECT_TRUE(ran);
  EXPECT_FALSE(lock.locked());
}

TEST(Lock, CoroutinesTakeTurnsAcrossTheirWaits) {
  Lock lock;
  std::string log;
  auto body = [](Lock& lock, std::string& log, char name, Deferred<void> work) -> Deferred<void> {
    auto guard = co_await lock.acquire();
    log += name;
    co_await work;
    log += name;
  };
  auto [wa, a] = make_deferred<void>();
  auto [wb, b] = make_deferred<void>();
  TaskSet tasks;
  tasks.spawn(body(lock, log, 'a', std::move(wa)));
  tasks.spawn(body(lock, log, 'b', std::move(wb)));
  b.set_value();
  EXPECT_EQ(log, "a");
  a.set_value();
  EXPECT_EQ(log, "aabb");
  EXPECT_FALSE(lock.locked());
}

TEST(Lock, DestroyingItFailsWhoWaitsAndEmptiesTheGuard) {
  auto lock = std::make_unique<Lock>();
  auto guard = lock->try_acquire();
  auto first = lock->acquire();
  bool broken = false;
  auto second = lock->acquire().then([](Guard) {}, [&](Failure f) { broken = f.check<BrokenPromise>(); });
  lock.reset();
  EXPECT_FALSE(broken);  // a destructor runs nobody's code
  EXPECT_FALSE(*guard);
  guard->release();  // the next firing
  EXPECT_TRUE(broken);
  EXPECT_EQ(first.take().error().message(), "a Lock was destroyed while somebody waited for it");
}

TEST(Lock, AWaiterMayDestroyTheLock) {
  auto lock = std::make_unique<Lock>();
  auto guard = lock->try_acquire();
  auto next = lock->acquire().then([&](Guard held) {
    lock.reset();
    EXPECT_FALSE(held);
  });
  guard->release();
  EXPECT_EQ(lock, nullptr);
}

TEST(Lock, AGuardMovesAndReleasesOnce) {
  Lock lock, other;
  Guard a = *lock.try_acquire();
  Guard b = std::move(a);
  EXPECT_FALSE(a);  // NOLINT: looking at what was moved from is the point
  EXPECT_TRUE(b);
  a = *other.try_acquire();
  b = std::move(a);  // gives the first lock back
  EXPECT_FALSE(lock.locked());
  EXPECT_TRUE(other.locked());
  b.release();
  b.release();
  EXPECT_FALSE(other.locked());
}

TEST(Lock, AHundredThousandWaitersNeitherRecurseNorAreLost) {
  for (const bool destroy : {false, true}) {
    auto lock = std::make_unique<Lock>();
    auto guard = lock->try_acquire();
    int done = 0, broken = 0;
    auto body = [](Lock& lock, int& done, int& broken) -> Deferred<void> {
      auto guard = co_await as_outcome(lock.acquire());
      ++(guard ? done : broken);
    };
    TaskSet tasks;
    for (int i = 0; i < 100'000; ++i) tasks.spawn(body(*lock, done, broken));
    if (destroy) lock.reset();
    guard->release();
    EXPECT_EQ(destroy ? broken : done, 100'000);
  }
}

TEST(Lock, AHundredThousandHandOversDroppedOneAfterTheOther) {
  Lock lock;
  auto guard = lock.try_acquire();
  std::vector<Deferred<Guard>> waiting;
  for (int i = 0; i < 100'000; ++i) waiting.push_back(lock.acquire());
  guard->release();
  waiting.clear();
  EXPECT_FALSE(lock.locked());
}

}  // namespace
}  // namespace torc
