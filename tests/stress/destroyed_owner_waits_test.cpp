// Owners of waits, combined in every way, that go away at any moment.
#include "tests/stress/every_moment.hpp"

#include <torc/async/cancel_scope.hpp>
#include <torc/async/channel.hpp>
#include <torc/async/deadline.hpp>
#include <torc/async/fork.hpp>
#include <torc/async/race.hpp>
#include <torc/async/retry.hpp>
#include <torc/async/select.hpp>
#include <torc/async/stop_token.hpp>

namespace torc::stress {
namespace {

TEST(DestroyedOwner, Sleep) {
  at_every_moment([](World& world) -> Deferred<void> {
    for (int i = 0; i < 2; ++i) {
      world.step();
      co_await sleep(1ms);
    }
  });
}

TEST(DestroyedOwner, GatherWithTimeoutAndShield) {
  at_every_moment([](World& world) -> Deferred<void> {
    std::vector<Deferred<int>> good, bad;
    for (int i = 0; i < 4; ++i) good.push_back(slow(world, i));
    co_await gather(std::move(good));
    for (int i = 0; i < 4; ++i) bad.push_back(i == 2 ? failing(world, i) : with_timeout(1s, slow(world, 2 * i)));
    static_cast<void>(co_await as_outcome(gather(std::move(bad))));
    static_cast<void>(co_await as_outcome(with_timeout(1ms, until_cancelled())));
    co_await shield(1s, slow(world, 3).then([](int) {}));
    co_await slow(world, 3).then([&](int n) { return slow(world, n); }).then([](int) {}).finally([&] {
      return slow(world, 2).then([](int) {});
    });
  });
}

TEST(DestroyedOwner, TaskSetAndTaskGroup) {
  at_every_moment([](World& world) -> Deferred<void> {
    TaskSet set([&](Failure) { world.step(); });
    TaskGroup group;
    for (int i = 0; i < 4; ++i) {
      set.spawn(i == 2 ? failing(world, i) : slow(world, i));
      group.spawn(slow(world, i));
    }
    co_await group.join();
    co_await set.join();
    group.spawn(failing(world, 2));
    group.spawn(slow(world, 5));
    static_cast<void>(co_await as_outcome(group.join()));
    set.spawn(slow(world, 5));
    co_await set.cancel();
    set.spawn(slow(world, 5));
    group.spawn(slow(world, 5));
  });
}

TEST(DestroyedOwner, RaceAndSelect) {
  at_every_moment([](World& world) -> Deferred<void> {
    std::vector<Deferred<int>> racing, selected;
    racing.push_back(failing(world, 1));
    racing.push_back(slow(world, 3));
    racing.push_back(slow(world, 6));
    co_await race(std::move(racing));
    world.step();
    selected.push_back(slow(world, 4));
    selected.push_back(failing(world, 2));
    selected.push_back(until_cancelled().then([] { return 0; }));
    static_cast<void>(co_await select(std::move(selected)));
    world.step();
  });
}

TEST(DestroyedOwner, Fork) {
  at_every_moment([](World& world) -> Deferred<void> {
    auto shared = fork(slow(world, 4));
    auto given_up = shared.get();
    auto one = shared.get().then([&](int n) { return slow(world, n); });
    auto other = with_timeout(1s, shared.get());
    co_await world.turn();
    given_up.cancel();
    co_await gather(std::move(one), std::move(other));
    world.step();
    EXPECT_EQ(co_await shared.get(), 4);
  });
}

TEST(DestroyedOwner, Retry) {
  at_every_moment([](World& world) -> Deferred<void> {
    int attempts = 0;
    co_await retry({.attempts = 4, .initial_delay = 1ms, .factor = 1}, [&] {
      world.step();
      return ++attempts < 3 ? failing(world, attempts) : slow(world, 2);
    });
    world.step();
    static_cast<void>(co_await as_outcome(retry({.attempts = 2, .initial_delay = 1ms}, [&] { return failing(world, 1); })));
  });
}

TEST(DestroyedOwner, CancelScopeAndStopToken) {
  at_every_moment([](World& world) -> Deferred<void> {
    CancelScope scope;
    auto first = scope.wrap(slow(world, 9));
    auto second = scope.wrap(until_cancelled());
    std::stop_source stop;
    auto third = with_stop_token(stop.get_token(), slow(world, 9));
    co_await slow(world, 2);
    scope.cancel();
    world.step();
    static_cast<void>(co_await as_outcome(std::move(first)));
    static_cast<void>(co_await as_outcome(std::move(second)));
    stop.request_stop();
    world.step();
    static_cast<void>(co_await as_outcome(std::move(third)));
    co_await with_stop_token(stop.get_token(), slow(world, 2)).then_outcome([](Outcome<int>) {});
  });
}

TEST(DestroyedOwner, Deadlines) {
  at_every_moment([](World& world) -> Deferred<void> {
    TaskSet set([&](Failure) { world.step(); });
    co_await with_deadline(1s, [&] {
      set.spawn(slow(world, 3));
      return with_deadline(2s, [&] { return slow(world, 2); });
    });
    world.step();
    static_cast<void>(co_await as_outcome(with_deadline(2ms, [&] {
      set.spawn(until_cancelled());
      until_cancelled().detach();
      return until_cancelled();
    })));
    world.step();
    co_await set.join();
  });
}

TEST(DestroyedOwner, ValuesThatAWrapperGivesBack) {
  at_every_moment([](World& world) -> Deferred<void> {
    Channel<int> channel;
    CancelScope scope;
    auto untaken = scope.wrap(with_timeout(1s, channel.receive()));
    auto next = channel.next();
    co_await world.turn();
    channel.send(1).detach();
    channel.send(2).detach();
    world.step();
    { const auto dropped = std::move(untaken); }
    static_cast<void>(co_await as_outcome(std::move(next)));
    static_cast<void>(co_await as_outcome(with_timeout(1s, channel.receive())));
    world.step();
  });
}

inline constexpr ContextKey<int> kDepth("depth");

Deferred<void> in_scopes(World& world, int depth) {
  const ContextScope scope(kDepth, depth);
  world.step();
  co_await world.turn();
  if (depth < 4) co_await in_scopes(world, depth + 1);
  world.step();
  co_await world.turn();
  EXPECT_EQ(*Context::current().get(kDepth), depth);
}

TEST(DestroyedOwner, ContextScope) {
  at_every_moment([](World& world) -> Deferred<void> {
    co_await gather(in_scopes(world, 2), in_scopes(world, 1));
    EXPECT_TRUE(Context::current().empty());
  });
}

}  // namespace
}  // namespace torc::stress
