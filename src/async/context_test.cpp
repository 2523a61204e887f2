#include <torc/async/context.hpp>

#include <torc/async/coroutine.hpp>
#include <torc/async/gather.hpp>
#include <torc/async/promise.hpp>
#include <torc/async/timing.hpp>
#include <torc/testing/clock.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace torc {
namespace {

using namespace std::chrono_literals;

constexpr ContextKey<std::string> kTrace("trace id");
constexpr ContextKey<int> kUser("user");

std::string trace() {
  const std::string* id = Context::current().get(kTrace);
  return id ? *id : "none";
}

TEST(Context, HoldsValuesByKeyAndAScopeMakesThemCurrent) {
  EXPECT_TRUE(Context::current().empty());
  {
    const ContextScope outer(kTrace, "a");
    const ContextScope inner(kUser, 7);
    EXPECT_EQ(trace(), "a");
    EXPECT_EQ(*Context::current().get(kUser), 7);
    {
      const ContextScope shadow(kTrace, "b");
      EXPECT_EQ(trace(), "b");
      EXPECT_EQ(*Context::current().get(kUser), 7);
    }
    EXPECT_EQ(trace(), "a");
  }
  EXPECT_TRUE(Context::current().empty());
}

TEST(Context, ACoroutineKeepsTheOneItBeganIn) {
  testing::Clock clock;
  std::string before, after;
  Deferred<void> work = succeed();
  {
    const ContextScope scope(kTrace, "a");
    work = [](std::string& before, std::string& after) -> Deferred<void> {
      before = trace();
      co_await sleep(1s);
      after = trace();
    }(before, after);
  }
  const ContextScope elsewhere(kTrace, "b");
  clock.advance(1s);
  EXPECT_EQ(before, "a");
  EXPECT_EQ(after, "a");
  EXPECT_EQ(trace(), "b");
}

TEST(Context, AScopeInACoroutineHoldsAcrossItsWaitsAndOnlyThere) {
  testing::Clock clock;
  std::vector<std::string> seen;
  const auto work = [](std::vector<std::string>& seen) -> Deferred<void> {
    {
      const ContextScope scope(kTrace, "mine");
      co_await sleep(1s);
      seen.push_back(trace());
    }
    seen.push_back(trace());
  };
  auto running = work(seen);
  EXPECT_EQ(trace(), "none");  // the starter's is not touched
  clock.advance(1s);
  EXPECT_EQ(seen, (std::vector<std::string>{"mine", "none"}));
  EXPECT_EQ(trace(), "none");
}

TEST(Context, DroppingACoroutineInsideAScopeLeavesTheDroppersContextAlone) {
  testing::Clock clock;
  auto running = []() -> Deferred<void> {
    const ContextScope scope(kTrace, "dropped");
    co_await sleep(1s);
  }();
  const ContextScope mine(kTrace, "mine");
  running = succeed();
  EXPECT_EQ(trace(), "mine");
}

TEST(Context, ADropperThatIsACoroutineKeepsItsOwn) {
  testing::Clock clock;
  std::string seen;
  auto outer = [](std::string& seen) -> Deferred<void> {
    const ContextScope mine(kTrace, "mine");
    auto inner = []() -> Deferred<void> {
      const ContextScope scope(kTrace, "dropped");
      co_await sleep(1s);
    }();
    inner = succeed();
    seen = trace();
    co_return;
  }(seen);
  EXPECT_EQ(seen, "mine");
}

TEST(Context, StagesAndTheirInnerCoroutinesInherit) {
  testing::Clock clock;
  std::vector<std::string> seen;
  auto [deferred, promise] = make_deferred<void>();
  Deferred<void> chain = succeed();
  {
    const ContextScope scope(kTrace, "a");
    chain = std::move(deferred)
                .then([&] {
                  seen.push_back(trace());
                  return sleep(1s);
                })
                .then([&] { seen.push_back(trace()); });
  }
  promise.set_value();
  clock.advance(1s);
  EXPECT_EQ(seen, (std::vector<std::string>{"a", "a"}));
}

TEST(Context, DelayedCallsInherit) {
  testing::Clock clock;
  std::string seen;
  DelayedCall call;
  {
    const ContextScope scope(kTrace, "a");
    call = clock.call_later(1s, [&] { seen = trace(); });
  }
  clock.advance(1s);
  EXPECT_EQ(seen, "a");
  EXPECT_EQ(trace(), "none");
}

TEST(Context, FollowsFortyHops) {
  testing::Clock clock;
  struct Hop {
    static Deferred<std::string> go(int left) {
      if (left == 0) co_return trace();
      if (left % 2) {
        co_await sleep(1ms);
        co_return co_await go(left - 1);
      }
      co_return co_await sleep(1ms).then([left] { return go(left - 1); });
    }
  };
  Deferred<std::string> path = [] {
    const ContextScope scope(kTrace, "forty");
    return Hop::go(40);
  }();
  for (int i = 0; i < 50; ++i) clock.advance(1ms);
  ASSERT_TRUE(path.fired());
  EXPECT_EQ(*path.take(), "forty");
}

TEST(Context, OlderHoldersKeepWhatTheyHad) {
  const Context first = Context().with(kUser, 1);
  const Context second = first.with(kUser, 2);
  EXPECT_EQ(*first.get(kUser), 1);
  EXPECT_EQ(*second.get(kUser), 2);
  EXPECT_EQ(Context().get(kUser), nullptr);
}

}  // namespace
}  // namespace torc
