#include <torc/async/maybe_deferred.hpp>

#include <torc/async/coroutine.hpp>
#include <torc/async/promise.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace torc {
namespace {

TEST(MaybeDeferred, AValueIsReady) {
  const std::string text = "by reference";
  auto d = maybe_deferred([&]() -> const std::string& { return text; });
  static_assert(std::same_as<decltype(d), Deferred<std::string>>);
  EXPECT_EQ(d.take().value(), text);
}

TEST(MaybeDeferred, NothingIsReadyToo) { EXPECT_TRUE(maybe_deferred([] {}).take().has_value()); }

TEST(MaybeDeferred, AThrowAndAFailureFail) {
  auto thrown = maybe_deferred([]() -> int { throw std::runtime_error("thrown"); });
  EXPECT_EQ(thrown.take().error().message(), "thrown");
  auto given = maybe_deferred([] { return Failure(TimeoutError("given")); });
  static_assert(std::same_as<decltype(given), Deferred<void>>);
  EXPECT_TRUE(given.take().error().check<TimeoutError>());
}

TEST(MaybeDeferred, AnOutcomeIsUnwrapped) {
  auto d = maybe_deferred([]() -> Outcome<int> { return Failure(TimeoutError("x")); });
  static_assert(std::same_as<decltype(d), Deferred<int>>);
  EXPECT_TRUE(d.take().error().check<TimeoutError>());
}

TEST(MaybeDeferred, ADeferredIsPassedOn) {
  auto [d, promise] = make_deferred<int>();
  auto passed = maybe_deferred([](Deferred<int> d) { return d; }, std::move(d));
  EXPECT_TRUE(passed.pending());
  promise.set_value(4);
  EXPECT_EQ(passed.take().value(), 4);
}

TEST(MaybeDeferred, AThrowBeforeTheDeferredIsAFailedDeferred) {
  auto d = maybe_deferred([]() -> Deferred<int> { throw TimeoutError("early"); });
  EXPECT_TRUE(d.take().error().check<TimeoutError>());
}

TEST(MaybeDeferred, PassesArgumentsOnAndTakesMembersAndCoroutines) {
  struct Doubler {
    int by = 2;
    int times(std::unique_ptr<int> n) const { return by * *n; }
  };
  const Doubler doubler;
  EXPECT_EQ(maybe_deferred(&Doubler::times, doubler, std::make_unique<int>(4)).take().value(), 8);
  auto coroutine = [](int n) -> Deferred<int> { co_return n + 1; };
  EXPECT_EQ(maybe_deferred(coroutine, 1).take().value(), 2);
}

}  // namespace
}  // namespace torc
