#include <torc/reactor/thread_pool.hpp>

#include "reactor/test_gate.hpp"

#include <torc/async/context.hpp>
#include <torc/async/coroutine.hpp>
#include <torc/async/future.hpp>
#include <torc/async/task_set.hpp>
#include <torc/async/tasks.hpp>
#include <torc/async/timing.hpp>
#include <torc/base/log.hpp>
#include <torc/reactor/run.hpp>
#include <torc/reactor/threads.hpp>

#include <gtest/gtest.h>

#include <pthread.h>

#include <atomic>
#include <csignal>
#include <future>
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
    co_await sleep(1ms);  // into a turn that begins behind the wait: a sleep counts from the turn's time
    co_await sleep(2ms);
    gate.go.release();
    co_await running;
    co_await waiting;
    now = pool.metrics();
    EXPECT_EQ(now.queued, 0U);
    EXPECT_EQ(now.running, 0U);
    EXPECT_EQ(now.done, 2U);
    EXPECT_GE(now.longest_wait, 1ms);
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

// A job on `pool` that waits for what `begin` gives, and says that it began.
void run_a_job_that_waits(ThreadPool& pool, std::future<void> future, std::atomic<bool>& released) {
  auto begun = std::make_shared<std::binary_semaphore>(0);
  pool.defer([future = std::move(future), &released, begun]() mutable {
    begun->release();
    EXPECT_THROW(future.get(), std::future_error);
    released = true;
  }).detach();
  begun->acquire();
}

TEST(ThreadPool, AThreadThatWaitsForAFutureIsReleasedWhenTheReactorGoes) {
  std::atomic<bool> released = false;
  {
    Reactor reactor;
    reactor.call_when_running([&] {
      run_a_job_that_waits(reactor.thread_pool(), to_future(until_cancelled()), released);
      reactor.crash();
    });
    reactor.run();
  }
  EXPECT_TRUE(released);
}

TEST(ThreadPool, AThreadThatWaitsForAFutureIsReleasedBeforeTheServiceThatHasThePoolGoes) {
  std::atomic<bool> released = false;
  {
    struct Pools {
      ThreadPool pool{{.name = "service"}};
    };
    Reactor reactor;
    reactor.call_when_running([&] {
      run_a_job_that_waits(reactor.service<Pools>().pool, to_future(until_cancelled()), released);
      reactor.crash();
    });
    reactor.run();
  }
  EXPECT_TRUE(released);
}

TEST(ThreadPool, AThreadThatWaitsForACallThatIsNeverMadeIsReleased) {
  std::atomic<int> released = 0;
  {
    Reactor reactor;
    reactor.call_when_running([&] {
      for (const bool late : {false, true}) {
        auto begun = std::make_shared<std::binary_semaphore>(0);
        reactor.thread_pool().defer([&, late, begun] {
          if (late) begun->release();  // this one may call when the reactor is about to wait for its threads
          std::packaged_task<void()> task([] {});
          auto done = task.get_future();
          reactor.call_from_thread(std::move(task));
          if (!late) begun->release();
          EXPECT_THROW(done.get(), std::future_error);
          ++released;
        }).detach();
        begun->acquire();
      }
      reactor.crash();
    });
    reactor.run();
  }
  EXPECT_EQ(released, 2);
}

TEST(ThreadPool, SaysSoWhenItsEndWaitsForLong) {
  const auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope{captured};
  EXPECT_EQ(run([&](this auto) -> Deferred<void> {
    ThreadPool pool({.name = "slow"});
    auto begun = std::make_shared<std::binary_semaphore>(0);
    pool.defer([&, begun] {
      begun->release();
      while (captured->text().find("the thread pool \"slow\" is being destroyed") == std::string::npos) {
        std::this_thread::sleep_for(1ms);
      }
    }).detach();
    begun->acquire();
    co_return;
  }), 0);
  EXPECT_NE(captured->text().find("waits for 1 jobs that run"), std::string::npos);
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

}  // namespace
}  // namespace torc
