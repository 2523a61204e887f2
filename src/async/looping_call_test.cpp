#include <torc/async/looping_call.hpp>

#include <torc/async/coroutine.hpp>
#include <torc/async/timing.hpp>
#include <torc/base/log.hpp>
#include <torc/testing/clock.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <vector>

namespace torc {
namespace {

using namespace std::chrono_literals;

TEST(LoopingCall, CallsAtMultiplesOfItsInterval) {
  testing::Clock clock;
  std::vector<Duration> at;
  LoopingCall loop([&] { at.push_back(clock.now().time_since_epoch()); });
  loop.start(10ms);
  EXPECT_EQ(at.size(), 1u);  // at once
  for (int i = 0; i < 30; ++i) clock.advance(1ms);
  EXPECT_EQ(at, (std::vector<Duration>{0ms, 10ms, 20ms, 30ms}));
  loop.stop();
  clock.advance(100ms);
  EXPECT_EQ(at.size(), 4u);
  EXPECT_TRUE(clock.idle());
}

TEST(LoopingCall, MayBeginWithAPause) {
  testing::Clock clock;
  int calls = 0;
  LoopingCall loop([&] { ++calls; });
  loop.start(10ms, false);
  EXPECT_EQ(calls, 0);
  clock.advance(10ms);
  EXPECT_EQ(calls, 1);
}

TEST(LoopingCall, SkipsTicksThatPassDuringACallAndCountsThem) {
  testing::Clock clock;
  std::vector<std::uint64_t> counts;
  LoopingCall loop([&](std::uint64_t count) {
    counts.push_back(count);
    return sleep(25ms);
  });
  loop.start(10ms);
  for (int i = 0; i < 70; ++i) clock.advance(1ms);
  // Calls at 0, 30 and 60: the ticks at 10 and 20, then at 40 and 50, were skipped.
  EXPECT_EQ(counts, (std::vector<std::uint64_t>{1, 3, 3}));
}

TEST(LoopingCall, WaitsForTheCallUnderWayWhenStopped) {
  testing::Clock clock;
  auto [d, promise] = make_deferred<void>();
  LoopingCall loop([&, d = std::move(d)]() mutable { return std::move(d); });
  loop.start(10ms);
  auto stopped = loop.stopped();
  loop.stop();
  EXPECT_TRUE(stopped.pending());
  promise.set_value();
  EXPECT_TRUE(stopped.fired());
  EXPECT_TRUE(loop.stopped().fired());
}

TEST(LoopingCall, AFailureStopsItAndReachesTheWaiter) {
  testing::Clock clock;
  int calls = 0;
  LoopingCall loop([&] {
    if (++calls == 2) throw std::runtime_error("second");
  });
  loop.start(10ms);
  auto stopped = loop.stopped();
  clock.advance(10ms);
  EXPECT_FALSE(loop.running());
  EXPECT_EQ(stopped.take().error().message(), "second");
  loop.start(10ms);  // and again
  EXPECT_EQ(calls, 3);
}

TEST(LoopingCall, AFailureNobodyWaitsForIsLogged) {
  auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope{captured};
  testing::Clock clock;
  int calls = 0;
  LoopingCall loop([&] {
    if (++calls == 2) throw std::runtime_error("unheard");
  });
  loop.start(10ms);
  clock.advance(10ms);
  EXPECT_TRUE(captured->contains("unheard"));
}

TEST(LoopingCall, AFailureOfTheFirstCallWaitsForWhoAsks) {
  auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope{captured};
  testing::Clock clock;
  {
    LoopingCall loop([] { throw std::runtime_error("first"); });
    loop.start(10ms);
    EXPECT_TRUE(loop.stopped().take().error().check<std::runtime_error>());
    EXPECT_TRUE(loop.stopped().take().has_value());
    EXPECT_FALSE(captured->contains("first"));
    loop.start(10ms);
  }
  EXPECT_TRUE(captured->contains("first"));  // nobody asked the second time
}

TEST(LoopingCall, AnIntervalWithoutEndIsOneCall) {
  testing::Clock clock;
  clock.advance(1s);
  int calls = 0;
  LoopingCall loop([&] { ++calls; });
  loop.start(Duration::max());
  clock.advance(1000h);
  EXPECT_EQ(calls, 1);
}

TEST(LoopingCall, ResetBeginsTheRhythmAnew) {
  testing::Clock clock;
  int calls = 0;
  LoopingCall loop([&] { ++calls; });
  loop.start(10ms);
  clock.advance(9ms);
  loop.reset();
  clock.advance(9ms);
  EXPECT_EQ(calls, 1);
  clock.advance(1ms);
  EXPECT_EQ(calls, 2);
}

TEST(LoopingCall, AnIntervalOfZeroCallsOnceATurn) {
  testing::Clock clock;
  int calls = 0;
  LoopingCall loop([&] { ++calls; });
  loop.start(0ms);
  clock.turn();
  clock.turn();
  EXPECT_EQ(calls, 3);
}

TEST(LoopingCall, ACallMayDestroyIt) {
  testing::Clock clock;
  auto witness = std::make_shared<int>(1);
  std::unique_ptr<LoopingCall> loop;
  int calls = 0;
  loop = std::make_unique<LoopingCall>([&, witness] {
    if (++calls < 2) return;
    loop.reset();
    EXPECT_EQ(*witness, 1);
  });
  loop->start(10ms);
  clock.advance(30ms);
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(witness.use_count(), 1);
}

TEST(LoopingCall, DestroyingItDropsTheCallUnderWay) {
  testing::Clock clock;
  auto [d, promise] = make_deferred<void>();
  {
    LoopingCall loop([&, d = std::move(d)]() mutable { return std::move(d); });
    loop.start(10ms);
    EXPECT_TRUE(promise.wanted());
  }
  EXPECT_FALSE(promise.wanted());
}

TEST(LoopingCall, WaitsForTheDelayOfASlowCallInMultiplesOfItsInterval) {
  testing::Clock clock;
  std::vector<Duration> at;
  LoopingCall loop([&] {
    at.push_back(clock.now().time_since_epoch());
    return sleep(at.size() == 1 ? 13ms : 0ms);
  });
  loop.start(10ms);
  for (int i = 0; i < 35; ++i) clock.advance(1ms);
  EXPECT_EQ(at, (std::vector<Duration>{0ms, 20ms, 30ms}));
}

TEST(LoopingCall, ACallMayStopItAndStartItAgainWhenItHasStopped) {
  testing::Clock clock;
  int calls = 0;
  std::unique_ptr<LoopingCall> loop;
  loop = std::make_unique<LoopingCall>([&] {
    if (++calls == 2) loop->stop();
  });
  loop->start(10ms);
  auto restarted = loop->stopped().then([&] { loop->start(5ms, false); });
  clock.advance(10ms);
  EXPECT_EQ(calls, 2);
  EXPECT_TRUE(loop->running());
  EXPECT_EQ(loop->interval(), 5ms);
  clock.advance(5ms);
  EXPECT_EQ(calls, 3);
}

}  // namespace
}  // namespace torc
