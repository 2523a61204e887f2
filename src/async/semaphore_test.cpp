#include <torc/async/semaphore.hpp>

#include <torc/async/coroutine.hpp>
#include <torc/async/promise.hpp>
#include <torc/async/task_set.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace torc {
namespace {

using Permit = Semaphore::Permit;

TEST(Semaphore, GivesItsPermitsThenMakesWaitInOrder) {
  Semaphore semaphore(2);
  auto a = semaphore.try_acquire();
  auto b = semaphore.acquire();
  EXPECT_TRUE(b.fired());
  EXPECT_EQ(semaphore.available(), 0u);
  EXPECT_FALSE(semaphore.try_acquire());
  auto c = semaphore.acquire();
  auto d = semaphore.acquire();
  a->release();
  EXPECT_TRUE(c.fired());
  EXPECT_TRUE(d.pending());
  EXPECT_EQ(semaphore.available(), 0u);  // handed over, not given back
}

TEST(Semaphore, APermitThatIsDroppedUntakenGoesToTheNext) {
  Semaphore semaphore(1);
  auto held = semaphore.try_acquire();
  auto first = semaphore.acquire();
  auto second = semaphore.acquire();
  held->release();
  { auto gone = std::move(first); }
  EXPECT_TRUE(second.take().has_value());
  EXPECT_EQ(semaphore.available(), 1u);
}

TEST(Semaphore, CancellingAWaiterLosesNoPermit) {
  Semaphore semaphore(1);
  auto held = semaphore.try_acquire();
  auto first = semaphore.acquire();
  auto second = semaphore.acquire();
  first.cancel();
  EXPECT_TRUE(first.take().error().check<Cancelled>());
  held->release();
  EXPECT_TRUE(second.fired());
  second.cancel();  // too late: it has its permit
  EXPECT_TRUE(second.take().has_value());
  EXPECT_EQ(semaphore.available(), 1u);
}

TEST(Semaphore, BoundsHowManyCoroutinesAreInside) {
  Semaphore semaphore(3);
  int inside = 0, most = 0, done = 0;
  std::vector<Promise<void>> work;
  auto body = [](Semaphore& semaphore, std::vector<Promise<void>>& work, int& inside, int& most,
                 int& done) -> Deferred<void> {
    auto permit = co_await semaphore.acquire();
    most = std::max(most, ++inside);
    auto [d, promise] = make_deferred<void>();
    work.push_back(std::move(promise));
    co_await d;
    --inside;
    ++done;
  };
  TaskSet tasks;
  for (int i = 0; i < 10; ++i) tasks.spawn(body(semaphore, work, inside, most, done));
  for (std::size_t i = 0; i < work.size(); ++i) {
    auto next = std::move(work[i]);
    next.set_value();
  }
  EXPECT_EQ(done, 10);
  EXPECT_EQ(most, 3);
  EXPECT_EQ(semaphore.available(), 3u);
}

TEST(Semaphore, DestroyingItFailsWhoWaitsAndEmptiesPermits) {
  auto semaphore = std::make_unique<Semaphore>(1);
  auto held = semaphore->try_acquire();
  auto waiting = semaphore->acquire();
  semaphore.reset();
  EXPECT_TRUE(waiting.take().error().check<BrokenPromise>());
  EXPECT_FALSE(*held);
}

TEST(SemaphoreDeathTest, NeedsAPermit) { EXPECT_DEATH(Semaphore(0), "at least one permit"); }

}  // namespace
}  // namespace torc
