// A reactor inside each of the loops that can host one.
#include "host/test_loops.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/async/promise.hpp>
#include <torc/async/timing.hpp>
#include <torc/base/log.hpp>
#include <torc/endpoint/listen.hpp>
#include <torc/net/port.hpp>
#include <torc/net/stream.hpp>
#include <torc/reactor/hosting.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

namespace torc {
namespace {

using namespace std::chrono_literals;

class Hosted : public ::testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<testing::HostLoop> loop = testing::make_host_loop(GetParam());
};
INSTANTIATE_TEST_SUITE_P(Loops, Hosted, ::testing::ValuesIn(testing::host_loops()),
                         [](const auto& tested) { return tested.param; });

std::ptrdiff_t threads() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/task"), std::filesystem::directory_iterator());
}

// Counts the turns of a reactor.
struct Turns final : detail::BeforeSleep {
  explicit Turns(Reactor& reactor) { reactor.call_before_sleep(*this); }
  void before_sleep() noexcept override { ++count; }
  int count = 0;
};

Deferred<void> echo(Stream s) {
  while (auto chunk = co_await s.read_some()) co_await s.write(*chunk);
}

Deferred<void> round_trips(int count) {
  auto port = co_await listen("tcp:0:address=127.0.0.1", echo);
  auto stream = co_await connect("tcp:127.0.0.1:" + std::to_string(port.address().port()));
  const std::string message(100'000, 'x');
  for (int i = 0; i < count; ++i) {
    co_await stream.write(message);
    EXPECT_EQ(co_await stream.read_exactly(message.size()), message);
    co_await sleep(1ms);
  }
}

TEST_P(Hosted, RunsCallsAndTimersInOrder) {
  Reactor reactor;
  std::string order;
  reactor.call_when_running([&] {
    order += 'a';
    EXPECT_EQ(Reactor::current(), &reactor);
    EXPECT_TRUE(reactor.running());
    reactor.call_when_running([&] { order += 'b'; });
  });
  auto second = reactor.call_later(20ms, [&] { order += 'd'; });
  auto first = reactor.call_later(10ms, [&] { order += 'c'; });
  loop->attach(reactor);
  EXPECT_EQ(order, "");
  EXPECT_TRUE(loop->run_until([&] { return order.size() == 4; }));
  EXPECT_EQ(order, "abcd");
  loop->detach();
  EXPECT_FALSE(reactor.running());
}

TEST_P(Hosted, ServesSocketsBesideTheHostsOwnTimers) {
  Reactor reactor;
  loop->attach(reactor);
  bool timer = false;
  std::optional<Deferred<void>> trips;
  loop->after(1ms, [&] { timer = true; });
  reactor.call_when_running([&] { trips = round_trips(20); });
  EXPECT_TRUE(loop->run_until([&] { return timer && trips && trips->fired(); }));
  EXPECT_TRUE(trips->take());
}

TEST_P(Hosted, ACallFromAThreadWakesTheHost) {
  Reactor reactor;
  loop->attach(reactor);
  int calls = 0;
  for (int i = 0; i < 20; ++i) {
    std::thread other([&] { reactor.call_from_thread([&] { ++calls; }); });
    EXPECT_TRUE(loop->run_until([&] { return calls == i + 1; }));
    other.join();
  }
}

TEST_P(Hosted, CodeOfTheHostWakesTheReactor) {
  Reactor reactor;
  loop->attach(reactor);
  Turns turns(reactor);
  EXPECT_TRUE(loop->run_until([&] { return turns.count > 0; }));

  std::string order;
  DelayedCall timer;
  loop->after(1ms, [&] { timer = reactor.call_later(1ms, [&] { order += 't'; }); });
  EXPECT_TRUE(loop->run_until([&] { return order == "t"; }));
  loop->after(1ms, [&] { reactor.call_when_running([&] { order += 'c'; }); });
  EXPECT_TRUE(loop->run_until([&] { return order == "tc"; }));

  // A destructor runs nobody (rule 4), so what it leaves has to wake the loop.
  std::optional<Promise<void>> promise;
  std::optional<Deferred<void>> waiting;
  reactor.call_when_running([&] {
    auto [deferred, ours] = make_deferred<void>();
    promise = std::move(ours);
    waiting = std::move(deferred).recover<BrokenPromise>([&](const BrokenPromise&) { order += 'p'; });
  });
  EXPECT_TRUE(loop->run_until([&] { return promise.has_value(); }));
  loop->after(5ms, [&] {
    promise.reset();
    EXPECT_EQ(order, "tc");
  });
  EXPECT_TRUE(loop->run_until([&] { return order == "tcp"; }));
}

TEST_P(Hosted, SleepsWhileNothingIsToBeDoneAndStartsNoThread) {
  const auto before = threads();
  Reactor reactor({.stall_limit = Duration::zero()});  // the watchdog has one, for the whole process
  loop->attach(reactor);
  Turns turns(reactor);
  auto far = reactor.call_later(1h, [] {});
  bool settled = false, over = false;
  loop->after(20ms, [&] { settled = true; });
  EXPECT_TRUE(loop->run_until([&] { return settled; }));
  EXPECT_EQ(threads(), before);
  const int turned = turns.count, rounds = loop->rounds;
  loop->after(200ms, [&] { over = true; });
  EXPECT_TRUE(loop->run_until([&] { return over; }));
  EXPECT_LE(turns.count - turned, 1);
  EXPECT_LE(loop->rounds - rounds, 4);
}

TEST_P(Hosted, ATimerCostsTheHostAFewRoundsHoweverFarItIs) {
  Reactor reactor;
  loop->attach(reactor);
  bool fired = false;
  auto timer = reactor.call_later(300ms, [&] { fired = true; });
  EXPECT_TRUE(loop->run_until([&] { return fired; }));
  EXPECT_LE(loop->rounds, 12);
}

TEST_P(Hosted, StopEndsInOrderAndTellsTheHost) {
  for (const bool inside : {true, false}) {
    Reactor reactor;
    bool stopped = false, cancelled = false;
    std::optional<Deferred<void>> sleeping;
    loop->attach(reactor, [&] {
      EXPECT_TRUE(cancelled);
      EXPECT_FALSE(reactor.running());
      stopped = true;
    });
    reactor.call_when_running([&] {
      sleeping = sleep(1h);
      [](bool& ended) -> Deferred<void> {
        (void)co_await as_outcome(until_cancelled());
        co_await shield(1s, [](bool& ended) -> Deferred<void> {
          auto [deferred, promise] = make_deferred<void>();
          auto later = Reactor::current()->call_later(5ms, [&] { promise.set_value(); });
          co_await deferred;
          ended = true;
        }(ended));
      }(cancelled)
                             .detach();
      if (inside) reactor.stop();
    });
    if (!inside) loop->after(5ms, [&] { reactor.stop(); });
    EXPECT_TRUE(loop->run_until([&] { return stopped; }));
    ASSERT_TRUE(sleeping->fired());
    EXPECT_TRUE(sleeping->take().error().check<ReactorStopped>());
    loop->detach();
  }
}

TEST_P(Hosted, MayBeHostedAgainAndRunByItself) {
  Reactor reactor;
  int ends = 0;
  for (int i = 0; i < 3; ++i) {
    loop->attach(reactor, [&] { ++ends; });
    reactor.call_when_running([&] { reactor.stop(); });
    EXPECT_TRUE(loop->run_until([&] { return ends == i + 1; }));
    loop->detach();
  }
  bool ran = false;
  reactor.call_when_running([&] {
    ran = true;
    reactor.stop();
  });
  reactor.run();
  EXPECT_TRUE(ran);
}

TEST_P(Hosted, DetachingLeavesWhatIsPending) {
  Reactor reactor;
  loop->attach(reactor);
  bool detached = false, fired = false;
  auto timer = reactor.call_later(20ms, [&] {
    fired = true;
    reactor.stop();
  });
  reactor.call_when_running([&] {
    loop->detach();  // inside its own dispatch
    detached = true;
  });
  EXPECT_TRUE(loop->run_until([&] { return detached; }));
  EXPECT_FALSE(reactor.running());
  reactor.run();
  EXPECT_TRUE(fired);
}

TEST_P(Hosted, ACallbackThatThrowsIsLoggedAndTheHostGoesOn) {
  auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope{captured};
  Reactor reactor;
  loop->attach(reactor);
  bool after = false;
  reactor.call_when_running([] { throw std::runtime_error("oops"); });
  auto call = reactor.call_later(1ms, [] { throw std::runtime_error("later oops"); });
  auto last = reactor.call_later(2ms, [&] { after = true; });
  EXPECT_TRUE(loop->run_until([&] { return after; }));
  EXPECT_TRUE(captured->contains("oops"));
  EXPECT_TRUE(captured->contains("later oops"));
}

TEST_P(Hosted, AHostRunByACallbackNeitherReentersNorSpins) {
  if (!loop->nests()) GTEST_SKIP() << GetParam() << " cannot be run by its own callback";
  Reactor reactor;
  loop->attach(reactor);
  bool inside = false, again = false, over = false;
  int rounds = 0;
  reactor.call_when_running([&] {
    inside = true;
    reactor.call_when_running([&] {
      EXPECT_FALSE(inside);
      again = true;
    });
    reactor.call_from_thread([] {});
    loop->after(50ms, [&] { over = true; });
    rounds = loop->rounds;
    EXPECT_TRUE(loop->run_until([&] { return over; }));
    rounds = loop->rounds - rounds;
    inside = false;
  });
  EXPECT_TRUE(loop->run_until([&] { return again; }));
  EXPECT_LE(rounds, 4);
}

TEST_P(Hosted, DestroyedAfterAnyRoundNothingIsCalledAnyMore) {
  for (const bool reactor_first : {false, true}) {
    bool finished = false;
    for (int step = 0; !finished && step < 400; ++step) {
      loop = testing::make_host_loop(GetParam());
      auto reactor = std::make_unique<Reactor>();
      bool alive = true, told = false;
      std::optional<Deferred<void>> trips;
      loop->attach(*reactor, [&] { told = true; });
      reactor->call_when_running([&] { trips = round_trips(2); });
      DelayedCall ticking;
      auto tick = [&, r = reactor.get()](this const auto& self) -> void {
        EXPECT_TRUE(alive);
        ticking = r->call_later(1ms, self);
      };
      ticking = reactor->call_later(1ms, tick);
      EXPECT_TRUE(loop->run_until([&] { return loop->rounds >= step; }));
      finished = trips && trips->fired();
      alive = false;
      if (reactor_first) {
        trips.reset();
        reactor.reset();
        EXPECT_TRUE(told);
        loop->detach();
      } else {
        loop->detach();
        trips.reset();
        reactor.reset();
        EXPECT_FALSE(told);
      }
      bool after = false;
      loop->after(1ms, [&] { after = true; });
      EXPECT_TRUE(loop->run_until([&] { return after; }));
    }
    EXPECT_TRUE(finished);
  }
}

TEST(HostedDeathTest, AReactorThatRunsIsRefused) {
  EXPECT_DEATH(
      {
        Reactor reactor;
        const Hosting one(reactor);
        const Hosting two(reactor);
      },
      "given to a host while it runs, or is hosted already");
  EXPECT_DEATH(
      {
        Reactor reactor;
        const Hosting one(reactor);
        reactor.run();
      },
      "Reactor::run\\(\\) was called while");
}

TEST(HostedDeathTest, AReactorDestroyedByItsOwnWorkIsRefused) {
  EXPECT_DEATH(
      {
        auto reactor = std::make_unique<Reactor>();
        Hosting hosting(*reactor);
        reactor->call_when_running([&] { reactor.reset(); });
        hosting.dispatch();
      },
      "destroyed by its own work");
}

TEST(Hosting, MayBeDestroyedByItsEnd) {
  Reactor reactor;
  std::optional<Hosting> hosting;
  hosting.emplace(reactor, [&] { hosting.reset(); });
  reactor.stop();
  for (int i = 0; hosting && i < 10; ++i) hosting->dispatch();
  EXPECT_FALSE(hosting);
}

}  // namespace
}  // namespace torc
