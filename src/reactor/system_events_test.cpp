#include <torc/reactor/system_events.hpp>

#include <torc/async/context.hpp>
#include <torc/async/coroutine.hpp>
#include <torc/async/promise.hpp>
#include <torc/async/timing.hpp>
#include <torc/async/yield.hpp>
#include <torc/base/log.hpp>
#include <torc/reactor/background_reactor.hpp>
#include <torc/reactor/hosting.hpp>
#include <torc/reactor/reactor.hpp>
#include <torc/reactor/run.hpp>
#include <torc/reactor/thread_pool.hpp>
#include <torc/reactor/threads.hpp>

#include <gtest/gtest.h>

#include <poll.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace torc {
namespace {

using namespace std::chrono_literals;

constexpr SystemEvent kReload{"reload"};

TEST(SystemEvents, PhasesComeInOrderAndATriggerAtEachFiring) {
  SystemEvents events;
  std::string order;
  const Trigger after = events.add_trigger(Phase::kAfter, kReload, [&] { order += "f "; });
  const Trigger during = events.add_trigger(Phase::kDuring, kReload, [&] { order += "d "; });
  const Trigger first = events.add_trigger(Phase::kBefore, kReload, [&] { order += "b1 "; });
  const Trigger second = events.add_trigger(Phase::kBefore, SystemEvent{"reload"}, [&] { order += "b2 "; });
  const Trigger other = events.add_trigger(Phase::kBefore, kShutdown, [&] { order += "never "; });
  EXPECT_TRUE(events.fire(kReload).fired());
  EXPECT_EQ(order, "b1 b2 d f ");
  EXPECT_TRUE(events.fire(kReload).fired());
  EXPECT_EQ(order, "b1 b2 d f b1 b2 d f ");
}

TEST(SystemEvents, WhatTheFirstPhaseGivesIsWaitedForTogether) {
  SystemEvents events;
  std::string order;
  auto [one, one_ends] = make_deferred<void>();
  auto [two, two_ends] = make_deferred<void>();
  const Trigger first = events.add_trigger(Phase::kBefore, kReload, [&] { return std::move(one); });
  const Trigger second = events.add_trigger(Phase::kBefore, kReload, [&] { return std::move(two); });
  const Trigger during = events.add_trigger(Phase::kDuring, kReload, [&] { order += "d"; });
  Deferred<void> fired = events.fire(kReload);
  two_ends.set_value();
  EXPECT_EQ(order, "");
  EXPECT_TRUE(fired.pending());
  one_ends.set_value();
  EXPECT_EQ(order, "d");
  EXPECT_TRUE(fired.fired());
}

TEST(SystemEvents, ATriggerThatFailsIsReportedAndTheOthersGoOn) {
  auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope{captured};
  SystemEvents events;
  int called = 0;
  const Trigger throws = events.add_trigger(Phase::kBefore, kReload, [] { throw std::runtime_error("thrown"); });
  const Trigger fails = events.add_trigger(Phase::kBefore, kReload, [] { return fail(std::runtime_error("given")); });
  const Trigger last = events.add_trigger(Phase::kBefore, kReload, [&] { ++called; });
  const Trigger during = events.add_trigger(Phase::kDuring, kReload, [&] { ++called; });
  EXPECT_TRUE(events.fire(kReload).fired());
  EXPECT_EQ(called, 2);
  EXPECT_TRUE(captured->contains("thrown"));
  EXPECT_TRUE(captured->contains("given"));
  EXPECT_TRUE(captured->contains("a trigger of 'reload' (added at"));
}

TEST(SystemEvents, DroppingATriggerTakesItBackAlsoWhileTheEventIsFired) {
  SystemEvents events;
  std::string order;
  std::optional<Trigger> itself, next;
  itself = events.add_trigger(Phase::kBefore, kReload, [&] {
    order += "a";
    next.reset();
    itself.reset();
    order += "a";
  });
  next = events.add_trigger(Phase::kBefore, kReload, [&] { order += "never"; });
  const Trigger last = events.add_trigger(Phase::kBefore, kReload, [&] { order += "b"; });
  EXPECT_TRUE(events.fire(kReload).fired());
  EXPECT_TRUE(events.fire(kReload).fired());
  EXPECT_EQ(order, "aabb");
}

TEST(SystemEvents, OneAddedWhileTheEventIsFiredTakesPartUnlessItsPhaseHasEnded) {
  SystemEvents events;
  std::string order;
  std::vector<Trigger> added;
  auto [wait, ends] = make_deferred<void>();
  added.reserve(8);
  added.push_back(events.add_trigger(Phase::kBefore, kReload, [&] { return std::move(wait); }));
  added.push_back(events.add_trigger(Phase::kDuring, kReload, [&] {
    order += "d ";
    added.push_back(events.add_trigger(Phase::kBefore, kReload, [&] { order += "late "; }));
    added.push_back(events.add_trigger(Phase::kDuring, kReload, [&] { order += "d2 "; }));
    added.push_back(events.add_trigger(Phase::kAfter, kReload, [&] { order += "f "; }));
  }));
  Deferred<void> fired = events.fire(kReload);
  auto [more, more_ends] = make_deferred<void>();
  added.push_back(events.add_trigger(Phase::kBefore, kReload, [&] {
    order += "b2 ";
    return std::move(more);
  }));
  ends.set_value();
  EXPECT_EQ(order, "b2 ");  // and is waited for as well
  more_ends.set_value();
  EXPECT_TRUE(fired.fired());
  EXPECT_EQ(order, "b2 d d2 f ");
}

TEST(SystemEvents, DroppingAFiringDropsItsWaits) {
  SystemEvents events;
  auto [wait, ends] = make_deferred<void>();
  bool went_on = false;
  const Trigger first = events.add_trigger(Phase::kBefore, kReload, [&] { return std::move(wait); });
  const Trigger during = events.add_trigger(Phase::kDuring, kReload, [&] { went_on = true; });
  std::optional fired = events.fire(kReload);
  EXPECT_TRUE(ends.wanted());
  fired.reset();
  EXPECT_FALSE(ends.wanted());
  EXPECT_FALSE(went_on);
}

TEST(SystemEvents, MayBeDestroyedByATriggerAndBeforeItsHandles) {
  std::optional<SystemEvents> events(std::in_place);
  int called = 0;
  events->add_trigger(Phase::kBefore, kReload, [&] { ++called; }).detach();
  Trigger destroys = events->add_trigger(Phase::kBefore, kReload, [&] {
    ++called;
    events.reset();
  });
  Trigger never = events->add_trigger(Phase::kBefore, kReload, [&] { called += 100; });
  EXPECT_TRUE(events->fire(kReload).fired());
  EXPECT_EQ(called, 2);
  never.detach();
  destroys = {};
}

TEST(SystemEvents, KeepTheContextTheyWereAddedIn) {
  static const ContextKey<int> key{"number"};
  SystemEvents events;
  int seen = 0;
  std::optional<Trigger> trigger;
  {
    const ContextScope scope(Context::current().with(key, 7));
    trigger = events.add_trigger(Phase::kDuring, kReload, [&] { seen = *Context::current().get(key); });
  }
  EXPECT_TRUE(events.fire(kReload).fired());
  EXPECT_EQ(seen, 7);
}

TEST(ReactorEvents, StartupComesInFrontOfTheFirstCalls) {
  Reactor reactor;
  std::string order;
  reactor.call_when_running([&] {
    order += "call ";
    reactor.stop();
  });
  const Trigger after = reactor.add_trigger(Phase::kAfter, kStartup, [&] { order += "after "; });
  const Trigger before = reactor.add_trigger(Phase::kBefore, kStartup, [&] {
    EXPECT_EQ(Reactor::current(), &reactor);
    order += "before ";
  });
  reactor.run();
  EXPECT_EQ(order, "before after call ");
}

TEST(ReactorEvents, AStopEndsAStartupThatWaits) {
  Reactor reactor;
  bool dropped = false, went_on = false;
  auto [wait, ends] = make_deferred<void>();
  ends.on_cancel([&]() noexcept { dropped = true; });
  const Trigger before = reactor.add_trigger(Phase::kBefore, kStartup, [&] { return std::move(wait); });
  const Trigger during = reactor.add_trigger(Phase::kDuring, kStartup, [&] { went_on = true; });
  reactor.call_when_running([&] { reactor.stop(); });
  reactor.run();
  EXPECT_TRUE(dropped);
  EXPECT_FALSE(went_on);
}

Deferred<void> works_still(std::string& order) {
  co_await sleep(1ms);
  co_await defer_to_thread([] {});
  order += "before ";
}

Deferred<void> nap(std::string& order) {
  try {
    co_await sleep(1h);
  } catch (const Cancelled&) {
    order += "cancelled ";
    throw;
  }
}

TEST(ReactorEvents, ShutdownRunsBeforeWhileEverythingWorksAndAfterWhenAllIsOver) {
  for (int round = 0; round < 2; ++round) {
    Reactor reactor;
    std::string order;
    const Trigger after = reactor.add_trigger(Phase::kAfter, kShutdown, [&] { order += "after "; });
    const Trigger before = reactor.add_trigger(Phase::kBefore, kShutdown, [&] { return works_still(order); });
    const Trigger during = reactor.add_trigger(Phase::kDuring, kShutdown, [&] { order += "during "; });
    reactor.call_when_running([&] {
      nap(order).detach();
      reactor.stop();
      reactor.stop();
    });
    reactor.run();
    EXPECT_EQ(order, "before during cancelled after ");
    reactor.call_when_running([&] { reactor.crash(); });
    reactor.run();  // a crash fires none
    EXPECT_EQ(order, "before during cancelled after ");
    reactor.call_when_running([&] { reactor.stop(); });
    reactor.run();
    EXPECT_EQ(order, "before during cancelled after before during after ");
  }
}

Deferred<void> takes_an_hour() { co_await sleep(1h); }

TEST(ReactorEvents, TheLimitCutsTheWaitAndNamesTheTrigger) {
  auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope{captured};
  Reactor reactor({.shutdown_limit = 5ms});
  std::string order;
  const Trigger quick = reactor.add_trigger(Phase::kBefore, kShutdown, [&] { order += "quick "; });
  const Trigger slow = reactor.add_trigger(Phase::kBefore, kShutdown, [] { return takes_an_hour(); });
  const int line = __LINE__ - 1;
  const Trigger during = reactor.add_trigger(Phase::kDuring, kShutdown, [&] { order += "during "; });
  const Trigger after = reactor.add_trigger(Phase::kAfter, kShutdown, [&] { order += "after "; });
  reactor.call_when_running([&] { reactor.stop(); });
  reactor.run();
  EXPECT_EQ(order, "quick during after ");
  EXPECT_TRUE(captured->contains("system_events_test.cpp:" + std::to_string(line) + ") had not ended after 5 ms"));
}

TEST(ReactorEvents, AfterComesAlsoWhenTheBackgroundDidNotEndInTime) {
  auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope{captured};
  bool after_came = false;
  {
    Reactor reactor({.shutdown_limit = 5ms});
    const Trigger after = reactor.add_trigger(Phase::kAfter, kShutdown, [&] { after_came = true; });
    reactor.call_when_running([&] {
      shield(1h, takes_an_hour()).detach();
      reactor.stop();
    });
    reactor.run();
  }
  EXPECT_TRUE(after_came);
}

// Takes its time to clean up when it is cancelled.
Deferred<void> cleans_up(bool& cleaned) {
  static_cast<void>(co_await as_outcome(until_cancelled()));
  co_await shield(1h, sleep(20ms));
  cleaned = true;
}

TEST(ReactorEvents, OneLimitBoundsTheWholeOfStopping) {
  auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope{captured};
  for (const bool slow : {false, true}) {
    bool cleaned = false;
    Reactor reactor({.shutdown_limit = slow ? 50ms : 10s});
    const Trigger before =
        reactor.add_trigger(Phase::kBefore, kShutdown, [&] { return slow ? takes_an_hour() : succeed(); });
    reactor.call_when_running([&] {
      cleans_up(cleaned).detach();
      reactor.stop();
    });
    reactor.run();
    EXPECT_NE(cleaned, slow);  // the slow trigger has left nothing of the limit
  }
}

TEST(ReactorEvents, ACrashInATriggerLeavesAtOnce) {
  for (const Phase phase : {Phase::kBefore, Phase::kDuring}) {
    Reactor reactor;
    bool went_on = false;
    const Trigger crashes = reactor.add_trigger(phase, kShutdown, [&] { reactor.crash(); });
    const Trigger after = reactor.add_trigger(Phase::kAfter, kShutdown, [&] { went_on = true; });
    reactor.call_when_running([&] { reactor.stop(); });
    reactor.run();
    EXPECT_FALSE(went_on);
  }
}

TEST(ReactorEvents, ComeToAHostedReactorToo) {
  Reactor reactor({.backend = Backend::kEpoll});
  std::string order;
  const Trigger startup = reactor.add_trigger(Phase::kDuring, kStartup, [&] { order += "startup "; });
  const Trigger before = reactor.add_trigger(Phase::kBefore, kShutdown, [&] { return works_still(order); });
  const Trigger during = reactor.add_trigger(Phase::kDuring, kShutdown, [&] { order += "during "; });
  const Trigger after = reactor.add_trigger(Phase::kAfter, kShutdown, [&] { order += "after "; });
  bool ended = false;
  Hosting hosting(reactor, [&] { ended = true; });
  const auto dispatch_until = [&](auto done) {
    while (!done()) {
      pollfd wait{.fd = hosting.fd(), .events = POLLIN, .revents = 0};
      ASSERT_EQ(::poll(&wait, 1, 10'000), 1);
      hosting.dispatch();
    }
  };
  dispatch_until([&] { return order == "startup "; });
  reactor.stop();
  dispatch_until([&] { return ended; });
  EXPECT_EQ(order, "startup before during after ");
}

TEST(ReactorEvents, ATriggerMayDestroyTheHosting) {
  for (const Phase phase : {Phase::kBefore, Phase::kDuring, Phase::kAfter}) {
    Reactor reactor({.backend = Backend::kEpoll});
    std::optional<Hosting> hosting;
    const Trigger destroys = reactor.add_trigger(phase, kShutdown, [&] { hosting.reset(); });
    hosting.emplace(reactor);
    reactor.stop();
    for (int i = 0; i < 10 && hosting; ++i) hosting->dispatch();
    EXPECT_FALSE(hosting);
    EXPECT_FALSE(reactor.running());
  }
}

TEST(ReactorEvents, ComeToABackgroundReactorToo) {
  std::string order;
  {
    BackgroundReactor background;
    background
        .call([&] {
          Reactor& reactor = Reactor::required("a test");
          reactor.add_trigger(Phase::kBefore, kShutdown, [&] { return works_still(order); }).detach();
          reactor.add_trigger(Phase::kAfter, kShutdown, [&] { order += "after "; }).detach();
        })
        .wait(10s);
  }
  EXPECT_EQ(order, "before after ");
}

std::string main_order;

Deferred<int> main_with_triggers() {
  Reactor& reactor = Reactor::required("a test");
  reactor.add_trigger(Phase::kBefore, kShutdown, [] { return works_still(main_order); }).detach();
  reactor.add_trigger(Phase::kAfter, kShutdown, [] { main_order += "after "; }).detach();
  co_await yield();
  main_order += "main ";
  co_return 3;
}

TEST(ReactorEvents, ComeBehindTheMainOfRun) {
  main_order.clear();
  EXPECT_EQ(run(main_with_triggers), 3);
  EXPECT_EQ(main_order, "main before after ");
}

// Destroy the owner at every step.
TEST(ReactorEvents, DroppingTheReactorWhileAShutdownWaits) {
  for (int turns = 0; turns < 6; ++turns) {
    std::string order;
    std::optional<Reactor> reactor(ReactorOptions{.backend = Backend::kEpoll});
    const Trigger before = reactor->add_trigger(Phase::kBefore, kShutdown, [&] { return works_still(order); });
    {
      Hosting hosting(*reactor);
      reactor->stop();
      for (int i = 0; i < turns; ++i) hosting.dispatch();
    }
    reactor.reset();
    EXPECT_FALSE(order.ends_with("after "));
  }
}

}  // namespace
}  // namespace torc
