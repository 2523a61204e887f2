// Owners of fibers and channels that go away at any moment.
#include "tests/stress/every_moment.hpp"

#include <torc/async/channel.hpp>
#include <torc/async/fork.hpp>
#include <torc/async/race.hpp>
#include <torc/async/retry.hpp>
#include <torc/async/select.hpp>

#include <stdexcept>

namespace torc::stress {
namespace {

// A wait in a fiber that is known to the case: a step, then a turn.
void turns(World& world, int count) {
  for (int i = 0; i < count; ++i) {
    world.step();
    await(world.turn());
  }
  world.step();
}

TEST(DestroyedOwner, FibersThatWait) {
  at_every_moment([](World& world) {
    return defer_to_fiber([&world] {
      turns(world, 2);
      await(sleep(1ms));
      world.step();
      static_cast<void>(await(as_outcome(failing(world, 2))));
      static_cast<void>(await(as_outcome(with_timeout(1ms, until_cancelled()))));
      world.step();
      for (int i = 0; i < 3; ++i) {
        await(yield());
        world.step();
      }
      await(shield(1s, slow(world, 2)));
    });
  });
}

// Each runs in one below it, down to a coroutine.
int nested(World& world, int depth) {
  turns(world, 1);
  if (depth == 0) return await(slow(world, 2));
  const int inner = await(defer_to_fiber([&] { return nested(world, depth - 1); }));
  world.step();
  return inner;
}

TEST(DestroyedOwner, NestedFibers) {
  at_every_moment([](World& world) -> Deferred<void> {
    EXPECT_EQ(co_await defer_to_fiber([&world] { return nested(world, 3); }), 2);
  });
}

TEST(DestroyedOwner, FibersThatWaitWhileTheyHandleAnError) {
  at_every_moment([](World& world) {
    return defer_to_fiber([&world] {
      try {
        await(failing(world, 1));
      } catch (const Error& error) {
        turns(world, 2);
        EXPECT_EQ(std::string(error.what()), "as planned");
        try {
          throw std::runtime_error("another");
        } catch (const std::runtime_error&) {
          turns(world, 1);
        }
      }
    });
  });
}

TEST(DestroyedOwner, FibersInCombinators) {
  at_every_moment([](World& world) -> Deferred<void> {
    const auto fiber = [&world](int count) {
      return defer_to_fiber([&world, count] {
        turns(world, count);
        return count;
      });
    };
    std::vector<Deferred<int>> gathered, racing, selected;
    for (int i = 0; i < 3; ++i) {
      gathered.push_back(fiber(i));
      racing.push_back(fiber(2 + i));
      selected.push_back(fiber(4 - i));
    }
    co_await gather(std::move(gathered));
    co_await race(std::move(racing));
    co_await select(std::move(selected));
    auto shared = fork(fiber(2));
    auto one = shared.get(), other = shared.get();
    co_await gather(std::move(one), std::move(other));
    co_await shield(1s, fiber(2));
    int attempts = 0;
    co_await retry({.attempts = 3, .initial_delay = 1ms}, [&] {
      return defer_to_fiber([&] {
        turns(world, 1);
        if (++attempts < 2) throw Error("as planned");
        return attempts;
      });
    });
  });
}

TEST(DestroyedOwner, FibersOfAGroup) {
  at_every_moment([](World& world) -> Deferred<void> {
    TaskGroup group;
    TaskSet set;
    for (int i = 0; i < 3; ++i) {
      group.spawn_fiber([&world, i] { turns(world, i); });
      set.spawn_fiber([&world, i] { turns(world, 2 * i); });
    }
    co_await group.join();
    world.step();
    co_await set.cancel();
    group.spawn_fiber([&world] { await(failing(world, 1)); });
    group.spawn_fiber([&world] { turns(world, 5); });
    static_cast<void>(co_await as_outcome(group.join()));
    group.spawn_fiber([&world] { turns(world, 5); });
  });
}

inline constexpr ContextKey<int> kDepth("depth");

void in_scopes(World& world, int depth) {
  const ContextScope scope(kDepth, depth);
  turns(world, 1);
  if (depth < 3) await(defer_to_fiber([&] { in_scopes(world, depth + 1); }));
  turns(world, 1);
  EXPECT_EQ(*Context::current().get(kDepth), depth);
}

TEST(DestroyedOwner, FibersWithAContextScope) {
  at_every_moment([](World& world) -> Deferred<void> {
    auto one = defer_to_fiber([&world] { in_scopes(world, 1); });
    auto other = defer_to_fiber([&world] { in_scopes(world, 2); });
    co_await gather(std::move(one), std::move(other));
    EXPECT_TRUE(Context::current().empty());
  });
}

TEST(DestroyedOwner, FibersThatServeConnections) {
  at_every_moment([](World& world) -> Deferred<void> {
    Port* port = co_await world.port(in_fiber([&world](Stream stream) {
      while (auto some = await(stream.read_some())) {
        world.peer_step();
        await(stream.write(*some));
      }
    }));
    Stream stream = co_await connect("tcp:" + port->address().str());
    for (int i = 0; i < 2; ++i) {
      world.step();
      co_await stream.write("hello");
      EXPECT_EQ(co_await stream.read_exactly(5), "hello");
    }
  });
}

// ---- channels

using Values = std::shared_ptr<Channel<std::unique_ptr<int>>>;

Deferred<void> send_values(World& world, Values channel) {
  for (int i = 0; i < 2; ++i) {
    world.step();
    co_await channel->send(std::make_unique<int>(i));
  }
  static_cast<void>(co_await as_outcome(channel->send_error(Failure(Error("as planned")))));
  std::vector<std::unique_ptr<int>> values;
  for (int i = 0; i < 3; ++i) values.push_back(std::make_unique<int>(i));
  EXPECT_EQ(co_await channel->send_all(std::move(values)), 3u);
  world.step();
}

// Senders and receivers in fibers and coroutines. Each holds the channel: a step takes the others' hold away, and
// code that runs on until its next wait may use only what it holds itself.
Deferred<void> meet(World& world, ChannelOptions options) {
  auto channel = std::make_shared<Channel<std::unique_ptr<int>>>(options);
  TaskGroup tasks;
  tasks.spawn_fiber([&world, channel] {
    for (int i = 0; i < 3; ++i) {
      await(channel->send(std::make_unique<int>(i)));
      turns(world, i % 2);
    }
  });
  tasks.spawn(send_values(world, channel));
  tasks.spawn_fiber([&world, channel] {
    for (int i = 0; i < 4; ++i) {
      static_cast<void>(await(as_outcome(channel->receive())));
      world.step();
    }
  });
  for (int i = 0; i < 5; ++i) {
    world.step();
    static_cast<void>(co_await as_outcome(channel->next()));
  }
  co_await tasks.join();
  tasks.spawn_fiber([&world, channel] {
    while (auto value = await(channel->next())) turns(world, 1);
  });
  co_await channel->send(std::make_unique<int>(7));
  {
    const auto given_up = channel->receive();
    world.step();
  }
  channel->close();
  world.step();
  co_await tasks.join();
}

TEST(DestroyedOwner, ChannelPreferringReceivers) {
  at_every_moment([](World& world) { return meet(world, {.preference = ChannelPreference::kReceiver}); });
}
TEST(DestroyedOwner, ChannelPreferringSenders) {
  at_every_moment([](World& world) { return meet(world, {.preference = ChannelPreference::kSender}); });
}
TEST(DestroyedOwner, ChannelWithoutPreference) {
  at_every_moment([](World& world) { return meet(world, {.preference = ChannelPreference::kNone}); });
}
TEST(DestroyedOwner, ChannelWithRoom) {
  at_every_moment([](World& world) { return meet(world, {.capacity = 2}); });
}

// The channel goes with the peers, while others wait at it.
TEST(DestroyedOwner, AChannelThatGoesFirst) {
  at_every_moment([](World& world) -> Deferred<void> {
    auto& channel = world.keep(std::make_unique<Channel<int>>());
    TaskGroup tasks;
    tasks.spawn_fiber([&world, channel = channel.get()] {
      const auto got = await(as_outcome(channel->receive()));
      world.step();
      EXPECT_TRUE(got || got.error().check<BrokenPromise>() || got.error().check<Cancelled>() ||
                  got.error().check<Deadlock>())
          << got.error().report();
    });
    co_await slow(world, 3);
    if (world.has_peers()) co_await channel->send(1);
    world.step();
    co_await tasks.join();
  });
}

}  // namespace
}  // namespace torc::stress
