// Owners of long work, generators, loops and of those who wait in line, that go away at any moment.
#include "tests/stress/every_moment.hpp"

#include <torc/async/barrier.hpp>
#include <torc/async/condition.hpp>
#include <torc/async/event.hpp>
#include <torc/async/lock.hpp>
#include <torc/async/priority_queue.hpp>
#include <torc/async/queue.hpp>
#include <torc/async/semaphore.hpp>

namespace torc::stress {
namespace {

Steps count(World& world, int steps) {
  for (int i = 0; i < steps; ++i) {
    world.step();
    if (i % 3 == 1) {
      co_yield world.turn();
    } else {
      co_yield {};
    }
  }
}

TEST(DestroyedOwner, CooperativeTasks) {
  at_every_moment([](World& world) -> Deferred<void> {
    Cooperator cooperator({.steps = 2});
    auto first = cooperator.cooperate(count(world, 6));
    auto paused = cooperator.cooperate(count(world, 3));
    auto stopped = cooperator.cooperate(count(world, 1000));
    auto shared = cooperate(count(world, 4));
    paused.pause();
    co_await world.turn();
    auto end = stopped.when_done();
    stopped.stop();
    world.step();
    static_cast<void>(co_await as_outcome(std::move(end)));
    co_await first.when_done();
    world.step();
    paused.resume();
    auto both = gather(paused.when_done(), paused.when_done());
    co_await std::move(both);
    co_await shared.when_done();
    auto last = cooperator.cooperate(count(world, 5));
    co_await world.turn();
    cooperator.stop();
    world.step();
  });
}

TEST(DestroyedOwner, ATaskOfACooperatorThatEnds) {
  at_every_moment([](World& world) -> Deferred<void> {
    auto cooperator = std::make_unique<Cooperator>(CooperatorOptions{.steps = 1});
    auto task = cooperator->cooperate(count(world, 100));
    auto idle = cooperator->cooperate(count(world, 100));
    idle.pause();
    for (int i = 0; i < 4; ++i) co_await world.turn();
    auto done = task.when_done();
    cooperator.reset();
    world.step();
    static_cast<void>(co_await as_outcome(std::move(done)));
    static_cast<void>(co_await as_outcome(idle.when_done()));
    world.step();
  });
}

AsyncGenerator<int> numbers(World& world, int to) {
  for (int i = 0; i < to; ++i) {
    world.step();
    if (i % 2) co_await world.turn();
    world.step();
    co_yield i;
  }
}
AsyncGenerator<int> twice(World& world, AsyncGenerator<int> each) {
  while (auto number = co_await each.next()) {
    co_yield *number;
    world.step();
    co_await world.turn();
    co_yield *number;
  }
}

TEST(DestroyedOwner, AsyncGenerators) {
  at_every_moment([](World& world) -> Deferred<void> {
    auto all = twice(world, numbers(world, 4));
    int count = 0;
    while (auto number = co_await all.next()) {
      world.step();
      ++count;
    }
    EXPECT_EQ(count, 8);
    auto cut = numbers(world, 4);
    co_await cut.next();
    {
      const auto dropped = cut.next();
      world.step();
    }
    world.step();
    auto pending = cut.next();
    co_await world.turn();
    const auto gone = std::move(cut);
  });
}

TEST(DestroyedOwner, LoopingCalls) {
  at_every_moment([](World& world) -> Deferred<void> {
    LoopingCall plain([&world] { world.step(); });
    LoopingCall waiting([&world] { return slow(world, 2).then([](int) {}); });
    LoopingCall bad([&world] { return failing(world, 1).then([](int) {}); });
    plain.start(0ms);
    waiting.start(1ms);
    bad.start(1ms, false);
    for (int i = 0; i < 3; ++i) co_await world.turn();
    plain.reset();
    static_cast<void>(co_await as_outcome(bad.stopped()));
    world.step();
    auto stopped = waiting.stopped();
    waiting.stop();
    plain.stop();
    world.step();
    co_await std::move(stopped);
  });
}

// Those who wait in line hold what they wait for: a step may take the case's frame away, and code that runs on until
// its next wait may use only what it holds itself.
template <class T>
using Held = std::shared_ptr<T>;

// Takes the lock and the permit, and waits inside.
Deferred<void> in_turn(World& world, Held<Lock> lock, Held<Semaphore> semaphore) {
  const auto permit = co_await semaphore->acquire();
  world.step();
  const auto guard = co_await lock->acquire();
  world.step();
  co_await world.turn();
}

TEST(DestroyedOwner, LocksAndSemaphores) {
  at_every_moment([](World& world) -> Deferred<void> {
    const auto semaphore = std::make_shared<Semaphore>(2);
    const auto lock = std::make_shared<Lock>();
    std::vector<Deferred<void>> all;
    for (int i = 0; i < 5; ++i) all.push_back(in_turn(world, lock, semaphore));
    co_await world.turn();
    all[3].cancel();
    static_cast<void>(co_await gather_outcomes(std::move(all)));
    world.step();
  });
}

Deferred<void> notified(World& world, Held<Lock> lock, Held<Condition> condition) {
  auto guard = co_await lock->acquire();
  guard = co_await condition->wait(std::move(guard));
  world.step();
  co_await world.turn();
}

TEST(DestroyedOwner, ConditionsEventsAndBarriers) {
  at_every_moment([](World& world) -> Deferred<void> {
    const auto lock = std::make_shared<Lock>();
    const auto condition = std::make_shared<Condition>();
    auto first = notified(world, lock, condition);
    auto second = notified(world, lock, condition);
    auto third = notified(world, lock, condition);
    world.step();
    condition->notify_one();
    world.step();
    condition->notify_all();
    co_await gather(std::move(first), std::move(second), std::move(third));

    const auto event = std::make_shared<Event>();
    const auto barrier = std::make_shared<Barrier>(3);
    std::vector<Deferred<void>> all;
    for (int i = 0; i < 3; ++i) {
      all.push_back([](World& world, Held<Event> event, Held<Barrier> barrier) -> Deferred<void> {
        co_await event->wait();
        world.step();
        co_await barrier->wait();
        world.step();
      }(world, event, barrier));
    }
    co_await world.turn();
    event->set();
    co_await gather(std::move(all));
  });
}

template <class Kind>
Deferred<void> through(World& world) {
  const auto queue = std::make_shared<Kind>(QueueLimits{.size = 2});
  auto producer = [](World& world, Held<Kind> queue) -> Deferred<void> {
    for (int i = 0; i < 6; ++i) {
      co_await queue->push(i);
      world.step();
      if (i % 2) co_await world.turn();
    }
  }(world, queue);
  auto consumer = [](World& world, Held<Kind> queue) -> Deferred<void> {
    for (int i = 0; i < 3; ++i) {
      co_await world.turn();
      co_await queue->get();
      world.step();
    }
  };
  auto one = consumer(world, queue);
  auto other = consumer(world, queue);
  co_await gather(std::move(producer), std::move(one), std::move(other));
  auto waits = queue->get();
  queue->close();
  static_cast<void>(co_await as_outcome(std::move(waits)));
  world.step();
}

TEST(DestroyedOwner, Queues) { at_every_moment(through<Queue<int>>); }
TEST(DestroyedOwner, PriorityQueues) { at_every_moment(through<PriorityQueue<int>>); }

}  // namespace
}  // namespace torc::stress
