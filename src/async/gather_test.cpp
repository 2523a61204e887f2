#include <torc/async/gather.hpp>

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

Deferred<int> fails_when_cancelled(Deferred<void> wait) {
  try {
    co_await wait;
  } catch (const Cancelled&) {
    throw std::runtime_error("while cleaning up");
  }
  co_return 1;
}

TEST(GatherTuple, GivesValuesOfDifferentTypes) {
  auto [number, pn] = make_deferred<int>();
  auto [nothing, pv] = make_deferred<void>();
  auto all = gather(std::move(number), succeed(std::string("ready")), std::move(nothing));
  static_assert(std::same_as<decltype(all), Deferred<std::tuple<int, std::string, std::monostate>>>);
  pv.set_value();
  EXPECT_TRUE(all.pending());
  pn.set_value(4);
  EXPECT_EQ(all.take().value(), std::tuple(4, std::string("ready"), std::monostate()));
}

TEST(GatherTuple, CarriesMoveOnlyValues) {
  auto [d, promise] = make_deferred<std::unique_ptr<int>>();
  auto all = gather(std::move(d), succeed(std::make_unique<int>(2)));
  promise.set_value(std::make_unique<int>(1));
  auto values = std::move(all.take().value());
  EXPECT_EQ(*std::get<0>(values) + *std::get<1>(values), 3);
}

TEST(GatherTuple, OfReadyResultsIsReady) {
  EXPECT_EQ(gather(succeed(1), succeed('c')).take().value(), std::tuple(1, 'c'));
  EXPECT_TRUE(gather(succeed(1), fail<int>(TimeoutError("x"))).take().error().check<TimeoutError>());
}

TEST(GatherTuple, TheFirstFailureCancelsTheOthersAndLaterOnesAreAttached) {
  auto [a, pa] = make_deferred<std::string>();
  auto [b, pb] = make_deferred<void>();
  auto all = gather(fails_when_cancelled(std::move(b)), std::move(a));
  pa.set_error(TimeoutError("first"));
  auto outcome = all.take();
  ASSERT_TRUE(outcome.error().check<TimeoutError>());
  EXPECT_NE(outcome.error().report().find("suppressed: while cleaning up"), std::string::npos);
  EXPECT_FALSE(pb.wanted());
}

TEST(GatherTuple, AFailureThatIsThereAlreadyCancelsThePendingOnes) {
  auto [a, pa] = make_deferred<int>();
  auto [b, pb] = make_deferred<int>();
  auto all = gather(std::move(a), fail<void>(TimeoutError("x")), std::move(b));
  EXPECT_FALSE(pa.wanted());
  EXPECT_FALSE(pb.wanted());
  EXPECT_TRUE(all.take().error().check<TimeoutError>());
}

TEST(GatherTuple, EndsOnlyWhenEveryChildHasEnded) {
  testing::Clock clock;
  auto slow_to_end = []() -> Deferred<void> {
    static_cast<void>(co_await as_outcome(sleep(1h)));
    co_await shield(10s, sleep(2s));
  };
  auto [d, promise] = make_deferred<int>();
  auto all = gather(slow_to_end(), std::move(d));
  promise.set_error(TimeoutError("x"));
  EXPECT_TRUE(all.pending());
  clock.advance(2s);
  EXPECT_TRUE(all.take().error().check<TimeoutError>());
}

TEST(GatherTuple, CancellingReachesEveryChild) {
  auto [a, pa] = make_deferred<int>();
  auto [b, pb] = make_deferred<void>();
  auto all = gather(std::move(a), std::move(b));
  all.cancel();
  EXPECT_FALSE(pa.wanted());
  EXPECT_FALSE(pb.wanted());
  EXPECT_TRUE(all.take().error().check<Cancelled>());
}

TEST(GatherTuple, DroppingDropsEveryChild) {
  auto [a, pa] = make_deferred<int>();
  auto [b, pb] = make_deferred<void>();
  { auto all = gather(std::move(a), std::move(b)); }
  EXPECT_FALSE(pa.wanted());
  EXPECT_FALSE(pb.wanted());
}

TEST(Gather, GivesAllValuesInOrder) {
  auto [a, pa] = make_deferred<int>();
  auto [b, pb] = make_deferred<int>();
  std::vector<Deferred<int>> both;
  both.push_back(std::move(a));
  both.push_back(succeed(5));
  both.push_back(std::move(b));
  auto all = gather(std::move(both));
  pb.set_value(3);
  pa.set_value(1);
  EXPECT_EQ(all.take().value(), (std::vector<int>{1, 5, 3}));
  EXPECT_TRUE(gather(std::vector<Deferred<int>>{}).take().value().empty());
}

TEST(Gather, TheFirstFailureCancelsTheOthersAndWaitsForThem) {
  testing::Clock clock;
  bool cleaned = false;
  auto slow_end = [](bool& cleaned) -> Deferred<void> {
    try {
      co_await sleep(1h);
    } catch (const Cancelled&) {
      cleaned = true;
    }
  };
  std::vector<Deferred<void>> tasks;
  auto [d, promise] = make_deferred<void>();
  tasks.push_back(slow_end(cleaned));
  tasks.push_back(std::move(d));
  auto all = gather(std::move(tasks));
  promise.set_error(TimeoutError("x"));
  EXPECT_TRUE(cleaned);
  EXPECT_TRUE(all.take().error().check<TimeoutError>());
}

TEST(Gather, MayBeDroppedByWhoWaitsForIt) {
  auto [a, pa] = make_deferred<int>();
  std::unique_ptr<Deferred<void>> all;
  bool ran = false;
  std::vector<Deferred<int>> children;
  children.push_back(std::move(a));
  all = std::make_unique<Deferred<void>>(gather(std::move(children)).then([&](std::vector<int>) {
    ran = true;
    all.reset();
  }));
  pa.set_value(1);
  EXPECT_TRUE(ran);
  EXPECT_EQ(all, nullptr);
}

TEST(Gather, MayBeDroppedByAChildThatRuns) {
  auto [start, go] = make_deferred<void>();
  auto [other, po] = make_deferred<void>();
  std::unique_ptr<Deferred<void>> all;
  auto dropper = [](Deferred<void> start, std::unique_ptr<Deferred<void>>& all) -> Deferred<void> {
    co_await start;
    all.reset();
  };
  std::vector<Deferred<void>> children;
  children.push_back(dropper(std::move(start), all));
  children.push_back(std::move(other));
  all = std::make_unique<Deferred<void>>(gather(std::move(children)));
  go.set_value();
  EXPECT_EQ(all, nullptr);
  EXPECT_FALSE(po.wanted());
}

TEST(GatherOutcomes, GivesAllInOrderAndCancelsNobody) {
  auto [a, pa] = make_deferred<int>();
  auto [b, pb] = make_deferred<int>();
  std::vector<Deferred<int>> children;
  children.push_back(std::move(a));
  children.push_back(std::move(b));
  children.push_back(succeed(3));
  auto all = gather_outcomes(std::move(children));
  pb.set_error(TimeoutError("second"));
  EXPECT_TRUE(pa.wanted());
  pa.set_value(1);
  auto outcomes = std::move(all.take().value());
  ASSERT_EQ(outcomes.size(), 3u);
  EXPECT_EQ(outcomes[0].value(), 1);
  EXPECT_TRUE(outcomes[1].error().check<TimeoutError>());
  EXPECT_EQ(outcomes[2].value(), 3);
}

TEST(GatherOutcomes, OfNoneOrOfReadyOnesIsReady) {
  EXPECT_TRUE(gather_outcomes(std::vector<Deferred<void>>{}).take().value().empty());
  std::vector<Deferred<void>> one;
  one.push_back(fail(TimeoutError("x")));
  EXPECT_FALSE(gather_outcomes(std::move(one)).take().value()[0].has_value());
}

TEST(GatherOutcomes, CancelledGivesWhatThereIsAndCancelledForTheRest) {
  auto [a, pa] = make_deferred<int>();
  std::vector<Deferred<int>> children;
  children.push_back(succeed(1));
  children.push_back(std::move(a));
  auto all = gather_outcomes(std::move(children));
  all.cancel();
  auto outcomes = std::move(all.take().value());
  EXPECT_EQ(outcomes[0].value(), 1);
  EXPECT_TRUE(outcomes[1].error().check<Cancelled>());
}

TEST(GatherOutcomes, DroppedHalfwayDropsTheRest) {
  auto [a, pa] = make_deferred<int>();
  auto [b, pb] = make_deferred<int>();
  std::vector<Deferred<int>> children;
  children.push_back(std::move(a));
  children.push_back(std::move(b));
  {
    auto all = gather_outcomes(std::move(children));
    pa.set_value(1);
  }
  EXPECT_FALSE(pb.wanted());
}

TEST(Gather, MayBeDroppedWhileAResultIsOnItsWayToIt) {
  auto [a, first] = make_deferred<int>();
  auto [b, second] = make_deferred<int>();
  std::vector<Deferred<int>> both;
  both.push_back(std::move(a));
  both.push_back(std::move(b));
  auto all = std::make_unique<Deferred<std::vector<int>>>(gather(std::move(both)));
  {
    const detail::Firing firing;
    first.set_value(1);  // queued
    all.reset();
  }
  EXPECT_FALSE(second.wanted());
}

}  // namespace
}  // namespace torc
