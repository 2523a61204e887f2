// Threads and pools: jobs, their results and their ends; once for each poller.
#include "suite/suite.hpp"

#include <torc/async/gather.hpp>
#include <torc/reactor/blocking_call.hpp>
#include <torc/reactor/threads.hpp>

#include <atomic>
#include <latch>
#include <mutex>
#include <set>
#include <stop_token>
#include <thread>

namespace {

using namespace contract;

LOOP_CASE(threads, "a job runs elsewhere and its result fires here") {
  const auto here = std::this_thread::get_id();
  const auto there = co_await defer_to_thread([] { return std::this_thread::get_id(); });
  EXPECT(there != here);
  EXPECT(std::this_thread::get_id() == here);
}
LOOP_CASE(threads, "a job may give what can only be moved") {
  auto got = co_await defer_to_thread([] { return std::make_unique<int>(7); });
  EXPECT_EQ(*got, 7);
}
LOOP_CASE(threads, "two jobs of one pool run at once") {
  ThreadPool pool{{.max = 2}};
  std::latch both(2);
  auto one = pool.defer([&] { both.arrive_and_wait(); });
  co_await pool.defer([&] { both.arrive_and_wait(); });
  co_await std::move(one);
}
LOOP_CASE(threads, "a pool of one runs its jobs in their order") {
  ThreadPool pool{{.max = 1}};
  std::string order;
  std::vector<Deferred<void>> jobs;
  for (char c = 'a'; c <= 'e'; ++c) jobs.push_back(pool.defer([&order, c] { order += c; }));
  co_await gather(std::move(jobs));
  EXPECT_EQ(order, "abcde");
}
LOOP_CASE(threads, "a pool has no more threads than it may") {
  ThreadPool pool{{.max = 3}};
  std::mutex mutex;
  std::set<std::thread::id> seen;
  std::vector<Deferred<void>> jobs;
  for (int i = 0; i < 60; ++i) {
    jobs.push_back(pool.defer([&] {
      const std::scoped_lock lock(mutex);
      seen.insert(std::this_thread::get_id());
    }));
  }
  co_await gather(std::move(jobs));
  EXPECT(seen.size() <= 3);
  EXPECT(pool.metrics().threads <= 3);
}
LOOP_CASE(threads, "more jobs than may wait are refused, by the pool's name") {
  ThreadPool pool{{.name = "narrow", .max = 1, .queue_limit = 1}};
  std::latch go(1);
  auto running = pool.defer([&] { go.wait(); });
  co_await until([&] { return pool.metrics().running == 1; });
  auto waiting = pool.defer([] {});
  auto refused = co_await as_outcome(pool.defer([] {}));
  go.count_down();
  EXPECT(refused.error().check<QueueFull>());
  EXPECT(refused.error().message().contains("narrow"));
  EXPECT_EQ(pool.metrics().refused, 1u);
  co_await std::move(running);
  co_await std::move(waiting);
}
LOOP_CASE(threads, "a job that waits and is dropped does not run") {
  ThreadPool pool{{.max = 1}};
  std::latch go(1);
  std::atomic<bool> ran = false;
  auto running = pool.defer([&] { go.wait(); });
  { auto dropped = pool.defer([&] { ran = true; }); }
  go.count_down();
  co_await std::move(running);
  co_await pool.defer([] {});
  EXPECT(!ran);
}
LOOP_CASE(threads, "a job that is cancelled while it waits says so") {
  ThreadPool pool{{.max = 1}};
  std::latch go(1);
  auto running = pool.defer([&] { go.wait(); });
  auto waiting = pool.defer([] {});
  waiting.cancel();
  auto outcome = co_await as_outcome(std::move(waiting));
  go.count_down();
  EXPECT(outcome.error().check<Cancelled>());
  co_await std::move(running);
}
LOOP_CASE(threads, "a job that runs is asked to stop when it is dropped") {
  std::atomic<bool> began = false, asked = false;
  {
    auto dropped = defer_to_thread([&](std::stop_token stop) {
      began = true;
      while (!stop.stop_requested()) std::this_thread::yield();
      asked = true;
    });
    co_await until([&] { return began.load(); });
  }
  co_await until([&] { return asked.load(); });
}
LOOP_CASE(threads, "the result of a dropped job dies on the loop's thread") {
  ThreadPool pool{{.max = 1}};
  std::thread::id died{};
  struct Dies {
    explicit Dies(std::thread::id* where) : where(where) {}
    Dies(Dies&& other) noexcept : where(std::exchange(other.where, nullptr)) {}
    ~Dies() {
      if (where) *where = std::this_thread::get_id();
    }
    std::thread::id* where;
  };
  std::latch go(1);
  {
    auto dropped = pool.defer([&] {
      go.wait();
      return Dies(&died);
    });
    co_await until([&] { return pool.metrics().running == 1; });
  }
  go.count_down();
  co_await until([&] { return died != std::thread::id(); });
  EXPECT(died == std::this_thread::get_id());
}
LOOP_CASE(threads, "a pool that is destroyed fails the jobs that wait") {
  auto pool = std::make_unique<ThreadPool>(ThreadPoolOptions{.max = 1});
  std::atomic<bool> began = false;
  auto running = pool->defer([&] {
    began = true;
    std::this_thread::sleep_for(50ms);
    return 5;
  });
  auto waiting = pool->defer([] {});
  co_await until([&] { return began.load(); });
  pool.reset();
  EXPECT((co_await as_outcome(std::move(waiting))).error().check<BrokenPromise>());
  EXPECT_EQ(co_await std::move(running), 5);
}
LOOP_CASE(threads, "functions for one thread run one after another until one throws") {
  std::string order;
  std::vector<std::move_only_function<void()>> functions;
  functions.push_back([&] { order += "a"; });
  functions.push_back([&] { throw Error("b"); });
  functions.push_back([&] { order += "c"; });
  auto outcome = co_await as_outcome(call_multiple_in_thread(std::move(functions)));
  EXPECT_EQ(outcome.error().message(), "b");
  EXPECT_EQ(order, "a");
}
LOOP_CASE(threads, "a job that nobody waits for is reported when it throws") {
  bed.expect_log(1);
  call_in_thread([] { throw Error("unheard"); });
  co_await until([&] { return bed.reactor.thread_pool().metrics().done > 0; });
}
LOOP_CASE(threads, "a thread may call here and wait for the answer") {
  const auto loop = std::this_thread::get_id();
  auto& reactor = bed.reactor;
  const bool here = co_await defer_to_thread([&] {
    return blocking_call_from_thread(reactor, 1s, [loop] { return std::this_thread::get_id() == loop; });
  });
  EXPECT(here);
}
LOOP_CASE(threads, "a thread that waits gets what the call threw") {
  auto& reactor = bed.reactor;
  auto outcome = co_await as_outcome(defer_to_thread([&] {
    blocking_call_from_thread(reactor, 1s, [] { throw Error("here"); });
  }));
  EXPECT_EQ(outcome.error().message(), "here");
}
LOOP_CASE(threads, "a thread may wait for something that takes its time") {
  auto& reactor = bed.reactor;
  EXPECT_EQ(co_await defer_to_thread([&] {
    return blocking_call_from_thread(reactor, 1s, [] { return sleep(3ms).then([] { return 9; }); });
  }), 9);
}
LOOP_CASE(threads, "a thread waits no longer than it said") {
  auto& reactor = bed.reactor;
  auto outcome = co_await as_outcome(defer_to_thread([&] {
    blocking_call_from_thread(reactor, 5ms, [] { return sleep(1h); });
  }));
  EXPECT(outcome.error().check<TimeoutError>());
}
LOOP_CASE(threads, "the loop turns while a job runs") {
  std::atomic<int> turns = 0;
  auto job = defer_to_thread([&] {
    while (turns < 20) std::this_thread::yield();
  });
  while (job.pending()) {
    ++turns;
    co_await sleep(0ms);
  }
  co_await std::move(job);
}
LOOP_CASE(threads, "a hundred jobs at once are all done") {
  std::vector<Deferred<int>> jobs;
  for (int i = 0; i < 100; ++i) jobs.push_back(defer_to_thread([i] { return i; }));
  const auto all = co_await gather(std::move(jobs));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(all[static_cast<std::size_t>(i)], i);
}
LOOP_CASE(threads, "the reactor's stop fails jobs that wait") {
  ThreadPool pool{{.max = 1, .wait_for_running = true}};
  std::latch go(1);
  auto running = pool.defer([&] { go.wait(); });
  auto told = pool.defer([] {}).then_outcome([](Outcome<void> outcome) {
    EXPECT((outcome.error().check<ReactorStopped, Cancelled>()));
  });
  bed.reactor.stop();
  auto outcome = co_await as_outcome(std::move(told));
  go.count_down();
  static_cast<void>(co_await as_outcome(std::move(running)));
}

}  // namespace
