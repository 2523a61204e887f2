#include <torc/async/coroutine.hpp>

#include "async/witness.hpp"

#include <torc/async/lock.hpp>
#include <torc/async/promise.hpp>
#include <torc/async/timing.hpp>
#include <torc/testing/clock.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace torc {
namespace {

using namespace std::chrono_literals;

Deferred<int> doubled(Deferred<int> input) { co_return 2 * co_await input; }

TEST(Coroutine, RunsToItsFirstPendingWaitThenOn) {
  auto [d, promise] = make_deferred<int>();
  auto result = doubled(std::move(d));
  EXPECT_TRUE(result.pending());
  promise.set_value(21);
  EXPECT_EQ(result.take().value(), 42);
}

TEST(Coroutine, ThrowsWhatItsWaitFailedWith) {
  auto result = doubled(fail<int>(TimeoutError("slow")));
  EXPECT_TRUE(result.take().error().check<TimeoutError>());
}

TEST(Coroutine, AsOutcomeDoesNotThrow) {
  auto body = [](Deferred<int> d) -> Deferred<bool> {
    auto outcome = co_await as_outcome(std::move(d));
    co_return outcome.has_value();
  };
  EXPECT_FALSE(body(fail<int>(TimeoutError("slow"))).take().value());
}

TEST(Coroutine, DroppingDestroysTheFrameLeafFirst) {
  std::string order;
  struct Letter {
    std::string& order;
    char letter;
    ~Letter() { order += letter; }
  };
  auto inner = [](std::string& o, Deferred<void> wait) -> Deferred<void> {
    const Letter letter{o, 'i'};
    co_await wait;
  };
  auto outer = [](std::string& o, Deferred<void> in) -> Deferred<void> {
    const Letter letter{o, 'o'};
    co_await in;
  };
  auto [d, promise] = make_deferred<void>();
  {
    auto task = outer(order, inner(order, std::move(d)));
    EXPECT_EQ(order, "");
  }
  EXPECT_EQ(order, "io");
  EXPECT_FALSE(promise.wanted());
}

TEST(Coroutine, MayDropItselfWhileItRuns) {
  int alive = 0;
  Deferred<void> self = succeed();
  auto body = [](int& alive, Deferred<void> start, Deferred<void>& self, Deferred<void> later) -> Deferred<void> {
    const Witness witness(alive);
    co_await start;
    self = succeed();           // drops us: torn down at the next wait
    EXPECT_EQ(alive, 1);        // our frame is still there
    co_await later;
    ADD_FAILURE() << "resumed after being dropped";
  };
  auto [start, go] = make_deferred<void>();
  auto [later, never] = make_deferred<void>();
  self = body(alive, std::move(start), self, std::move(later));
  go.set_value();
  EXPECT_EQ(alive, 0);
  EXPECT_FALSE(never.wanted());
}

TEST(Coroutine, MayDropTheOneThatWaitsForIt) {
  int alive = 0;
  std::unique_ptr<Deferred<void>> root;
  auto inner = [](int& alive, Deferred<void> start, std::unique_ptr<Deferred<void>>& root) -> Deferred<void> {
    const Witness witness(alive);
    co_await start;
    root.reset();
    EXPECT_EQ(alive, 2);  // both frames stay until we leave
  };
  auto [start, go] = make_deferred<void>();
  root = std::make_unique<Deferred<void>>(holds(alive, inner(alive, std::move(start), root)));
  EXPECT_EQ(alive, 2);
  go.set_value();
  EXPECT_EQ(alive, 0);
}

TEST(Coroutine, CancellingReachesTheInnermostWaitAndStays) {
  auto [d, promise] = make_deferred<void>();
  auto [second, again] = make_deferred<void>();
  int cancelled = 0;
  auto body = [](Deferred<void> first, Deferred<void> second, int& cancelled) -> Deferred<int> {
    for (auto* wait : {&first, &second}) {
      try {
        co_await *wait;
      } catch (const Cancelled&) {
        ++cancelled;
      }
    }
    co_return co_await succeed(7);  // what is ready is still delivered
  };
  auto task = body(std::move(d), std::move(second), cancelled);
  task.cancel();
  EXPECT_EQ(cancelled, 2);
  EXPECT_EQ(task.take().value(), 7);
  EXPECT_FALSE(promise.wanted());
  EXPECT_FALSE(again.wanted());
}

TEST(Coroutine, AMillionNestedWaitsAreDroppedWithoutRecursion) {
  auto [d, promise] = make_deferred<void>();
  auto wrap = [](Deferred<void> in) -> Deferred<void> { co_await in; };
  {
    Deferred<void> outermost = std::move(d);
    for (int i = 0; i < 1'000'000; ++i) outermost = wrap(std::move(outermost));
  }
  EXPECT_FALSE(promise.wanted());
}

TEST(Coroutine, ALoopOverReadyResultsLetsOthersRun) {
  testing::Clock clock;
  bool other = false;
  auto spin = [](bool& other) -> Deferred<int> {
    int rounds = 0;
    while (!other) rounds += co_await succeed(1);
    co_return rounds;
  };
  auto call = clock.call_later(0ms, [&] { other = true; });
  auto task = spin(other);
  clock.advance(0ms);
  EXPECT_GT(task.take().value(), 100);
}

TEST(Coroutine, ACapturingLambdaKeepsItsCapturesInTheFrame) {
  auto [d, promise] = make_deferred<void>();
  auto text = std::make_shared<std::string>("kept");
  auto task = [text](this auto self, Deferred<void> wait) -> Deferred<std::string> {
    co_await wait;
    co_return *self.text;
  };
  static_cast<void>(task);
  Deferred<std::string> result = [text](this auto, Deferred<void> wait) -> Deferred<std::string> {
    co_await wait;
    co_return *text;
  }(std::move(d));
  text.reset();
  promise.set_value();
  EXPECT_EQ(result.take().value(), "kept");
}

TEST(Coroutine, TwoThatHandALockToEachOtherForeverLetTheLoopTurn) {
  testing::Clock clock;
  Lock lock;
  bool stop = false;
  const auto worker = [](Lock& lock, const bool& stop) -> Deferred<void> {
    while (!stop) auto guard = co_await lock.acquire();
  };
  auto held = lock.acquire().take();
  auto a = worker(lock, stop), b = worker(lock, stop);
  held.value().release();
  clock.turn();  // comes back
  const auto timer = clock.call_later(1ms, [&] { stop = true; });
  clock.advance(1ms);
  clock.turn();
  EXPECT_TRUE(a.fired());
  EXPECT_TRUE(b.fired());
}

}  // namespace
}  // namespace torc
