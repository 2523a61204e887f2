#include <torc/reactor/reactor.hpp>

#include <torc/async/coroutine.hpp>
#include <torc/async/timing.hpp>
#include <torc/base/log.hpp>
#include <torc/reactor/run.hpp>
#include <torc/reactor/signals.hpp>
#include <torc/reactor/thread_pool.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace torc {
namespace {

using namespace std::chrono_literals;

TEST(Reactor, RunsCallsInOrderUntilStopped) {
  Reactor reactor;
  std::string order;
  reactor.call_when_running([&] { order += 'a'; });
  reactor.call_when_running([&] {
    order += 'b';
    reactor.call_when_running([&] {
      order += 'c';
      reactor.stop();
    });
  });
  EXPECT_EQ(order, "");
  reactor.run();
  EXPECT_EQ(order, "abc");
}

TEST(Reactor, ACallbackThatThrowsIsLoggedAndTheLoopGoesOn) {
  auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope{captured};
  Reactor reactor;
  bool after = false;
  reactor.call_when_running([] { throw std::runtime_error("oops"); });
  auto call = reactor.call_later(1ms, [] { throw std::runtime_error("later oops"); });
  auto last = reactor.call_later(2ms, [&] {
    after = true;
    reactor.stop();
  });
  reactor.run();
  EXPECT_TRUE(after);
  EXPECT_TRUE(captured->contains("oops"));
  EXPECT_TRUE(captured->contains("later oops"));
}

TEST(Reactor, RunsAgainAfterStopping) {
  Reactor reactor;
  for (int round = 0; round < 3; ++round) {
    bool ran = false;
    reactor.call_when_running([&] {
      ran = true;
      EXPECT_EQ(Reactor::current(), &reactor);
      reactor.stop();
    });
    reactor.run();
    EXPECT_TRUE(ran);
    EXPECT_EQ(Reactor::current(), nullptr);
  }
}

TEST(Reactor, TwoRunSideBySide) {
  const auto run = [] {
    Reactor reactor;
    int ticks = 0;
    std::vector<DelayedCall> calls;
    for (int i = 0; i < 10; ++i) {
      calls.push_back(reactor.call_later(std::chrono::milliseconds(i), [&] {
        if (++ticks == 10) reactor.stop();
      }));
    }
    reactor.run();
    EXPECT_EQ(ticks, 10);
  };
  std::thread other(run);
  run();
  other.join();
}

TEST(Reactor, CallsFromThreadsArriveInOrderOfEachThread) {
  Reactor reactor;
  constexpr int kThreads = 4, kCalls = 10'000;
  std::vector<int> seen(kThreads, 0);
  int total = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kCalls; ++i) {
        reactor.call_from_thread([&, t, i] {
          EXPECT_EQ(seen[static_cast<std::size_t>(t)], i);
          ++seen[static_cast<std::size_t>(t)];
          if (++total == kThreads * kCalls) reactor.stop();
        });
      }
    });
  }
  reactor.run();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(total, kThreads * kCalls);
}

TEST(Reactor, ACallFromItsOwnThreadWaitsForTheNextTurn) {
  Reactor reactor;
  std::string order;
  reactor.call_when_running([&] {
    reactor.call_from_thread([&] {
      order += 'b';
      reactor.stop();
    });
    order += 'a';
  });
  reactor.run();
  EXPECT_EQ(order, "ab");
}

TEST(ReactorDeathTest, RunningInsideItselfIsAProgrammingError) {
  const auto nested = [] {
    Reactor reactor;
    reactor.call_when_running([&] { reactor.run(); });
    reactor.run();
  };
  EXPECT_DEATH(nested(), "Reactor::run\\(\\) was called while a reactor runs");
}

TEST(DelayedCall, CancelsResetsAndDelays) {
  Reactor reactor;
  std::string order;
  auto cancelled = reactor.call_later(1ms, [&] { order += 'x'; });
  auto moved = reactor.call_later(1ms, [&] { order += 'b'; });
  auto first = reactor.call_later(5ms, [&] { order += 'a'; });
  auto last = reactor.call_later(40ms, [&] { reactor.stop(); });
  { auto dropped = reactor.call_later(1ms, [&] { order += 'y'; }); }
  reactor.call_later(15ms, [&] { order += 'c'; }).detach();
  cancelled.cancel();
  EXPECT_FALSE(cancelled.active());
  EXPECT_TRUE(moved.delay(9ms));
  EXPECT_TRUE(first.reset(1ms));
  reactor.run();
  EXPECT_EQ(order, "abc");
  EXPECT_FALSE(first.active());
  EXPECT_FALSE(first.reset(1ms));
}

TEST(DelayedCall, MayDestroyItsOwnHandle) {
  Reactor reactor;
  std::unique_ptr<DelayedCall> handle;
  auto witness = std::make_shared<int>(1);
  handle = std::make_unique<DelayedCall>(reactor.call_later(1ms, [&, witness] {
    handle.reset();
    EXPECT_EQ(*witness, 1);
    reactor.stop();
  }));
  reactor.run();
  EXPECT_EQ(witness.use_count(), 1);
}

TEST(DelayedCall, ADetachedOneIsFreedWithItsReactor) {
  auto captured = std::make_shared<int>(1);
  {
    Reactor reactor;
    reactor.call_later(1h, [captured] {}).detach();
    EXPECT_EQ(captured.use_count(), 2);
  }
  EXPECT_EQ(captured.use_count(), 1);
}

TEST(DelayedCall, ADetachedOneIsFreedWhenTheReactorStops) {
  Reactor reactor;
  auto witness = std::make_shared<int>(1);
  reactor.call_later(1h, [witness] {}).detach();
  reactor.call_when_running([&] { reactor.stop(); });
  reactor.run();
  EXPECT_EQ(witness.use_count(), 1);
}

TEST(SignalWatch, MayBeDestroyedByItsCallback) {
  Reactor reactor;
  auto witness = std::make_shared<int>(1);
  std::optional<SignalWatch> watch;
  watch.emplace(reactor, SIGUSR1, [&, witness] {
    watch.reset();
    EXPECT_EQ(*witness, 1);
    reactor.stop();
  });
  reactor.call_when_running([] { ::raise(SIGUSR1); });
  reactor.run();
  EXPECT_EQ(witness.use_count(), 1);
}

TEST(SignalWatch, CallsBackOnTheLoopAndPutsTheOldHandlerBack) {
  struct sigaction before, after;
  ::sigaction(SIGUSR1, nullptr, &before);
  Reactor reactor;
  int calls = 0;
  {
    const SignalWatch watch(reactor, SIGUSR1, [&] {
      ++calls;
      reactor.stop();
    });
    reactor.call_when_running([] { ::raise(SIGUSR1); });
    reactor.run();
  }
  EXPECT_EQ(calls, 1);
  ::sigaction(SIGUSR1, nullptr, &after);
  EXPECT_EQ(before.sa_handler, after.sa_handler);
}

TEST(Run, GivesWhatMainGives) {
  EXPECT_EQ(run([]() -> Deferred<void> { co_await sleep(1ms); }), 0);
  EXPECT_EQ(run([]() -> Deferred<int> { co_return 3; }), 3);
  testing::internal::CaptureStderr();
  EXPECT_EQ(run([]() -> Deferred<void> { throw TimeoutError("no luck"); co_return; }), 1);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("no luck"), std::string::npos);
}

TEST(Run, AMainThatThrowsWithoutBeingACoroutineFails) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(run([]() -> Deferred<int> { throw TimeoutError("no luck"); }), 1);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("no luck"), std::string::npos);
}

TEST(Run, TheFirstSignalCancelsMainAndTheStatusIsZero) {
  bool cleaned = false;
  EXPECT_EQ(run([&](this auto) -> Deferred<void> {
    ::raise(SIGTERM);
    auto outcome = co_await as_outcome(until_cancelled());
    co_await shield(1s, sleep(1ms));
    cleaned = true;
    outcome.value();
  }), 0);
  EXPECT_TRUE(cleaned);
}

TEST(Run, MainIsCancelledWhenTheReactorStopsAndMayCleanUp) {
  bool cancelled = false, cleaned = false;
  EXPECT_EQ(run([&](this auto) -> Deferred<void> {
    Reactor::current()->stop();
    const Outcome<void> how = co_await as_outcome(until_cancelled());
    cancelled = how.error().check<Cancelled>();
    co_await shield(1s, sleep(5ms));
    cleaned = true;
    how.value();
  }), 0);
  EXPECT_TRUE(cancelled);
  EXPECT_TRUE(cleaned);
}

TEST(Reactor, WhoWaitsUntilHeIsCancelledHearsThatTheReactorStops) {
  Reactor reactor;
  bool told = false;
  Deferred<void> waits = succeed();
  reactor.call_when_running([&] {
    waits = until_cancelled().then_outcome([&](Outcome<void> how) { told = how.error().check<ReactorStopped>(); });
    reactor.stop();
  });
  reactor.run();
  EXPECT_TRUE(told);
}

TEST(Reactor, WhatIsDueBeforeAllTimeIsDueNow) {
  for (const bool delay : {false, true}) {
    Reactor reactor;
    bool called = false;
    reactor.call_when_running([&] {
      const auto f = [&] {
        called = true;
        reactor.stop();
      };
      (delay ? reactor.call_later(Duration::min(), f) : reactor.call_at(Instant::min(), f)).detach();
    });
    reactor.run();
    EXPECT_TRUE(called);
  }
}

TEST(Reactor, ASleepOfNothingWaitsForNoTick) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    const auto began = std::chrono::steady_clock::now();
    for (int i = 0; i < 1000; ++i) co_await sleep(Duration::zero());
    // With a tick each this would take a second; a busy machine may be slow, but not that slow.
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(500));
  }), 0);
}

TEST(Run, ASecondSignalStopsAtOnce) {
  bool cleaned = false;
  EXPECT_EQ(run([&](this auto) -> Deferred<void> {
    ::raise(SIGINT);
    auto outcome = co_await as_outcome(until_cancelled());
    ::raise(SIGINT);
    co_await shield(1h, sleep(1h));
    cleaned = true;
  }), 128 + SIGINT);
  EXPECT_FALSE(cleaned);
}

TEST(Background, ALookupCutOffByACrashIsTakenOutOfItsPoolFirst) {
  auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope{captured};
  Reactor reactor;
  const auto go = std::make_shared<std::atomic<bool>>(false);  // the pool does not wait for what runs
  reactor.call_when_running([&] {
    for (int i = 0; i < 20; ++i) {
      reactor.name_pool().defer([go] {
        while (!*go) std::this_thread::yield();
      }).detach();
    }
    reactor.call_when_running([] {});  // never made
    reactor.crash();
  });
  reactor.run();
  *go = true;
}

TEST(Background, IsCancelledAtTheEndAndNamedWhenItDoesNotEnd) {
  auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope{captured};
  {
    Reactor reactor({.shutdown_limit = 20ms});
    bool polite = false;
    reactor.call_when_running([&] {
      [&polite](this auto) -> Deferred<void> {
        const Outcome<void> outcome = co_await as_outcome(until_cancelled());
        polite = outcome.error().check<Cancelled>();
      }().detach();
      []() -> Deferred<void> {
        for (;;) {
          auto outcome = co_await as_outcome(until_cancelled());
          co_await shield(1h, sleep(1ms));
        }
      }().detach();
      reactor.stop();
    });
    reactor.run();
    EXPECT_TRUE(polite);
  }
  EXPECT_TRUE(captured->contains("reactor_test.cpp")) << captured->text();
}

}  // namespace
}  // namespace torc
