#include <torc/async/barrier.hpp>

#include <torc/async/coroutine.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <vector>

namespace torc {
namespace {

TEST(Barrier, OpensWhenAllHaveComeAndTellsTheirPlaces) {
  Barrier barrier(3);
  auto a = barrier.wait();
  auto b = barrier.wait();
  EXPECT_TRUE(a.pending());
  auto c = barrier.wait();
  EXPECT_EQ(a.take().value(), 0u);
  EXPECT_EQ(b.take().value(), 1u);
  EXPECT_EQ(c.take().value(), 2u);
}

TEST(Barrier, WorksInRounds) {
  Barrier barrier(2);
  std::vector<int> log;
  auto body = [](Barrier& barrier, std::vector<int>& log, int name) -> Deferred<void> {
    for (int round = 0; round < 3; ++round) {
      co_await barrier.wait();
      log.push_back(10 * round + name);
    }
  };
  auto a = body(barrier, log, 1);
  auto b = body(barrier, log, 2);
  EXPECT_TRUE(a.fired() && b.fired());
  ASSERT_EQ(log.size(), 6u);
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(log[i] / 10, int(i / 2));
}

TEST(Barrier, OneWhoLeftHasNotCome) {
  Barrier barrier(2);
  auto cancelled = barrier.wait();
  cancelled.cancel();
  EXPECT_TRUE(cancelled.take().error().check<Cancelled>());
  std::optional<Deferred<std::size_t>> dropped = barrier.wait();
  dropped.reset();
  EXPECT_EQ(barrier.waiting(), 0u);
  auto a = barrier.wait();
  EXPECT_TRUE(a.pending());
  auto b = barrier.wait();
  EXPECT_EQ(a.take().value(), 0u);
  EXPECT_EQ(b.take().value(), 1u);
}

TEST(Barrier, DestroyingItFailsWhoWaits) {
  auto barrier = std::make_unique<Barrier>(2);
  auto waiting = barrier->wait();
  barrier.reset();
  EXPECT_TRUE(waiting.take().error().check<BrokenPromise>());
}

TEST(BarrierDeathTest, NeedsAParty) { EXPECT_DEATH(Barrier(0), "at least one party"); }

}  // namespace
}  // namespace torc
