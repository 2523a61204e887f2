#include <torc/async/background.hpp>

#include "async/witness.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/async/deferred.hpp>
#include <torc/async/promise.hpp>
#include <torc/async/timing.hpp>
#include <torc/base/errors.hpp>
#include <torc/base/log.hpp>
#include <torc/testing/clock.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace torc {
namespace {

using namespace std::chrono_literals;

class BackgroundTest : public ::testing::Test {
 protected:
  testing::Clock clock_;
  detail::Background& background_ = clock_.background();
  std::shared_ptr<log::CaptureSink> captured_ = std::make_shared<log::CaptureSink>();
  log::ScopedSink scope_{captured_};
};

TEST_F(BackgroundTest, KeepsWhatWasDetachedUntilItEnds) {
  int alive = 0;
  holds(alive, sleep(1s)).detach();
  EXPECT_FALSE(background_.empty());
  EXPECT_EQ(alive, 1);
  clock_.advance(1s);
  EXPECT_TRUE(background_.empty());
  EXPECT_EQ(alive, 0);
  succeed().detach();  // nothing to keep
  EXPECT_TRUE(background_.empty());
  EXPECT_EQ(captured_->count(), 0u) << captured_->text();
}

TEST_F(BackgroundTest, AFailureIsLoggedWithThePlaceOfTheDetach) {
  auto [waits, promise] = make_deferred<void>();
  std::move(waits).detach();
  const int line = __LINE__ - 1;
  promise.set_error(Error("nobody looked"));
  EXPECT_TRUE(background_.empty());
  EXPECT_TRUE(captured_->contains("nobody looked"));
  EXPECT_TRUE(captured_->contains("background_test.cpp:" + std::to_string(line))) << captured_->text();
}

TEST_F(BackgroundTest, CancellingAsksAllAndIsNoError) {
  int alive = 0;
  bool cleaned = false;
  holds(alive, until_cancelled()).detach();
  [](bool& cleaned) -> Deferred<void> {
    static_cast<void>(co_await as_outcome(until_cancelled()));
    co_await shield(10s, sleep(1s));
    cleaned = true;
  }(cleaned)
                           .detach();
  background_.cancel_all();
  EXPECT_EQ(alive, 0);
  EXPECT_FALSE(background_.empty());  // the other one cleans up
  clock_.advance(1s);
  EXPECT_TRUE(cleaned);
  EXPECT_TRUE(background_.empty());
  EXPECT_EQ(captured_->count(), 0u) << captured_->text();
}

TEST_F(BackgroundTest, WhatEndsWhenAnotherIsCancelledIsNotAskedTwice) {
  auto [waits, promise] = make_deferred<void>();
  int asked = 0;
  [](Promise<void> other, int& asked) -> Deferred<void> {
    static_cast<void>(co_await as_outcome(until_cancelled()));
    ++asked;
    other.set_value();
  }(std::move(promise), asked)
                                             .detach();
  std::move(waits).detach();
  background_.cancel_all();
  background_.cancel_all();
  EXPECT_EQ(asked, 1);
  EXPECT_TRUE(background_.empty());
}

TEST_F(BackgroundTest, DroppingNamesWhereEachWasDetached) {
  int alive = 0;
  holds(alive, until_cancelled()).detach();
  const int line = __LINE__ - 1;
  holds(alive, sleep(1h)).detach();
  const auto dropped = background_.drop_all();
  EXPECT_EQ(alive, 0);
  EXPECT_TRUE(background_.empty());
  ASSERT_EQ(dropped.size(), 2u);
  EXPECT_TRUE(dropped[0].ends_with("background_test.cpp:" + std::to_string(line))) << dropped[0];
  EXPECT_TRUE(dropped[1].ends_with("background_test.cpp:" + std::to_string(line + 2))) << dropped[1];
  EXPECT_EQ(background_.drop_all().size(), 0u);
}

TEST(Detached, OwnsItselfWithoutAScheduler) {
  auto [waits, promise] = make_deferred<void>();
  int alive = 0;
  holds(alive, std::move(waits)).detach();
  EXPECT_EQ(alive, 1);
  promise.set_value();
  EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace torc
