#include <torc/async/fork.hpp>

#include <torc/async/coroutine.hpp>
#include <torc/async/promise.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace torc {
namespace {

TEST(Fork, EveryWaiterGetsACopy) {
  auto [d, promise] = make_deferred<std::string>();
  auto shared = fork(std::move(d));
  auto a = shared.get();
  auto b = shared.get().then([](std::string s) { return s.size(); });
  promise.set_value("both");
  EXPECT_FALSE(shared.pending());
  EXPECT_EQ(a.take().value(), "both");
  EXPECT_EQ(b.take().value(), 4u);
  EXPECT_EQ(shared.get().take().value(), "both");  // late, and ready
}

TEST(Fork, WhatCannotBeCopiedIsPointedTo) {
  auto [d, promise] = make_deferred<std::unique_ptr<int>>();
  auto shared = fork(std::move(d));
  auto a = shared.get(), b = shared.get();
  promise.set_value(std::make_unique<int>(5));
  const auto one = a.take().value();
  EXPECT_EQ(**one, 5);
  EXPECT_EQ(one, b.take().value());
}

TEST(Fork, AFailureReachesAll) {
  auto [d, promise] = make_deferred<void>();
  auto shared = fork(std::move(d));
  auto a = shared.get(), b = shared.get();
  promise.set_error(TimeoutError("x"));
  EXPECT_TRUE(a.take().error().check<TimeoutError>());
  EXPECT_TRUE(b.take().error().check<TimeoutError>());
}

TEST(Fork, OfAReadyResultIsReady) {
  EXPECT_EQ(fork(succeed(1)).get().take().value(), 1);
  EXPECT_TRUE(fork(fail<int>(TimeoutError("x"))).get().take().error().check<TimeoutError>());
}

TEST(Fork, CancellingOneEndsOnlyThatOne) {
  auto [d, promise] = make_deferred<int>();
  auto shared = fork(std::move(d));
  auto a = shared.get(), b = shared.get();
  a.cancel();
  EXPECT_TRUE(a.take().error().check<Cancelled>());
  EXPECT_TRUE(promise.wanted());
  promise.set_value(1);
  EXPECT_EQ(b.take().value(), 1);
}

TEST(Fork, CancellingTheLastCancelsTheOperationAndWaitsForItsEnd) {
  auto stubborn = [](Deferred<int> wait) -> Deferred<int> {
    try {
      co_return co_await wait;
    } catch (const Cancelled&) {
    }
    co_return 3;
  };
  auto [d, promise] = make_deferred<int>();
  auto shared = fork(stubborn(std::move(d)));
  auto a = shared.get(), b = shared.get();
  b.cancel();
  a.cancel();
  EXPECT_FALSE(promise.wanted());
  EXPECT_TRUE(b.take().error().check<Cancelled>());
  EXPECT_EQ(a.take().value(), 3);
}

TEST(Fork, DroppingTheLastDropsTheOperation) {
  auto [d, promise] = make_deferred<int>();
  auto shared = fork(std::move(d));
  {
    auto a = shared.get();
    { auto b = shared.get(); }
    EXPECT_TRUE(promise.wanted());
  }
  EXPECT_FALSE(promise.wanted());
  EXPECT_FALSE(shared.pending());
  EXPECT_TRUE(shared.get().take().error().check<Cancelled>());
}

TEST(Fork, TheHandleOwnsTheOperationUntilTheFirstFork) {
  auto [d, promise] = make_deferred<int>();
  auto [e, other] = make_deferred<int>();
  { auto shared = fork(std::move(d)); }
  EXPECT_FALSE(promise.wanted());
  auto a = fork(std::move(e)).get();  // the handle is gone, the fork waits on
  other.set_value(2);
  EXPECT_EQ(a.take().value(), 2);
}

TEST(Fork, AWaiterMayDestroyTheHandleAndTheOthers) {
  auto [d, promise] = make_deferred<int>();
  auto shared = std::make_unique<SharedDeferred<int>>(fork(std::move(d)));
  bool ran = false;
  std::unique_ptr<Deferred<void>> second;
  auto first = shared->get().then([&](int) {
    shared.reset();
    second.reset();
  });
  second = std::make_unique<Deferred<void>>(shared->get().then([&](int) { ran = true; }));
  promise.set_value(1);
  EXPECT_TRUE(first.fired());
  EXPECT_FALSE(ran);
}

TEST(Fork, TheOperationMayDropItsOnlyFork) {
  auto [start, go] = make_deferred<void>();
  std::unique_ptr<Deferred<void>> only;
  auto body = [](Deferred<void> start, std::unique_ptr<Deferred<void>>& only) -> Deferred<void> {
    co_await start;
    only.reset();
  };
  only = std::make_unique<Deferred<void>>(fork(body(std::move(start), only)).get());
  go.set_value();
  EXPECT_EQ(only, nullptr);
}

}  // namespace
}  // namespace torc
