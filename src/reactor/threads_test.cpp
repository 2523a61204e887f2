#include <torc/reactor/threads.hpp>

#include "reactor/test_gate.hpp"

#include <torc/async/context.hpp>
#include <torc/async/coroutine.hpp>
#include <torc/async/promise.hpp>
#include <torc/async/timing.hpp>
#include <torc/base/log.hpp>
#include <torc/reactor/blocking_call.hpp>
#include <torc/reactor/run.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace torc {
namespace {

using namespace std::chrono_literals;

constexpr Duration kAmple = 60s;  // a limit that is not to be reached

TEST(Threads, RunOnTheDefaultPoolOrAnother) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    const auto here = std::this_thread::get_id();
    EXPECT_NE(co_await defer_to_thread([] { return std::this_thread::get_id(); }), here);
    EXPECT_EQ(Reactor::current()->thread_pool().metrics().done, 1U);
    ThreadPool pool;
    EXPECT_NE(co_await defer_to_pool(pool, [] { return std::this_thread::get_id(); }), here);
    EXPECT_EQ(pool.metrics().done, 1U);
    auto failed = co_await as_outcome(defer_to_thread([]() -> int { throw std::out_of_range("there"); }));
    EXPECT_TRUE(failed.error().check<std::out_of_range>());
    EXPECT_EQ(co_await defer_to_thread([]() -> Outcome<int> { return 3; }), 3);
  }), 0);
}

inline constexpr ContextKey<std::string> kUser("user");

TEST(Threads, WhatIsCalledElsewhereKeepsTheContext) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    const auto user = [] {
      const std::string* name = Context::current().get(kUser);
      return name ? *name : "nobody";
    };
    Reactor& reactor = *Reactor::current();
    {
      const ContextScope scope(kUser, "ann");
      EXPECT_EQ(co_await defer_to_thread(user), "ann");
      EXPECT_EQ(co_await defer_to_thread([&] { return blocking_call_from_thread(reactor, kAmple, user); }), "ann");
      auto [told, promise] = make_deferred<std::string>();
      co_await defer_to_thread([&] { reactor.call_from_thread([&] { promise.set_value(user()); }); });
      EXPECT_EQ(co_await told, "ann");
    }
    EXPECT_EQ(co_await defer_to_thread(user), "nobody");
  }), 0);
}

TEST(Threads, AReactorHasAsManyAsItsOptionsSay) {
  Reactor reactor({.threads = 2});
  reactor.call_when_running([&] {
    std::vector<Deferred<void>> jobs;
    for (int i = 0; i < 5; ++i) jobs.push_back(defer_to_thread([] {}));
    EXPECT_LE(reactor.thread_pool().metrics().threads, 2U);
    reactor.stop();
  });
  reactor.run();
}

TEST(Threads, CallInThreadLogsAFailure) {
  auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope{captured};
  EXPECT_EQ(run([]() -> Deferred<void> {
    std::atomic<bool> ran = false;
    call_in_thread([&] { ran = true; });
    call_in_thread([] { throw std::out_of_range("nobody waits"); });
    while (Reactor::current()->thread_pool().metrics().done < 2) co_await sleep(1ms);
    co_await sleep(1ms);
    EXPECT_TRUE(ran);
  }), 0);
  EXPECT_TRUE(captured->contains("nobody waits"));
}

TEST(Threads, CallMultipleRunsOneAfterAnotherOnOneThread) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    std::vector<std::thread::id> on;
    std::vector<std::move_only_function<void()>> functions;
    for (int i = 0; i < 3; ++i) functions.push_back([&] { on.push_back(std::this_thread::get_id()); });
    co_await call_multiple_in_thread(std::move(functions));
    EXPECT_EQ(on, std::vector(3, on.at(0)));

    functions.clear();
    std::string ran;
    functions.push_back([&] { ran += 'a'; });
    functions.push_back([] { throw std::out_of_range("second"); });
    functions.push_back([&] { ran += 'c'; });
    auto outcome = co_await as_outcome(call_multiple_in_thread(std::move(functions)));
    EXPECT_TRUE(outcome.error().check<std::out_of_range>());
    EXPECT_EQ(ran, "a");
  }), 0);
}

TEST(Threads, CallMultipleBeginsNoFurtherOneAfterItWasDropped) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    Gate gate;
    ThreadPool pool({.max = 1});
    bool second = false;
    std::vector<std::move_only_function<void()>> functions;
    functions.push_back([&] { gate.pass(); });
    functions.push_back([&] { second = true; });
    std::optional all = call_multiple_in_thread(pool, std::move(functions));
    gate.begun.acquire();
    all.reset();
    gate.go.release();
    co_await pool.defer([] {});
    EXPECT_FALSE(second);
  }), 0);
}

TEST(BlockingCall, GivesValuesAndErrorsToAThread) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    Reactor& reactor = *Reactor::current();
    const auto here = std::this_thread::get_id();
    co_await defer_to_thread([&] {
      EXPECT_EQ(blocking_call_from_thread(reactor, kAmple, [] { return std::this_thread::get_id(); }), here);
      EXPECT_EQ(blocking_call_from_thread(reactor, kAmple, []() -> Deferred<std::unique_ptr<int>> {
        co_await sleep(1ms);
        co_return std::make_unique<int>(4);
      }).operator*(), 4);
      blocking_call_from_thread(reactor, kAmple, [] {});
      EXPECT_THROW(blocking_call_from_thread(reactor, kAmple, []() -> int { throw std::out_of_range("x"); }), std::out_of_range);
      EXPECT_THROW(blocking_call_from_thread(reactor, kAmple, [] { return fail<int>(std::out_of_range("x")); }), std::out_of_range);
    });
  }), 0);
}

TEST(BlockingCall, ATimeoutCancelsTheOperation) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    Reactor& reactor = *Reactor::current();
    auto ended = std::make_shared<std::binary_semaphore>(0);
    auto begun = std::make_shared<std::atomic<bool>>(false);
    co_await defer_to_thread([&reactor, ended, begun] {
      // One that did not begin in time is not made: a busy machine may need a second try.
      while (!*begun) EXPECT_THROW(blocking_call_from_thread(reactor, 20ms, [ended, begun](this auto) -> Deferred<void> {
        *begun = true;
        const Outcome<void> outcome = co_await as_outcome(until_cancelled());
        EXPECT_TRUE(outcome.error().check<Cancelled>());
        co_await shield(kAmple, sleep(1ms));
        ended->release();
      }), TimeoutError);
    });
    while (!ended->try_acquire()) co_await sleep(1ms);
  }), 0);
}

TEST(BlockingCall, OneThatDidNotBeginInTimeIsNotMade) {
  Reactor reactor;  // does not run yet
  bool called = false;
  EXPECT_THROW(blocking_call_from_thread(reactor, 1ms, [&] { called = true; }), TimeoutError);
  std::thread caller([&] {
    EXPECT_EQ(blocking_call_from_thread(reactor, kAmple, [] { return 1; }), 1);  // waits for it to run
    reactor.call_from_thread([&] { reactor.stop(); });
  });
  reactor.run();
  caller.join();
  EXPECT_FALSE(called);
  EXPECT_THROW(blocking_call_from_thread(reactor, kAmple, [&] { called = true; }), ReactorStopped);
  EXPECT_FALSE(called);
}

TEST(BlockingCall, AThreadOfItsOwnPoolIsReleasedWhenTheReactorStops) {
  Reactor reactor;
  std::binary_semaphore waits{0};
  std::atomic<bool> released = false;
  reactor.call_when_running([&] {
    call_in_thread([&] {
      waits.release();
      try {
        blocking_call_from_thread(reactor, kAmple, [&] {
          reactor.stop();
          return until_cancelled();
        });
      } catch (const ReactorStopped&) {
        released = true;
      }
    });
    waits.acquire();
  });
  reactor.run();
  while (!released) std::this_thread::yield();
}

TEST(BlockingCall, IsReleasedWhenAReactorThatNeverRanGoes) {
  auto reactor = std::make_unique<Reactor>();
  const auto call = detail::EventualOf<int>::start(reactor->thread_door(), [] { return 1; });
  std::thread caller([&] { EXPECT_THROW(call->wait_and_take(kAmple), ReactorStopped); });
  reactor.reset();
  caller.join();
}

TEST(BlockingCallDeathTest, OnTheReactorsOwnThreadIsExplained) {
  const auto call = [] {
    run([]() -> Deferred<void> {
      blocking_call_from_thread(*Reactor::current(), 1s, [] {});
      co_return;
    });
  };
  EXPECT_DEATH(call(), "blocking_call_from_thread was called on a reactor's own thread");
}

}  // namespace
}  // namespace torc
