#include <torc/async/clock.hpp>

#include <torc/async/context.hpp>
#include <torc/base/errors.hpp>
#include <torc/base/log.hpp>
#include <torc/testing/clock.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace torc {
namespace {

using namespace std::chrono_literals;

TEST(CallLater, ComesAtItsTimeFirstSetFirst) {
  testing::Clock clock;
  std::string order;
  const auto late = clock.call_later(2s, [&] { order += 'c'; });
  const auto one = clock.call_later(1s, [&] { order += 'a'; });
  const auto two = clock.call_at(clock.now() + 1s, [&] { order += 'b'; });
  EXPECT_EQ(late.due(), clock.now() + 2s);
  clock.advance(999ms);
  EXPECT_EQ(order, "");
  clock.advance(1ms);
  EXPECT_EQ(order, "ab");
  EXPECT_FALSE(one.active() || two.active());
  EXPECT_TRUE(late.active());
  clock.advance(1s);
  EXPECT_EQ(order, "abc");
  EXPECT_TRUE(clock.idle());
}

TEST(CallLater, InNoTimeComesInATurnToCome) {
  testing::Clock clock;
  int calls = 0;
  DelayedCall inner;
  const auto outer = clock.call_later(0s, [&] {
    inner = clock.call_later(0s, [&] { ++calls; });
    EXPECT_EQ(calls, 0);
  });
  EXPECT_EQ(calls, 0);
  clock.pump({0s, 1ms});
  EXPECT_EQ(calls, 1);
}

TEST(CallLater, CancelsResetsAndDelays) {
  testing::Clock clock;
  std::string order;
  auto cancelled = clock.call_later(1s, [&] { order += 'x'; });
  auto sooner = clock.call_later(9s, [&] { order += 'a'; });
  auto later = clock.call_later(1s, [&] { order += 'b'; });
  {
    const auto dropped = clock.call_later(1s, [&] { order += 'y'; });
  }
  cancelled.cancel();
  cancelled.cancel();
  EXPECT_TRUE(sooner.delay(-8s));
  EXPECT_TRUE(later.reset(2s));
  EXPECT_EQ(later.due(), clock.now() + 2s);
  clock.advance(2s);
  EXPECT_EQ(order, "ab");
  for (auto* made : {&cancelled, &sooner, &later}) {
    EXPECT_FALSE(made->active());
    EXPECT_FALSE(made->reset(1s));
    EXPECT_FALSE(made->delay(1s));
  }
  EXPECT_TRUE(clock.idle());
}

TEST(CallLater, TheEndOfTimeDoesNotOverflow) {
  testing::Clock clock;
  clock.advance(1s);
  auto never = clock.call_later(Duration::max(), [] {});
  EXPECT_EQ(never.due(), Instant::max());
  EXPECT_TRUE(never.delay(1h));
  EXPECT_EQ(never.due(), Instant::max());
  EXPECT_TRUE(never.reset(Duration::max()));
  EXPECT_EQ(never.due(), Instant::max());
}

TEST(CallLater, MayDropItsHandleOrSetItAnew) {
  testing::Clock clock;
  const auto witness = std::make_shared<int>(0);
  std::optional<DelayedCall> own;
  own = clock.call_later(1s, [&own, witness] {
    EXPECT_FALSE(own->active());
    EXPECT_FALSE(own->reset(1s));
    own.reset();
    ++*witness;
  });
  int rounds = 0;
  DelayedCall again;
  std::move_only_function<void()> round = [&] {
    if (++rounds < 3) again = clock.call_later(1s, [&] { round(); });
  };
  again = clock.call_later(1s, [&] { round(); });
  clock.pump({1s, 1s, 1s, 1s});
  EXPECT_EQ(*witness, 1);
  EXPECT_EQ(witness.use_count(), 1);
  EXPECT_EQ(rounds, 3);
}

TEST(CallLater, ADetachedOneIsMadeOrFreedWithItsClock) {
  const auto witness = std::make_shared<int>(0);
  {
    testing::Clock clock;
    clock.call_later(1s, [witness] { ++*witness; }).detach();
    clock.call_later(1h, [witness] { ++*witness; }).detach();
    DelayedCall().detach();
    clock.advance(1s);
    EXPECT_EQ(*witness, 1);
    EXPECT_EQ(witness.use_count(), 2);
  }
  EXPECT_EQ(*witness, 1);
  EXPECT_EQ(witness.use_count(), 1);
}

TEST(CallLater, WhatItThrowsIsLoggedAndTheOthersCome) {
  testing::Clock clock;
  const auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope{captured};
  bool came = false;
  const auto throws = clock.call_later(1s, [] { throw Error("as planned"); });
  const auto next = clock.call_later(1s, [&] { came = true; });
  clock.advance(1s);
  EXPECT_TRUE(came);
  EXPECT_TRUE(captured->contains("as planned"));
  EXPECT_TRUE(captured->contains("in a delayed call"));
}

}  // namespace
}  // namespace torc
