#include <torc/async/race.hpp>

#include <torc/async/coroutine.hpp>
#include <torc/async/promise.hpp>
#include <torc/async/timing.hpp>
#include <torc/testing/clock.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace torc {
namespace {

using namespace std::chrono_literals;

template <class... D>
auto list(D... deferreds) {
  std::vector<std::common_type_t<D...>> all;
  (all.push_back(std::move(deferreds)), ...);
  return all;
}

TEST(Race, TheFirstSuccessWinsAndLosersAreCancelled) {
  auto [a, pa] = make_deferred<int>();
  auto [b, pb] = make_deferred<int>();
  auto [c, pc] = make_deferred<int>();
  auto won = race(list(std::move(a), std::move(b), std::move(c)));
  pa.set_error(TimeoutError("a"));
  EXPECT_TRUE(won.pending());
  pc.set_value(3);
  EXPECT_FALSE(pb.wanted());
  EXPECT_EQ(won.take().value(), 3);
}

TEST(Race, AReadyValueWinsOverPendingOnes) {
  auto [a, pa] = make_deferred<int>();
  EXPECT_EQ(race(list(std::move(a), succeed(2), succeed(3))).take().value(), 2);
  EXPECT_FALSE(pa.wanted());
}

TEST(Race, AllFailedIsAGroupInTheOrderGiven) {
  auto [a, pa] = make_deferred<void>();
  auto [b, pb] = make_deferred<void>();
  auto won = race(list(std::move(a), std::move(b)));
  pb.set_error(BrokenPromise("second"));
  pa.set_error(TimeoutError("first"));
  auto outcome = won.take();
  const auto* group = outcome.error().get<FailureGroup>();
  ASSERT_NE(group, nullptr);
  EXPECT_STREQ(group->what(), "all 2 failed, the first with: first");
  ASSERT_EQ(group->failures().size(), 2u);
  EXPECT_TRUE(group->failures()[0].check<TimeoutError>());
  EXPECT_TRUE(group->failures()[1].check<BrokenPromise>());
}

TEST(Race, OfNoneFails) {
  auto outcome = race(std::vector<Deferred<int>>{}).take();
  ASSERT_TRUE(outcome.error().check<FailureGroup>());
  EXPECT_EQ(outcome.error().message(), "there was nothing to try");
}

TEST(Race, EndsOnlyWhenTheLosersHaveEnded) {
  testing::Clock clock;
  auto slow_to_end = []() -> Deferred<int> {
    static_cast<void>(co_await as_outcome(sleep(1h)));
    co_await shield(10s, sleep(2s));
    co_return 9;  // too late
  };
  auto [d, promise] = make_deferred<int>();
  auto won = race(list(slow_to_end(), std::move(d)));
  promise.set_value(1);
  EXPECT_TRUE(won.pending());
  clock.advance(2s);
  EXPECT_EQ(won.take().value(), 1);
}

TEST(Race, CancellingGivesCancelledWithEarlierFailuresAttached) {
  auto [a, pa] = make_deferred<int>();
  auto [b, pb] = make_deferred<int>();
  auto won = race(list(std::move(a), std::move(b)));
  pa.set_error(TimeoutError("early"));
  won.cancel();
  EXPECT_FALSE(pb.wanted());
  auto outcome = won.take();
  ASSERT_TRUE(outcome.error().check<Cancelled>());
  EXPECT_NE(outcome.error().report().find("suppressed: early"), std::string::npos);
}

TEST(Race, DroppingDropsEveryChildAndForgetsFailures) {
  auto [a, pa] = make_deferred<int>();
  auto [b, pb] = make_deferred<int>();
  {
    auto won = race(list(std::move(a), std::move(b)));
    pa.set_error(TimeoutError("a"));
  }
  EXPECT_FALSE(pb.wanted());
}

TEST(Race, WhoWaitsMayDestroyItsOwner) {
  auto [a, pa] = make_deferred<int>();
  auto [b, pb] = make_deferred<int>();
  std::unique_ptr<Deferred<void>> owner;
  owner = std::make_unique<Deferred<void>>(
      race(list(std::move(a), std::move(b))).then([&](int) { owner.reset(); }));
  pa.set_value(1);
  EXPECT_EQ(owner, nullptr);
}

}  // namespace
}  // namespace torc
