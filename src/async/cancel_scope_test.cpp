#include <torc/async/cancel_scope.hpp>

#include <torc/async/coroutine.hpp>
#include <torc/async/promise.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stop_token>

namespace torc {
namespace {

TEST(CancelScope, CancelsWhatItWrappedAndNotWhoWaits) {
  CancelScope scope;
  auto [d, promise] = make_deferred<int>();
  auto [e, later] = make_deferred<int>();
  auto body = [](CancelScope& scope, Deferred<int> first, Deferred<int> second) -> Deferred<int> {
    const auto outcome = co_await as_outcome(scope.wrap(std::move(first)));
    EXPECT_TRUE(outcome.error().check<Cancelled>());
    co_return co_await second;  // not cancelled: still waits
  };
  auto task = body(scope, std::move(d), std::move(e));
  scope.cancel();
  EXPECT_FALSE(promise.wanted());
  EXPECT_TRUE(task.pending());
  later.set_value(4);
  EXPECT_EQ(task.take().value(), 4);
}

TEST(CancelScope, PassesResultsAlong) {
  CancelScope scope;
  auto [d, promise] = make_deferred<int>();
  auto wrapped = scope.wrap(std::move(d));
  promise.set_value(1);
  scope.cancel();  // too late
  EXPECT_EQ(wrapped.take().value(), 1);
}

TEST(CancelScope, StaysCancelledForWhatComesLater) {
  CancelScope scope;
  scope.cancel();
  EXPECT_TRUE(scope.cancelled());
  auto [d, promise] = make_deferred<int>();
  EXPECT_TRUE(scope.wrap(std::move(d)).take().error().check<Cancelled>());
  EXPECT_EQ(scope.wrap(succeed(2)).take().value(), 2);  // what is ready is delivered
}

TEST(CancelScope, DestroyingItLeavesWhatItWrappedAlone) {
  auto [d, promise] = make_deferred<int>();
  std::optional<CancelScope> scope(std::in_place);
  auto wrapped = scope->wrap(std::move(d));
  scope.reset();
  EXPECT_TRUE(wrapped.pending());
  promise.set_value(1);
  EXPECT_EQ(wrapped.take().value(), 1);
}

TEST(CancelScope, WhoIsToldMayDestroyItAndDropTheOthers) {
  auto scope = std::make_unique<CancelScope>();
  auto [d, pd] = make_deferred<void>();
  auto [e, pe] = make_deferred<void>();
  std::unique_ptr<Deferred<void>> second;
  bool ran = false;
  auto first = scope->wrap(std::move(d)).then([] {}, [&](Failure) {
    scope.reset();
    second.reset();
  });
  second = std::make_unique<Deferred<void>>(scope->wrap(std::move(e)).then([] {}, [&](Failure) { ran = true; }));
  scope->cancel();
  EXPECT_TRUE(first.fired());
  EXPECT_FALSE(ran);
}

TEST(CancelScope, ACancellerMayDropAnotherWrappedOperation) {
  CancelScope scope;
  auto [d, pd] = make_deferred<void>();
  auto [e, pe] = make_deferred<void>();
  auto first = scope.wrap(std::move(d));
  // Dies with the canceller of the first, in the middle of the cancelling.
  auto second = std::make_unique<Deferred<void>>(scope.wrap(std::move(e)));
  pd.on_cancel([held = std::move(second)]() noexcept {});
  scope.cancel();
  EXPECT_TRUE(first.take().error().check<Cancelled>());
  EXPECT_FALSE(pe.wanted());
}

TEST(CancelScope, DroppedOperationsLeaveIt) {
  CancelScope scope;
  auto [d, promise] = make_deferred<int>();
  { auto wrapped = scope.wrap(std::move(d)); }
  EXPECT_FALSE(promise.wanted());
  scope.cancel();
}

TEST(CancelScope, AsksItsTokensToStop) {
  std::stop_token outlives;
  {
    CancelScope scope;
    const std::stop_token token = scope.token();
    EXPECT_EQ(token, scope.token());
    EXPECT_FALSE(token.stop_requested());
    scope.cancel();
    EXPECT_TRUE(token.stop_requested());
    CancelScope early;
    early.cancel();
    EXPECT_TRUE(early.token().stop_requested());
    outlives = CancelScope().token();
  }
  EXPECT_FALSE(outlives.stop_requested());
  EXPECT_FALSE(outlives.stop_possible());
}

TEST(CancelScope, ACallbackOnATokenMayDestroyItAndDropWhatItWrapped) {
  auto scope = std::make_unique<CancelScope>();
  auto [d, promise] = make_deferred<void>();
  bool told = false;
  auto wrapped = std::make_optional(scope->wrap(std::move(d)).then([] {}, [&](Failure) { told = true; }));
  const std::stop_callback gone(scope->token(), [&] {
    scope.reset();
    wrapped.reset();
  });
  scope->cancel();
  EXPECT_EQ(scope, nullptr);
  EXPECT_FALSE(told);
  EXPECT_FALSE(promise.wanted());
}

TEST(CancelScope, AHundredThousandNestedScopesDoNotRecurse) {
  CancelScope scope;
  auto [d, promise] = make_deferred<void>();
  Deferred<void> outermost = std::move(d);
  for (int i = 0; i < 100'000; ++i) outermost = scope.wrap(std::move(outermost));
  { const Deferred<void> dropped = std::move(outermost); }
  EXPECT_FALSE(promise.wanted());
}

}  // namespace
}  // namespace torc
