// Owners of groups of reactors and of their ports that go away at any moment.
#include "tests/stress/every_moment.hpp"

#include <torc/endpoint/group_listen.hpp>

namespace torc::stress {
namespace {

// Echoes lines; moves to the other reactor when told to.
Deferred<void> wander(GroupShare& here, Stream s) {
  while (auto line = co_await s.read_line()) {
    if (*line == "move") co_return co_await here.move(std::move(s), 1 - here.index());
    co_await s.write(*line + '\n');
  }
}

Deferred<void> used(World& world, Spread spread) {
  ReactorGroup group{{.reactors = 2}};
  world.step();
  auto port = co_await listen(group, kAnywhere, [](GroupShare& here) {
    return [&here](Stream s) { return wander(here, std::move(s)); };
  }, {.spread = spread});
  world.step();
  {
    auto stream = co_await connect("tcp:127.0.0.1:" + std::to_string(port.address().port()));
    world.step();
    co_await stream.write("move\nbehind it\n");
    const auto answer = co_await stream.read_line();
    world.step();
    EXPECT_EQ(answer, "behind it");
    EXPECT_EQ(co_await group.call(1, [] { return 7; }), 7);
    world.step();
  }
  co_await port.close(5s);
  world.step();
  co_await group.close();
  world.step();
}

TEST(DestroyedOwner, AGroupThatHandsConnectionsOver) {
  at_every_moment([](World& world) { return used(world, Spread::kLeastLoaded); });
}
TEST(DestroyedOwner, AGroupThatSharesItsPort) {
  at_every_moment([](World& world) { return used(world, Spread::kReusePort); });
}

}  // namespace
}  // namespace torc::stress
