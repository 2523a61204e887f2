// Random trees of tasks, ten thousand of them.
//
// A tree is made of all that owns or waits: coroutines, stages, groups, sets, gather, race, select, time limits,
// shields, forks, scopes, generators, cooperative tasks; its leaves give values, fail, sleep, are fired by somebody
// or never end. Anything may fail or be cancelled at a moment the seed decides, and the owner of the whole is
// dropped at one too. Then every object that was made must be gone, no code may run any more, and nothing may be
// pending. A seed names a tree: the one that failed is printed, also when a sanitizer stops the program.
#include <torc/async/cancel_scope.hpp>
#include <torc/async/cooperator.hpp>
#include <torc/async/fork.hpp>
#include <torc/async/gather.hpp>
#include <torc/async/generator.hpp>
#include <torc/async/race.hpp>
#include <torc/async/select.hpp>
#include <torc/async/task_set.hpp>
#include <torc/async/tasks.hpp>
#include <torc/async/timing.hpp>
#include <torc/base/log.hpp>
#include <torc/testing/clock.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

std::uint64_t tree_under_test = 0;
extern "C" void __asan_on_error();
extern "C" void __asan_on_error() {
  std::fprintf(stderr, "in the tree of seed %llu\n", static_cast<unsigned long long>(tree_under_test));
}

namespace torc {
namespace {

using namespace std::chrono_literals;

struct World {
  explicit World(std::uint64_t seed) : random(seed) {}

  std::uint64_t below(std::uint64_t n) { return random() % n; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  Duration pause() { return std::chrono::milliseconds(below(50)); }

  /// Code of the tree runs; it may fail here.
  void step() {
    if (over) ADD_FAILURE() << "the tree's code ran after its owner was dropped";
    ++steps;
    if (one_in(25)) throw std::runtime_error("a step failed");
  }

  std::mt19937_64 random;
  testing::Clock clock;
  std::array<CancelScope, 3> scopes;
  std::int64_t made = 0, gone = 0, steps = 0;
  int nodes_left = 40;
  bool over = false;
};

/// Lives in a frame or a function of the tree.
class Witness {
 public:
  explicit Witness(World& world) : world_(&world) { ++world.made; }
  Witness(Witness&& other) noexcept : world_(other.world_) { ++world_->made; }
  Witness& operator=(Witness&&) = delete;
  ~Witness() { ++world_->gone; }

 private:
  World* world_;
};

using Result = Deferred<int>;

Result grow(World& world, int depth);

Result leaf(World& world) {
  switch (world.below(6)) {
    case 0: return succeed(1);
    case 1: return fail<int>(std::runtime_error("a leaf failed"));
    case 2: return until_cancelled().then([witness = Witness(world)] { return 1; });
    case 3: {
      auto [deferred, promise] = make_deferred<int>();
      world.clock.call_later(world.pause(), [p = std::move(promise), fails = world.one_in(5)]() mutable {
        fails ? p.set_error(std::runtime_error("a producer failed")) : p.set_value(1);
      }).detach();
      return std::move(deferred);
    }
    default: return sleep(world.pause()).then([witness = Witness(world)] { return 1; });
  }
}

std::vector<Result> some(World& world, int depth) {
  std::vector<Result> results;
  for (auto n = 1 + world.below(4); n > 0; --n) results.push_back(grow(world, depth));
  return results;
}

Result walk(World& world, int depth) {
  const Witness witness(world);
  int sum = 0;
  for (auto n = 1 + world.below(3); n > 0; --n) {
    world.step();
    if (world.one_in(3)) {
      const auto outcome = co_await as_outcome(grow(world, depth));
      if (outcome) {
        sum += *outcome;
      } else if (world.one_in(2)) {
        static_cast<void>(co_await as_outcome(shield(30ms, sleep(world.pause()))));
        world.step();
      }
    } else {
      sum += co_await grow(world, depth);
    }
  }
  co_return sum;
}

template <class Owner>
Result owned(World& world, int depth) {
  const Witness witness(world);
  Owner owner;
  for (auto& child : some(world, depth)) owner.spawn(std::move(child));
  if (world.one_in(3)) co_await sleep(world.pause());
  world.step();
  for (auto& child : some(world, depth)) owner.spawn(std::move(child));
  switch (world.below(5)) {
    case 0: co_return 0;  // drops the children
    case 1: co_await owner.cancel(); break;
    default: co_await owner.join();
  }
  EXPECT_TRUE(owner.empty());
  co_return 1;
}

AsyncGenerator<int> give(World& world, int depth) {
  const Witness witness(world);
  for (auto n = world.below(4); n > 0; --n) {
    world.step();
    co_yield co_await grow(world, depth);
  }
}

Result take_all(World& world, int depth) {
  const Witness witness(world);
  auto values = give(world, depth);
  int sum = 0;
  for (;;) {
    if (world.one_in(6)) {
      // One that does not come in time is asked for again.
      const auto limited = co_await as_outcome(with_timeout(world.pause(), values.next()));
      if (!limited || !*limited) break;
      sum += **limited;
    } else if (auto value = co_await values.next()) {
      sum += *value;
    } else {
      break;
    }
    if (world.one_in(4)) { const auto dropped = values.next(); }
  }
  co_return sum;
}

Steps step_by_step(World& world, int depth) {
  const Witness witness(world);
  for (auto n = 1 + world.below(6); n > 0; --n) {
    world.step();
    if (world.one_in(3)) {
      co_yield grow(world, depth);
    } else {
      co_yield {};
    }
  }
}

Result cooperating(World& world, int depth) {
  const Witness witness(world);
  auto task = cooperate(step_by_step(world, depth));
  if (world.one_in(3)) {
    task.pause();
    co_await sleep(world.pause());
    task.resume();
  }
  if (world.one_in(4)) {
    co_await sleep(world.pause());
    if (task.state() == TaskState::kRunning) task.stop();
  }
  if (world.one_in(8)) co_return 0;  // drops it
  co_await task.when_done();
  co_return 1;
}

Result forked(World& world, int depth) {
  const Witness witness(world);
  auto shared = fork(grow(world, depth));
  auto first = shared.get();
  auto second = shared.get();
  if (world.one_in(3)) second.cancel();
  const auto outcome = co_await as_outcome(std::move(second));
  co_return (outcome ? *outcome : 0) + co_await first;
}

Result staged(World& world, int depth) {
  auto chain = grow(world, depth).then([&world, witness = Witness(world)](int value) {
    world.step();
    return value;
  });
  if (world.one_in(2)) {
    chain = std::move(chain).recover<std::runtime_error>(
        [&world, depth, witness = Witness(world)](const std::runtime_error&) { return grow(world, depth); });
  }
  if (world.one_in(3)) {
    chain = std::move(chain).finally([&world, witness = Witness(world)] { return sleep(world.pause()); });
  }
  return chain;
}

Result grow(World& world, int depth) {
  if (depth-- == 0 || --world.nodes_left <= 0) return leaf(world);
  Result result = [&] {
    switch (world.below(13)) {
      case 0: return gather(some(world, depth)).then([](std::vector<int> all) { return static_cast<int>(all.size()); });
      case 1: return race(some(world, depth));
      case 2: return select(some(world, depth)).then([](auto) { return 1; });
      case 3: return gather_outcomes(some(world, depth)).then([](auto) { return 1; });
      case 4: return with_timeout(world.pause(), grow(world, depth));
      case 5: return shield(world.pause(), grow(world, depth));
      case 6: return owned<TaskGroup>(world, depth);
      case 7: return owned<TaskSet>(world, depth);
      case 8: return take_all(world, depth);
      case 9: return cooperating(world, depth);
      case 10: return forked(world, depth);
      case 11: return staged(world, depth);
      default: return walk(world, depth);
    }
  }();
  if (world.one_in(6)) result = world.scopes[world.below(3)].wrap(std::move(result));
  if (world.one_in(40)) result.cancel();
  return result;
}

/// Returns how many objects and steps the tree had.
std::pair<std::int64_t, std::int64_t> live_and_die(std::uint64_t seed) {
  World world(seed);
  {
    TaskGroup group;
    for (int i = 0; i < 3; ++i) group.spawn(grow(world, 4));
    std::vector<DelayedCall> events;
    for (auto& scope : world.scopes) {
      if (world.one_in(2)) events.push_back(world.clock.call_later(world.pause() * 2, [&scope] { scope.cancel(); }));
    }
    const auto end = world.below(3);
    auto joined = group.join();
    for (auto n = world.below(60); n > 0; --n) {
      world.clock.advance(std::chrono::milliseconds(world.below(5)));
    }
    if (end == 0) joined.cancel();
    if (end == 1) {
      auto cancelled = group.cancel();
      for (int i = 0; i < 200; ++i) world.clock.advance(50ms);  // a shield ends, and another may begin
      EXPECT_TRUE(group.empty());
      for (const auto& task : world.clock.tasks()) ADD_FAILURE() << "still there: " << task.text();
      if (cancelled.fired()) static_cast<void>(cancelled.take());
    }
    if (joined.fired()) static_cast<void>(joined.take());
  }
  world.over = true;
  EXPECT_EQ(world.made, world.gone);
  EXPECT_TRUE(world.clock.tasks().empty());
  world.clock.advance(10s);  // producers have nobody left to tell
  EXPECT_TRUE(world.clock.idle());
  EXPECT_EQ(world.made, world.gone);
  return {world.made, world.steps};
}

TEST(TaskTrees, LeaveNothingBehindHoweverTheyEnd) {
  auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope{captured};
  std::int64_t made = 0, steps = 0;
  for (tree_under_test = 1; tree_under_test <= 10'000; ++tree_under_test) {
    const auto [objects, moves] = live_and_die(tree_under_test);
    made += objects;
    steps += moves;
    captured->clear();
    if (HasFailure()) {
      FAIL() << "in the tree of seed " << tree_under_test;
    }
  }
  // The trees are trees.
  EXPECT_GT(made, 100'000);
  EXPECT_GT(steps, 50'000);
}

}  // namespace
}  // namespace torc
