// Owners of work on other threads that go away at any moment.
#include "tests/stress/every_moment.hpp"

#include <torc/async/future.hpp>
#include <torc/net/connect.hpp>
#include <torc/reactor/from_future.hpp>
#include <torc/reactor/thread_pool.hpp>

#include <future>
#include <stop_token>
#include <thread>

namespace torc::stress {
namespace {

TEST(DestroyedOwner, ThreadPoolAndLookup) {
  at_every_moment([](World& world) -> Deferred<void> {
    ThreadPool pool({.max = 2});
    std::vector<Deferred<int>> jobs;
    for (int i = 0; i < 4; ++i) jobs.push_back(pool.defer([i] { return i; }));
    world.step();
    co_await gather(std::move(jobs));
    world.step();
    static_cast<void>(co_await as_outcome(resolve("localhost", 80)));
    world.step();
  });
}


// Until the token says so. The job may outlive who asked for it: it holds nothing of the case.
int until_stopped(std::stop_token stop) {
  while (!stop.stop_requested()) std::this_thread::sleep_for(100us);
  return 0;
}

TEST(DestroyedOwner, JobsQueuedAndRunning) {
  at_every_moment([](World& world) -> Deferred<void> {
    ThreadPool pool({.max = 1});
    auto running = pool.defer(until_stopped);
    auto queued = pool.defer([] { return 1; });
    auto given_up = pool.defer([] { return 2; });
    co_await slow(world, 2);
    given_up.cancel();
    static_cast<void>(co_await as_outcome(std::move(given_up)));
    running.cancel();
    world.step();
    static_cast<void>(co_await as_outcome(std::move(running)));
    world.step();
    EXPECT_EQ(co_await std::move(queued), 1);
    world.step();
    co_await defer_to_pool(pool, [] { throw Error("as planned"); }).then_outcome([](Outcome<void>) {});
    world.step();
  });
}

TEST(DestroyedOwner, TheShortFormsOfThreads) {
  at_every_moment([](World& world) -> Deferred<void> {
    EXPECT_EQ(co_await defer_to_thread([] { return 7; }), 7);
    world.step();
    std::vector<std::move_only_function<void()>> functions;
    for (int i = 0; i < 3; ++i) functions.emplace_back([] { std::this_thread::sleep_for(100us); });
    co_await call_multiple_in_thread(std::move(functions));
    world.step();
    call_in_thread([] {});
    co_await defer_to_fiber([&world] {
      EXPECT_EQ(await(defer_to_thread([] { return 8; })), 8);
      world.step();
    });
    world.step();
  });
}

TEST(DestroyedOwner, Futures) {
  at_every_moment([](World& world) -> Deferred<void> {
    ThreadPool pool({.max = 1});
    std::promise<int> promise;
    auto number = from_future(pool, promise.get_future());
    co_await world.turn();
    world.step();
    promise.set_value(5);
    EXPECT_EQ(co_await std::move(number), 5);
    world.step();
    // Its thread blocks for this reactor: the pool must not be waited for here, or neither would go on.
    ThreadPool blocked({.max = 1, .wait_for_running = false});
    std::future<int> future = to_future(sleep(1ms).then([] { return 6; }));
    EXPECT_EQ(co_await from_future(blocked, std::move(future)), 6);
    world.step();
  });
}

// Called from a thread that blocks for what a peer does on the reactor.
TEST(DestroyedOwner, BlockingCallsFromAThread) {
  at_every_moment([](World& world) -> Deferred<void> {
    const auto ask = [reactor = Reactor::current()] {
      return blocking_call_from_thread(*reactor, 5s, [] { return sleep(1ms).then([] { return 9; }); });
    };
    world.step();
    EXPECT_EQ(co_await defer_to_thread(ask), 9);
    world.step();
  });
}

TEST(DestroyedOwner, ResultsOfABackgroundReactor) {
  at_every_moment([](World& world) -> Deferred<void> {
    BackgroundReactor background;
    auto slow_one = background.call([] { return sleep(2ms).then([] { return 1; }); });
    auto endless = background.call([] { return until_cancelled(); });
    auto dropped = std::make_unique<EventualResult<void>>(background.call([] { return until_cancelled(); }));
    auto bad = background.call([]() -> int { throw Error("as planned"); });
    while (!slow_one.ready() || !bad.ready()) {
      world.step();
      co_await sleep(1ms);
    }
    dropped.reset();
    EXPECT_TRUE(bad.original_failure());
    endless.cancel();
    world.step();
    while (!endless.ready()) co_await sleep(1ms);
    world.step();
  });
}

}  // namespace
}  // namespace torc::stress
