#include <torc/reactor/thread_pool.hpp>

#include <torc/async/context.hpp>
#include <torc/async/coroutine.hpp>
#include <torc/async/promise.hpp>
#include <torc/async/task_set.hpp>
#include <torc/async/tasks.hpp>
#include <torc/async/timing.hpp>
#include <torc/base/log.hpp>
#include <torc/reactor/blocking_call.hpp>
#include <torc/reactor/run.hpp>
#include <torc/reactor/threads.hpp>

#include <gtest/gtest.h>

#include <pthread.h>

#include <atomic>
#include <csignal>
#include <memory>
#include <optional>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace torc {
namespace {

using namespace std::chrono_literals;

constexpr Duration kAmple = 60s;  // a limit that is not to be reached

// A job that has begun and goes on until it is told.
struct Gate {
  void pass() {
    begun.release();
    go.acquire();
  }
  std::binary_semaphore begun{0}, go{0};
};

TEST(ThreadPool, RunsJobsElsewhereAndDeliversHere) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    ThreadPool pool({.name = "test", .max = 2});
    const auto here = std::this_thread::get_id();
    const auto there = co_await pool.defer([] { return std::this_thread::get_id(); });
    EXPECT_NE(here, there);
    EXPECT_EQ(std::this_thread::get_id(), here);
    auto failed = co_await as_outcome(pool.defer([]() -> int { throw TimeoutError("slow"); }));
    EXPECT_TRUE(failed.error().check<TimeoutError>());
  }), 0);
}

TEST(ThreadPool, DroppingRemovesAJobThatWaits) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    ThreadPool pool({.name = "test", .max = 1});
    std::atomic<bool> go = false, ran = false;
    auto blocking = pool.defer([&] { while (!go) std::this_thread::yield(); });
    { auto dropped = pool.defer([&] { ran = true; }); }
    auto cancelled = pool.defer([&] { ran = true; });
    cancelled.cancel();
    go = true;
    co_await blocking;
    auto outcome = co_await as_outcome(std::move(cancelled));
    EXPECT_TRUE(outcome.error().check<Cancelled>());
    EXPECT_FALSE(ran);
  }), 0);
}

TEST(ThreadPool, DestroyingItFailsTheJobsThatWait) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    std::atomic<bool> started = false, go = false;
    auto pool = std::make_unique<ThreadPool>(ThreadPoolOptions{.name = "test", .max = 1, .wait_for_running = false});
    auto running = pool->defer([&] {
      started = true;
      while (!go) std::this_thread::yield();
    });
    while (!started) std::this_thread::yield();
    auto waiting = pool->defer([] {});
    pool.reset();
    auto outcome = co_await as_outcome(std::move(waiting));
    EXPECT_TRUE(outcome.error().check<BrokenPromise>());
    go = true;
    co_await running;
  }), 0);
}

TEST(ThreadPool, AFullQueueRefuses) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    ThreadPool pool({.name = "test", .max = 1, .queue_limit = 1});
    std::atomic<bool> started = false, go = false;
    auto running = pool.defer([&] {
      started = true;
      while (!go) std::this_thread::yield();
    });
    while (!started) std::this_thread::yield();
    auto waiting = pool.defer([] {});
    auto refused = co_await as_outcome(pool.defer([] {}));
    EXPECT_TRUE(refused.error().check<QueueFull>());
    go = true;
    co_await running;
    co_await waiting;
  }), 0);
}

TEST(ThreadPool, NamesItsThreadsAndLetsNoSignalIn) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    ThreadPool pool({.name = "a-name-that-is-too-long"});
    EXPECT_EQ(co_await pool.defer([] {
      char name[32];
      ::pthread_getname_np(::pthread_self(), name, sizeof name);
      return std::string(name);
    }), "a-name-that-is-");
    EXPECT_TRUE(co_await pool.defer([] {
      sigset_t mask;
      ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
      return ::sigismember(&mask, SIGTERM) == 1 && ::sigismember(&mask, SIGUSR1) == 1;
    }));
  }), 0);
}

TEST(ThreadPool, CountsWhatItDoes) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    Gate gate;
    ThreadPool pool({.max = 1, .queue_limit = 1});
    EXPECT_EQ(pool.metrics().threads, 0U);  // they start when needed
    auto running = pool.defer([&] { gate.pass(); });
    gate.begun.acquire();
    auto waiting = pool.defer([] {});
    EXPECT_TRUE((co_await as_outcome(pool.defer([] {}))).error().check<QueueFull>());
    auto now = pool.metrics();
    EXPECT_EQ(now.threads, 1U);
    EXPECT_EQ(now.idle, 0U);
    EXPECT_EQ(now.running, 1U);
    EXPECT_EQ(now.queued, 1U);
    EXPECT_EQ(now.done, 0U);
    EXPECT_EQ(now.refused, 1U);
    co_await sleep(2ms);
    gate.go.release();
    co_await running;
    co_await waiting;
    now = pool.metrics();
    EXPECT_EQ(now.queued, 0U);
    EXPECT_EQ(now.running, 0U);
    EXPECT_EQ(now.done, 2U);
    EXPECT_GE(now.longest_wait, 2ms);
  }), 0);
}

TEST(ThreadPool, UsesAnIdleThreadBeforeItStartsAnother) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    ThreadPool pool({.max = 4});
    for (int i = 0; i < 20; ++i) {
      co_await pool.defer([] {});
      while (pool.metrics().idle == 0) co_await sleep(1ms);  // it may still be on its way back
    }
    EXPECT_EQ(pool.metrics().threads, 1U);
    std::vector<std::unique_ptr<Gate>> gates;
    std::vector<Deferred<void>> jobs;
    for (int i = 0; i < 6; ++i) {
      auto& gate = *gates.emplace_back(std::make_unique<Gate>());
      jobs.push_back(pool.defer([&gate] { gate.pass(); }));
    }
    EXPECT_EQ(pool.metrics().threads, 4U);
    for (auto& gate : gates) gate->go.release();
    for (auto& job : jobs) co_await job;
  }), 0);
}

TEST(ThreadPool, ThreadsAboveTheMinimumEndWhenIdle) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    ThreadPool pool({.min = 1, .max = 3, .idle_timeout = 1ms});
    for (int round = 0; round < 2; ++round) {
      std::vector<std::unique_ptr<Gate>> gates;
      std::vector<Deferred<void>> jobs;
      for (int i = 0; i < 3; ++i) {
        auto& gate = *gates.emplace_back(std::make_unique<Gate>());
        jobs.push_back(pool.defer([&gate] { gate.pass(); }));
      }
      EXPECT_EQ(pool.metrics().threads, 3U);
      for (auto& gate : gates) gate->go.release();
      for (auto& job : jobs) co_await job;
      while (pool.metrics().threads > 1) co_await sleep(1ms);
    }
    co_await sleep(5ms);
    EXPECT_EQ(pool.metrics().threads, 1U);
    EXPECT_EQ(pool.metrics().idle, 1U);
  }), 0);
}

// Both ways of letting a running job go, and the end of the reactor, ask it to stop.
TEST(ThreadPool, AJobThatTakesAStopTokenIsAskedToStop) {
  for (const bool dropped : {true, false}) {
    EXPECT_EQ(run([dropped](this auto) -> Deferred<void> {
      ThreadPool pool({.max = 1});
      std::binary_semaphore begun{0};
      std::atomic<bool> stopped = false;
      std::optional job = pool.defer([&](std::stop_token stop) {
        begun.release();
        while (!stop.stop_requested()) std::this_thread::yield();
        stopped = true;
      });
      begun.acquire();
      if (dropped) {
        job.reset();
      } else {
        job->cancel();
        EXPECT_TRUE((co_await as_outcome(*std::move(job))).error().template check<Cancelled>());
      }
      EXPECT_EQ(co_await pool.defer([](std::stop_token stop) { return stop.stop_requested(); }), false);
      EXPECT_TRUE(stopped);
    }), 0);
  }
}

TEST(ThreadPool, WhatNobodyWantsDiesOnTheReactorsThread) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    Gate gate;
    ThreadPool pool({.max = 1});
    std::thread::id value_died, function_died;
    const auto witness = [](std::thread::id& died) {
      return std::shared_ptr<int>(new int, [&died](int* p) {
        died = std::this_thread::get_id();
        delete p;
      });
    };
    std::optional job = pool.defer([&, held = witness(function_died)] {
      gate.pass();
      return witness(value_died);
    });
    gate.begun.acquire();
    job.reset();
    gate.go.release();
    co_await pool.defer([] {});  // comes home behind it
    EXPECT_EQ(value_died, std::this_thread::get_id());
    EXPECT_EQ(function_died, std::this_thread::get_id());
  }), 0);
}

TEST(ThreadPool, JobsFailWithReactorStoppedWhileTheLoopStillTurns) {
  Gate gate;
  std::atomic<bool> stopped = false;
  ThreadPool pool({.max = 1});
  Reactor reactor;
  std::string ends;
  std::optional<Deferred<void>> all;
  reactor.call_when_running([&] {
    const auto wait = [&](Deferred<void> job, char name) {
      return std::move(job).then_outcome([&ends, &reactor, name](Outcome<void> outcome) {
        EXPECT_TRUE(outcome.error().check<ReactorStopped>());
        EXPECT_EQ(Reactor::current(), &reactor);
        ends += name;
      });
    };
    wait(pool.defer([&](std::stop_token stop) {
      gate.begun.release();
      while (!stop.stop_requested()) std::this_thread::yield();
      stopped = true;
      gate.go.acquire();
    }), 'r').detach();
    wait(pool.defer([] { ADD_FAILURE() << "began after the reactor had stopped"; }), 'q').detach();
    gate.begun.acquire();
    reactor.stop();
  });
  reactor.run();
  EXPECT_EQ(ends, "rq");
  gate.go.release();
  // It runs again, and so does the pool.
  reactor.call_when_running([&] {
    pool.defer([] {}).then([&] { reactor.stop(); }).detach();
  });
  reactor.run();
  EXPECT_TRUE(stopped);
}

TEST(ThreadPool, AJobMayOutliveItsReactorAndTheDeferredToo) {
  Gate gate;
  ThreadPool pool({.max = 1});
  std::optional<Deferred<void>> running, queued;
  {
    Reactor reactor;
    reactor.call_when_running([&] {
      running.emplace(pool.defer([&](std::stop_token) { gate.pass(); }));
      queued.emplace(pool.defer([] {}));
      gate.begun.acquire();
      reactor.crash();  // tells nobody
    });
    reactor.run();
  }
  gate.go.release();
  EXPECT_TRUE(running->pending());
  EXPECT_TRUE(queued->pending());
}

TEST(ThreadPool, SeveralReactorsShareOne) {
  ThreadPool pool({.max = 2});
  const auto use = [&] {
    EXPECT_EQ(run([&](this auto) -> Deferred<void> {
      const auto here = std::this_thread::get_id();
      for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(co_await pool.defer([i] { return i; }), i);
        EXPECT_EQ(std::this_thread::get_id(), here);
      }
    }), 0);
  };
  std::thread other(use);
  use();
  other.join();
  EXPECT_EQ(pool.metrics().done, 200U);
}

// Takes the jobs away after each number of turns: nothing runs, leaks or is lost.
TEST(ThreadPool, MayLoseItsClientsAtAnyMoment) {
  for (int turns = 0; turns < 12; ++turns) {
    for (const bool dropped : {true, false}) {
      EXPECT_EQ(run([turns, dropped](this auto) -> Deferred<void> {
        ThreadPool pool({.max = 2});
        bool gone = false;
        std::optional<TaskSet> clients(std::in_place);
        for (int i = 0; i < 4; ++i) {
          clients->spawn([](ThreadPool& pool, bool& gone) -> Deferred<void> {
            for (;;) {
              co_await pool.defer([](std::stop_token) { return std::string(40, 'x'); });
              EXPECT_FALSE(gone);
            }
          }(pool, gone));
        }
        for (int i = 0; i < turns; ++i) co_await sleep(0ms);
        auto ended = dropped ? succeed() : clients->cancel();
        if (dropped) clients.reset();
        gone = true;
        co_await ended;
        co_await sleep(1ms);
      }), 0);
    }
  }
}

TEST(ThreadPool, ATaskOnManyThreadsStaysInOrder) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    ThreadPool pool({.max = 8});
    std::atomic<int> ran = 0;
    std::vector<Deferred<int>> jobs;
    for (int i = 0; i < 1000; ++i) {
      jobs.push_back(pool.defer([&, i] {
        ++ran;
        return i;
      }));
    }
    for (int i = 0; i < 1000; ++i) EXPECT_EQ(co_await jobs[static_cast<std::size_t>(i)], i);
    EXPECT_EQ(ran, 1000);
  }), 0);
}

TEST(ThreadPool, JobsAreListedWithTheirPoolAndWhetherTheyRun) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    ThreadPool pool({.name = "disk", .max = 1});
    std::binary_semaphore go{0}, begun{0};
    auto first = pool.defer([&] {
      begun.release();
      go.acquire();
    });
    begun.acquire();
    auto second = defer_to_pool(pool, [] {});
    const auto tasks = Reactor::current()->tasks();
    EXPECT_EQ(tasks.size(), 2U);
    if (tasks.size() == 2) {
      EXPECT_EQ(tasks[0].kind, "a job of pool \"disk\"");
      EXPECT_NE(tasks[0].text().find("waits for its end on a thread"), std::string::npos) << tasks[0].text();
      EXPECT_NE(tasks[1].text().find("waits for a free thread"), std::string::npos) << tasks[1].text();
      EXPECT_NE(tasks[1].text().find("thread_pool_test.cpp:"), std::string::npos) << tasks[1].text();
    }
    go.release();
    co_await std::move(first);
    co_await std::move(second);
    for (const auto& task : Reactor::current()->tasks()) EXPECT_FALSE(task.kind.starts_with("a job")) << task.text();
  }), 0);
}

TEST(ThreadPoolDeathTest, DestroyingItInAJobIsExplained) {
  const auto destroy = [] {
    run([]() -> Deferred<void> {
      auto pool = std::make_unique<ThreadPool>(ThreadPoolOptions{.name = "mine"});
      auto& it = *pool;
      co_await it.defer([&] { pool.reset(); });
    });
  };
  EXPECT_DEATH(destroy(), "pool .mine. was destroyed by a job");
}

TEST(ThreadPoolDeathTest, AskingWithoutAReactorIsExplained) {
  const auto ask = [] {
    ThreadPool pool;
    pool.defer([] {}).detach();
  };
  EXPECT_DEATH(ask(), "a thread pool needs a running reactor");
}

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
