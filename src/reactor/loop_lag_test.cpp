#include <torc/reactor/loop_lag.hpp>

#include <torc/reactor/reactor.hpp>

#include <gtest/gtest.h>

#include <numeric>
#include <thread>

namespace torc {
namespace {

using namespace std::chrono_literals;

TEST(LoopLag, CountsByPowersOfTwo) {
  LoopLag lag;
  EXPECT_EQ(lag.percentile(50), Duration::zero());
  for (int i = 0; i < 98; ++i) lag.add(700ns);
  lag.add(3us);
  lag.add(100ms);
  EXPECT_EQ(lag.count(), 100u);
  EXPECT_EQ(lag.max(), 100ms);
  EXPECT_EQ(lag.buckets()[0], 98u);
  EXPECT_EQ(lag.buckets()[2], 1u);
  EXPECT_EQ(LoopLag::upper_end(2), 4us);
  EXPECT_EQ(lag.percentile(50), 1us);
  EXPECT_EQ(lag.percentile(99), 4us);
  EXPECT_EQ(lag.percentile(100), 100ms);
}

TEST(LoopLag, TakesWhateverComes) {
  LoopLag lag;
  lag.add(-1ns);
  lag.add(100h);
  EXPECT_EQ(lag.buckets()[0], 1u);
  EXPECT_EQ(lag.buckets()[LoopLag::kBuckets - 1], 1u);
  EXPECT_EQ(lag.percentile(1e9), 100h);
}

TEST(LoopLag, OfAReactorSeesTheLongTurnButNotTheSleep) {
  Reactor reactor;
  reactor.call_when_running([] { std::this_thread::sleep_for(5ms); });
  auto end = reactor.call_later(300ms, [&] { reactor.stop(); });
  reactor.run();
  const LoopLag lag = reactor.loop_lag();
  EXPECT_GE(lag.max(), 5ms);
  EXPECT_LT(lag.max(), 250ms);
  EXPECT_GE(lag.count(), 2u);
  EXPECT_EQ(std::reduce(lag.buckets().begin(), lag.buckets().end()), lag.count());
}

}  // namespace
}  // namespace torc
