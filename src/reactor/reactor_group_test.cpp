#include <torc/reactor/reactor_group.hpp>

#include <torc/async/coroutine.hpp>
#include <torc/async/timing.hpp>

#include <gtest/gtest.h>

#include <sched.h>
#include <sys/resource.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace torc {
namespace {

using namespace std::chrono_literals;

template <class Body>
void on_home(Body body) {
  Reactor reactor;
  bool ended = false;
  Deferred<void> running = succeed();
  reactor.call_when_running([&] {
    running = with_timeout(20s, body()).then_outcome([&](Outcome<void> outcome) {
      if (!outcome) ADD_FAILURE() << outcome.error().report();
      ended = true;
      reactor.stop();
    });
  });
  reactor.run();
  EXPECT_TRUE(ended);
}

std::size_t entries(const char* folder) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator(folder)) ++count;
  return count;
}

TEST(ReactorGroup, CallsRunOnTheThreadOfTheirReactorAndComeHome) {
  on_home([]() -> Deferred<void> {
    ReactorGroup group{{.reactors = 3}};
    std::set<std::thread::id> threads{std::this_thread::get_id()};
    const auto home = std::this_thread::get_id();
    for (std::size_t i = 0; i < group.size(); ++i) {
      const auto told = co_await group.call(i, [&group] { return std::pair(std::this_thread::get_id(), group.here()); });
      EXPECT_EQ(told.second, i);
      EXPECT_EQ(std::this_thread::get_id(), home);
      threads.insert(told.first);
    }
    EXPECT_EQ(threads.size(), 4u);
    EXPECT_EQ(group.here(), std::nullopt);
    EXPECT_EQ(co_await group.call(1, []() -> Deferred<std::string> {
      co_await sleep(1ms);
      co_return "later";
    }), "later");
    co_await group.call(2, [] {});
    auto failed = co_await as_outcome(group.call(0, []() -> int { throw std::runtime_error("no"); }));
    EXPECT_TRUE(failed.error().check<std::runtime_error>());
  });
}

TEST(ReactorGroup, HasAsManyReactorsAsThereAreProcessors) {
  cpu_set_t set;
  ASSERT_EQ(::sched_getaffinity(0, sizeof set, &set), 0);
  EXPECT_EQ(ReactorGroup().size(), static_cast<std::size_t>(CPU_COUNT(&set)));
}

TEST(ReactorGroup, PinnedThreadsStayOnOneProcessor) {
  on_home([]() -> Deferred<void> {
    ReactorGroup group{{.reactors = 2, .pin = true}};
    for (std::size_t i = 0; i < group.size(); ++i) {
      EXPECT_EQ(co_await group.call(i, [] {
        cpu_set_t set;
        ::sched_getaffinity(0, sizeof set, &set);
        return CPU_COUNT(&set);
      }), 1);
    }
  });
}

TEST(ReactorGroup, ReactorsOfAGroupCallEachOther) {
  on_home([]() -> Deferred<void> {
    ReactorGroup group{{.reactors = 2}};
    EXPECT_EQ(co_await group.call(0, [&group] { return group.call(1, [&group] { return group.here(); }); }), 1u);
  });
}

TEST(ReactorGroup, DroppingACallDropsWhatItBegan) {
  on_home([]() -> Deferred<void> {
    ReactorGroup group{{.reactors = 1}};
    auto dropped = std::make_shared<std::atomic<bool>>(false);
    struct Witness {
      std::shared_ptr<std::atomic<bool>> dropped;
      ~Witness() { *dropped = true; }
    };
    std::optional call = group.call(0, [dropped]() { return [](auto witness) -> Deferred<void> {
      const Witness inside{std::move(witness)};
      co_await sleep(1h);
    }(dropped); });
    co_await group.call(0, [] {});  // it has begun
    EXPECT_FALSE(*dropped);
    call.reset();
    co_await group.call(0, [] {});
    EXPECT_TRUE(*dropped);
  });
}

TEST(ReactorGroup, CancellingACallWaitsUntilItHasEndedThere) {
  on_home([]() -> Deferred<void> {
    ReactorGroup group{{.reactors = 1}};
    std::atomic<bool> cleaned = false;
    auto call = group.call(0, [&cleaned]() { return [](std::atomic<bool>& cleaned) -> Deferred<void> {
      auto cancelled = co_await as_outcome(sleep(1h));
      co_await shield(5s, sleep(2ms));
      cleaned = true;
      cancelled.value();
    }(cleaned); });
    co_await group.call(0, [] {});
    call.cancel();
    auto ended = co_await as_outcome(std::move(call));
    EXPECT_TRUE(ended.error().check<Cancelled>());
    EXPECT_TRUE(cleaned);
  });
}

TEST(ReactorGroup, OneThatStopsLeavesTheOthers) {
  on_home([]() -> Deferred<void> {
    ReactorGroup group{{.reactors = 2}};
    auto pending = group.call(0, [] { return sleep(1h); });
    auto fired = group.call(0, []() -> Deferred<int> {
      co_await sleep(1h);
      co_return 1;
    });
    group.stop(0);
    EXPECT_FALSE((co_await as_outcome(std::move(pending))).has_value());
    EXPECT_FALSE((co_await as_outcome(std::move(fired))).has_value());
    while (group.serving(0)) co_await sleep(1ms);
    auto late = co_await as_outcome(group.call(0, [] { return 1; }));
    EXPECT_FALSE(late.has_value());
    EXPECT_TRUE(late.error().check<ReactorStopped>());
    EXPECT_TRUE(group.serving(1));
    EXPECT_EQ(co_await group.call(1, [] { return 7; }), 7);
  });
}

TEST(ReactorGroup, WhatACallbackThrowsLeavesItsReactorRunning) {
  on_home([]() -> Deferred<void> {
    ReactorGroup group{{.reactors = 1}};
    group.door(0)->call([] { throw std::runtime_error("nobody catches this"); });
    EXPECT_EQ(co_await group.call(0, [] { return 7; }), 7);
  });
}

TEST(ReactorGroup, ClosesWithoutBlocking) {
  on_home([]() -> Deferred<void> {
    ReactorGroup group{{.reactors = 2}};
    std::optional pending = group.call(1, [] { return sleep(1h); });
    co_await group.close();
    EXPECT_FALSE(group.serving(0));
    EXPECT_FALSE(group.serving(1));
    EXPECT_FALSE((co_await as_outcome(*std::move(pending))).has_value());
    co_await group.close();
  });
}

TEST(ReactorGroup, TheHomeMayStopWithCallsPending) {
  ReactorGroup group{{.reactors = 2}};
  std::vector<Deferred<void>> calls;
  {
    Reactor home;
    home.call_when_running([&] {
      calls.push_back(group.call(0, [] { return sleep(1h); }));
      calls.push_back(group.call(1, [] {}));
      home.stop();
    });
    home.run();
    ASSERT_EQ(calls.size(), 2u);
    EXPECT_TRUE(calls[0].take().error().check<ReactorStopped>());
    if (calls[1].fired()) std::ignore = calls[1].take();
    calls.clear();
  }
}

TEST(ReactorGroup, OneThatCannotBeMadeLeavesNothing) {
  { const ReactorGroup warm{{.reactors = 1}}; }
  const std::size_t threads = entries("/proc/self/task");
  const std::size_t files = entries("/proc/self/fd");
  rlimit before;
  ::getrlimit(RLIMIT_NOFILE, &before);
  const rlimit few{files + 8, before.rlim_max};  // enough for some of them
  ::setrlimit(RLIMIT_NOFILE, &few);
  EXPECT_THROW(ReactorGroup({.reactors = 40}), SystemError);
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(entries("/proc/self/task"), threads);
  EXPECT_EQ(entries("/proc/self/fd"), files);
}

TEST(ReactorGroupDeathTest, RefusesToEndOnItsOwnThread) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        auto* group = new ReactorGroup({.reactors = 1});
        group->door(0)->call([group] { delete group; });
        std::this_thread::sleep_for(20s);
      },
      "destroyed on one of its own threads");
}

}  // namespace
}  // namespace torc
