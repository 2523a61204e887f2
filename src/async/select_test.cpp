#include <torc/async/select.hpp>

#include <torc/async/coroutine.hpp>
#include <torc/async/promise.hpp>
#include <torc/async/timing.hpp>
#include <torc/testing/clock.hpp>

#include <gtest/gtest.h>

namespace torc {
namespace {

using namespace std::chrono_literals;

template <class T>
std::vector<Deferred<T>> pair(Deferred<T> a, Deferred<T> b) {
  std::vector<Deferred<T>> both;
  both.push_back(std::move(a));
  both.push_back(std::move(b));
  return both;
}

TEST(Select, GivesTheFirstToEndAndCancelsTheOthers) {
  auto [a, pa] = make_deferred<int>();
  auto [b, pb] = make_deferred<int>();
  auto first = select(pair(std::move(a), std::move(b)));
  pb.set_value(7);
  EXPECT_FALSE(pa.wanted());
  auto selected = std::move(first.take().value());
  EXPECT_EQ(selected.index, 1u);
  EXPECT_EQ(selected.outcome.value(), 7);
}

TEST(Select, AFailureIsAnEndToo) {
  auto [a, pa] = make_deferred<void>();
  auto [b, pb] = make_deferred<void>();
  auto first = select(pair(std::move(a), std::move(b)));
  pa.set_error(TimeoutError("a"));
  EXPECT_FALSE(pb.wanted());
  auto selected = std::move(first.take().value());
  EXPECT_EQ(selected.index, 0u);
  EXPECT_TRUE(selected.outcome.error().check<TimeoutError>());
}

TEST(Select, OfReadyResultsTakesTheFirstGiven) {
  auto selected = std::move(select(pair(succeed(1), fail<int>(TimeoutError("unseen")))).take().value());
  EXPECT_EQ(selected.index, 0u);
  auto [a, pa] = make_deferred<int>();
  EXPECT_EQ(select(pair(std::move(a), succeed(2))).take().value().index, 1u);
  EXPECT_FALSE(pa.wanted());
}

TEST(Select, OfNoneFails) {
  EXPECT_TRUE(select(std::vector<Deferred<int>>{}).take().error().check<FailureGroup>());
}

TEST(Select, EndsOnlyWhenTheOthersHaveEnded) {
  testing::Clock clock;
  auto slow_to_end = []() -> Deferred<void> {
    static_cast<void>(co_await as_outcome(sleep(1h)));
    co_await shield(10s, sleep(2s));
  };
  auto first = select(pair(slow_to_end(), sleep(1s)));
  clock.advance(1s);
  EXPECT_TRUE(first.pending());
  clock.advance(2s);
  EXPECT_EQ(first.take().value().index, 1u);
}

TEST(Select, CancellingItIsNotAnEndOfAChild) {
  auto [a, pa] = make_deferred<int>();
  auto [b, pb] = make_deferred<int>();
  auto first = select(pair(std::move(a), std::move(b)));
  first.cancel();
  EXPECT_FALSE(pa.wanted());
  EXPECT_FALSE(pb.wanted());
  EXPECT_TRUE(first.take().error().check<Cancelled>());
}

TEST(Select, DroppingDropsEveryChild) {
  auto [a, pa] = make_deferred<int>();
  auto [b, pb] = make_deferred<int>();
  { auto first = select(pair(std::move(a), std::move(b))); }
  EXPECT_FALSE(pa.wanted());
  EXPECT_FALSE(pb.wanted());
}

}  // namespace
}  // namespace torc
