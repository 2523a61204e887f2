#include <torc/async/deferred.hpp>

#include <torc/async/coroutine.hpp>
#include <torc/async/promise.hpp>
#include <torc/base/errors.hpp>
#include <torc/base/log.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace torc {
namespace {

TEST(Deferred, StagesRunInOrderAndSwitchTracks) {
  std::vector<std::string> said;
  auto [d, promise] = make_deferred<void>();
  std::move(d)
      .then([&]() -> std::string { said.push_back("What is love?"); throw std::runtime_error{"hurt"}; },
            [](Failure) { return std::string{"guh"}; })
      .then([&](std::string s) { said.push_back("blablabla"); return s; },
            [&](Failure f) { said.push_back("Baby don't hurt me"); return f; })
      .then([&](std::string s) { said.push_back("Heeey Macarena!"); return s; },
            [&](Failure f) { f.trap<std::runtime_error>(); said.push_back("Don't hurt me"); return std::string{"No more"}; })
      .then([&](std::string s) { said.push_back(s); })
      .detach();
  EXPECT_TRUE(said.empty());
  promise.set_value();
  EXPECT_EQ(said, (std::vector<std::string>{"What is love?", "Baby don't hurt me", "Don't hurt me", "No more"}));
}

TEST(Deferred, AStageOnAReadyResultRunsAtOnce) {
  bool ran = false;
  auto d = succeed(20).then([&](int n) { ran = true; return n + 1; });
  EXPECT_TRUE(ran);
  EXPECT_EQ(d.take().value(), 21);
}

TEST(Deferred, AStageThatReturnsADeferredPausesTheChain) {
  auto [outer, start] = make_deferred<int>();
  auto [inner, finish] = make_deferred<std::string>();
  std::string got;
  auto chain = std::move(outer)
                   .then([inner = std::move(inner)](int) mutable { return std::move(inner); })
                   .then([&](std::string s) { got = s; });
  start.set_value(1);
  EXPECT_TRUE(chain.pending());
  finish.set_value("done");
  EXPECT_EQ(got, "done");
  EXPECT_TRUE(chain.fired());
}

TEST(Deferred, DroppingRunsNothingAndTellsTheProducer) {
  bool ran = false, cancelled = false;
  auto [d, promise] = make_deferred<int>();
  promise.on_cancel([&]() noexcept { cancelled = true; });
  {
    auto chain = std::move(d).then([&](int) { ran = true; }, [&](Failure) { ran = true; });
    EXPECT_TRUE(promise.wanted());
  }
  EXPECT_TRUE(cancelled);
  EXPECT_FALSE(promise.wanted());
  promise.set_value(1);  // nobody is there: nothing happens
  EXPECT_FALSE(ran);
}

TEST(Deferred, CancellingDeliversCancelledToWhoeverWaits) {
  auto [d, promise] = make_deferred<int>();
  bool saw = false;
  auto chain = std::move(d).then([](int) {}, [&](Failure f) { saw = f.check<Cancelled>(); });
  chain.cancel();
  EXPECT_TRUE(saw);
  EXPECT_TRUE(chain.fired());
  EXPECT_FALSE(promise.wanted());
}

TEST(Deferred, RecoverByTypePassesOtherErrorsAlong) {
  auto kept = fail<int>(TimeoutError("slow")).recover<BrokenPromise>([](const BrokenPromise&) { return 1; });
  EXPECT_TRUE(kept.take().error().check<TimeoutError>());
  auto cured = fail<int>(TimeoutError("slow")).recover<Error>([](const Error& e) { return int(std::string(e.what()).size()); });
  EXPECT_EQ(cured.take().value(), 4);
}

TEST(Deferred, FinallyObservesAndPassesOn) {
  int ran = 0;
  EXPECT_EQ(succeed(5).finally([&] { ++ran; }).take().value(), 5);
  EXPECT_TRUE(fail<int>(TimeoutError("x")).finally([&] { ++ran; }).take().error().check<TimeoutError>());
  EXPECT_EQ(ran, 2);
  auto replaced = succeed(5).finally([]() -> void { throw std::runtime_error("clean-up"); });
  EXPECT_EQ(replaced.take().error().message(), "clean-up");
}

TEST(Deferred, AFailureDroppedUnseenIsLoggedAndCancelledIsNot) {
  auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope{captured};
  { auto dropped = fail<int>(Cancelled{}); }
  EXPECT_EQ(captured->count(), 0u) << captured->text();
  { auto dropped = fail<int>(TimeoutError("unseen")); }
  EXPECT_TRUE(captured->contains("unseen"));
}

TEST(DeferredDeathTest, FiringTwiceNamesBothPlaces) {
  const auto fire_twice = [] {
    auto pair = make_deferred<int>();
    pair.promise.set_value(1);
    pair.promise.set_value(2);
  };
  EXPECT_DEATH(
      fire_twice(),
      "fired twice: first at .*deferred_test.cpp:[0-9]+, then at .*deferred_test.cpp:[0-9]+");
}

TEST(Deferred, AValueThatCannotBeMadeLeavesThePromiseAsItWas) {
  struct Picky {
    explicit Picky(int n) {
      if (n < 0) throw std::invalid_argument("negative");
    }
  };
  auto [deferred, promise] = make_deferred<Picky>();
  EXPECT_THROW(promise.set_value(-1), std::invalid_argument);
  EXPECT_TRUE(deferred.pending());
  promise.set_value(1);
  EXPECT_TRUE(deferred.fired());
}

TEST(DeferredDeathTest, AStageThatReturnsATakenDeferredIsAProgrammingError) {
  auto [deferred, promise] = make_deferred<void>();
  Deferred<int> taken = succeed(1);
  static_cast<void>(taken.take());
  auto chain = std::move(deferred).then([&] { return std::move(taken); });
  EXPECT_DEATH(promise.set_value(), "whose result was taken or moved away");
}

}  // namespace
}  // namespace torc
