// Turns of the loop: what comes first, what waits for the next one, what a stop does; once for each poller.
#include "suite/suite.hpp"

#include <torc/async/looping_call.hpp>
#include <torc/async/task_set.hpp>
#include <torc/async/yield.hpp>
#include <torc/reactor/signals.hpp>

#include <csignal>
#include <functional>

namespace {

using namespace contract;

LOOP_CASE(turns, "a timer that is due at once comes before a call of the next one") {
  std::string order;
  bed.reactor.call_later(0ms, [&] { order += "t"; }).detach();
  bed.reactor.call_when_running([&] { order += "c"; });
  co_await until([&] { return order.size() == 2; });
  EXPECT_EQ(order, "tc");
}
LOOP_CASE(turns, "time stands still within one") {
  const auto begin = bed.reactor.now();
  const auto until_then = std::chrono::steady_clock::now() + 2ms;
  while (std::chrono::steady_clock::now() < until_then) {
  }
  EXPECT(bed.reactor.now() == begin);
  EXPECT(bed.reactor.exact_now() - begin >= 2ms);
  co_return;
}
LOOP_CASE(turns, "a coroutine that yields lets calls be made") {
  bool called = false;
  bed.reactor.call_when_running([&] { called = true; });
  for (int i = 0; i < 1000 && !called; ++i) co_await yield();
  EXPECT(called);
}
LOOP_CASE(turns, "a loop over ready results lets timers fire") {
  bool fired = false;
  bed.reactor.call_later(1ms, [&] { fired = true; }).detach();
  while (!fired) co_await succeed();
}
LOOP_CASE(turns, "two that only yield go by turns") {
  std::string order;
  auto twice = [](std::string& order, char name) -> Deferred<void> {
    for (int i = 0; i < 3; ++i) {
      order += name;
      co_await yield();
    }
  };
  auto one = twice(order, 'a');
  co_await twice(order, 'b');
  co_await std::move(one);
  EXPECT_EQ(order, "ababab");
}
LOOP_CASE(turns, "the work that stops the reactor is finished") {
  bool finished = false;
  bed.reactor.call_when_running([&] {
    bed.reactor.stop();
    finished = true;
  });
  static_cast<void>(co_await as_outcome(sleep(1s)));
  EXPECT(finished);
  EXPECT(!bed.reactor.serving());
}
LOOP_CASE(turns, "a stop ends a sleep with its reason") {
  auto told = sleep(1h).then_outcome([](Outcome<void> outcome) {
    EXPECT((outcome.error().check<ReactorStopped, Cancelled>()));
  });
  bed.reactor.stop();
  co_await std::move(told);
}
LOOP_CASE(turns, "background work is cancelled by a stop and may clean up") {
  bool cleaned = false;
  [](bool& cleaned) -> Deferred<void> {
    static_cast<void>(co_await as_outcome(until_cancelled()));
    cleaned = true;
  }(cleaned).detach();
  bed.reactor.stop();
  static_cast<void>(co_await as_outcome(sleep(1s)));
  co_await shield(1s, [](bool& cleaned) -> Deferred<void> {
    while (!cleaned) co_await yield();
  }(cleaned));
  EXPECT(cleaned);
}
LOOP_CASE(turns, "a looping call that is slow does not overlap itself") {
  int running = 0, most = 0, calls = 0;
  LoopingCall loop([&](this auto) -> Deferred<void> {
    most = std::max(most, ++running);
    co_await sleep(3ms);
    --running;
    ++calls;
  });
  loop.start(1ms);
  co_await until([&] { return calls >= 3; });
  EXPECT_EQ(most, 1);
}
LOOP_CASE(turns, "a signal calls who watches it, on the loop") {
  int calls = 0;
  SignalWatch watch(bed.reactor, SIGUSR2, [&] { ++calls; });
  ::raise(SIGUSR2);
  co_await until([&] { return calls == 1; });
}
LOOP_CASE(turns, "two watch one signal and both are called") {
  std::string order;
  SignalWatch first(bed.reactor, SIGUSR2, [&] { order += "a"; });
  SignalWatch second(bed.reactor, SIGUSR2, [&] { order += "b"; });
  ::raise(SIGUSR2);
  co_await until([&] { return order.size() == 2; });
  EXPECT_EQ(order, "ab");
}
LOOP_CASE(turns, "a watch of a signal may destroy itself when it is called") {
  std::optional<SignalWatch> watch;
  watch.emplace(bed.reactor, SIGUSR2, [&] { watch.reset(); });
  ::raise(SIGUSR2);
  co_await until([&] { return !watch; });
}
LOOP_CASE(turns, "tasks are listed while they wait and not afterwards") {
  TaskSet tasks;
  const auto before = bed.reactor.tasks().size();
  tasks.spawn(sleep(2ms));
  EXPECT_EQ(bed.reactor.tasks().size(), before + 1);
  co_await tasks.join();
  EXPECT_EQ(bed.reactor.tasks().size(), before);
}
LOOP_CASE(turns, "a timer may be set and dropped ten thousand times") {
  for (int i = 0; i < 10'000; ++i) auto dropped = bed.reactor.call_later(1h, [] {});
  co_await sleep(1ms);
}

}  // namespace
