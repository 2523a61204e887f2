// No error is lost (semantics, rules 8, 11, 16, 17): every way to drop one ends in exactly one report, which names the line
// where the error was made or thrown.
#include <torc/async/coroutine.hpp>
#include <torc/async/fork.hpp>
#include <torc/async/gather.hpp>
#include <torc/async/looping_call.hpp>
#include <torc/async/promise.hpp>
#include <torc/async/task_set.hpp>
#include <torc/async/timing.hpp>
#include <torc/base/log.hpp>
#include <torc/reactor/reactor.hpp>
#include <torc/reactor/thread_pool.hpp>
#include <torc/testing/clock.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace torc {
namespace {

using namespace std::chrono_literals;

unsigned error_line = 0;  // where the last one below arose

Failure made() {
  error_line = __LINE__ + 1;
  return Failure(Error("the error"));
}
[[gnu::noinline]] void throws() {
  error_line = __LINE__ + 1;
  throw Error("the error");
}
Deferred<int> fails_at_once() { return fail<int>(made()); }
Deferred<int> throws_at_once() {
  throws();
  co_return 1;
}
Deferred<int> throws_behind(Deferred<void> wait) {
  co_await wait;
  throws();
  co_return 1;
}

/// Expects one report, of the error above.
class LostErrors : public ::testing::Test {
 protected:
  void expect_one_report() {
    const auto records = captured_->records();
    ASSERT_EQ(records.size(), 1u) << captured_->text();
    EXPECT_NE(records[0].message.find("the error"), std::string::npos) << captured_->text();
    const std::string place = "lost_errors_test.cpp:" + std::to_string(error_line) + ")";
    EXPECT_NE(records[0].detail.find(place), std::string::npos) << captured_->text();
    // The first line of ours that is named is that one.
    EXPECT_EQ(records[0].detail.find("lost_errors_test.cpp:"), records[0].detail.find(place)) << captured_->text();
  }
  void expect_no_report_yet() { EXPECT_EQ(captured_->count(), 0u) << captured_->text(); }

  std::shared_ptr<log::CaptureSink> captured_ = std::make_shared<log::CaptureSink>();
  log::ScopedSink sink_{captured_};
};

TEST_F(LostErrors, ADeferredThatHasFailedIsDropped) {
  { const auto dropped = fails_at_once(); }
  expect_one_report();
}

TEST_F(LostErrors, TheResultOfACoroutineIsDropped) {
  { const auto dropped = throws_at_once(); }
  expect_one_report();
}

TEST_F(LostErrors, TheResultOfACoroutineThatFailedLaterIsDropped) {
  auto [wait, promise] = make_deferred<void>();
  {
    const auto dropped = throws_behind(std::move(wait));
    promise.set_value();
    expect_no_report_yet();
  }
  expect_one_report();
}

TEST_F(LostErrors, ACoroutineRaisesAndIsDropped) {
  const auto raises = []() -> Deferred<void> { co_await raise(made()); };
  { const auto dropped = raises(); }
  expect_one_report();
}

TEST_F(LostErrors, AFailedStageIsDropped) {
  { const auto dropped = succeed(1).then([](int) { throws(); }); }
  expect_one_report();
}

TEST_F(LostErrors, AChainThatPassedAFailureOnIsDropped) {
  auto [first, promise] = make_deferred<int>();
  {
    const auto dropped = std::move(first).then([](int i) { return i; }).then([](int) {});
    promise.set_error(made());
    expect_no_report_yet();
  }
  expect_one_report();
}

TEST_F(LostErrors, AHandlerForErrorsFailsItselfAndIsDropped) {
  {
    const auto dropped = fail<int>(Error("handled")).recover([](Failure) -> int {
      throws();
      return 0;
    });
  }
  expect_one_report();
}

TEST_F(LostErrors, WhatFinallyCallsFails) {
  { const auto dropped = succeed(1).finally([] { throws(); }); }
  expect_one_report();
}

TEST_F(LostErrors, DetachedBeforeItFails) {
  testing::Clock clock;
  auto [wait, promise] = make_deferred<void>();
  throws_behind(std::move(wait)).detach();
  promise.set_value();
  expect_one_report();
}

TEST_F(LostErrors, DetachedAfterItFailed) {
  throws_at_once().detach();
  expect_one_report();
}

TEST_F(LostErrors, ATaskSetWithoutAHandler) {
  TaskSet set;
  set.spawn(throws_at_once());
  expect_one_report();
}

TEST_F(LostErrors, TheHandlerOfATaskSetFails) {
  TaskSet set([](Failure) { throws(); });
  auto [wait, promise] = make_deferred<int>();
  set.spawn(std::move(wait));
  promise.set_error(Error("handled"));
  expect_one_report();
}

TEST_F(LostErrors, ATaskGroupIsNotJoined) {
  {
    TaskGroup group;
    group.spawn(throws_at_once());
    expect_no_report_yet();
  }
  expect_one_report();
}

TEST_F(LostErrors, WhoJoinedATaskGroupIsGoneWhenItFails) {
  auto [wait, promise] = make_deferred<void>();
  {
    TaskGroup group;
    group.spawn(throws_behind(std::move(wait)));
    { const auto dropped = group.join(); }
    promise.set_value();
    EXPECT_TRUE(group.empty());
    expect_no_report_yet();
  }
  expect_one_report();
}

TEST_F(LostErrors, WhoJoinsATaskGroupAfterTheFirstWentGetsTheFailure) {
  auto [wait, promise] = make_deferred<void>();
  TaskGroup group;
  group.spawn(throws_behind(std::move(wait)));
  { const auto dropped = group.join(); }
  promise.set_value();
  auto joined = group.join();
  EXPECT_EQ(joined.take().error().message(), "the error");
  expect_no_report_yet();
}

TEST_F(LostErrors, TheResultOfJoiningATaskGroupIsDropped) {
  {
    TaskGroup group;
    group.spawn(throws_at_once());
    const auto dropped = group.join();
  }
  expect_one_report();
}

TEST_F(LostErrors, ADelayedCallThrows) {
  testing::Clock clock;
  const DelayedCall call = clock.call_later(1s, throws);
  clock.advance(1s);
  expect_one_report();
}

TEST_F(LostErrors, ACallWhenRunningThrows) {
  Reactor reactor;
  reactor.call_when_running(throws);
  reactor.call_when_running([&] { reactor.stop(); });
  reactor.run();
  expect_one_report();
}

TEST_F(LostErrors, ACallFromAThreadThrows) {
  Reactor reactor;
  std::jthread([&] {
    reactor.call_from_thread(throws);
    reactor.call_from_thread([&] { reactor.stop(); });
  }).join();
  reactor.run();
  expect_one_report();
}

TEST_F(LostErrors, ALoopingCallThrowsAndNobodyWaitsForItsEnd) {
  testing::Clock clock;
  {
    LoopingCall call(throws);
    call.start(1s);
    clock.advance(5s);
  }
  expect_one_report();
}

TEST_F(LostErrors, TheSecondFailureOfAGatherIsAttachedToTheFirst) {
  {
    const auto dropped = gather(fail<int>(Error("the first")), fails_at_once());
  }
  const auto records = captured_->records();
  ASSERT_EQ(records.size(), 1u) << captured_->text();
  EXPECT_NE(records[0].message.find("the first"), std::string::npos);
  const auto suppressed = records[0].detail.find("suppressed: the error");
  ASSERT_NE(suppressed, std::string::npos) << captured_->text();
  const std::string place = "lost_errors_test.cpp:" + std::to_string(error_line) + ")";
  EXPECT_NE(records[0].detail.find(place, suppressed), std::string::npos) << captured_->text();
}

TEST_F(LostErrors, AGatherIsDroppedAfterOneOfItsChildrenFailed) {
  auto [pending, promise] = make_deferred<int>();
  {
    // The other child waits for its shield: the whole is not over.
    testing::Clock clock;
    const auto dropped = gather(shield(1h, std::move(pending)), fails_at_once());
    EXPECT_TRUE(dropped.pending());
  }
  expect_one_report();
}

TEST_F(LostErrors, APromiseFailsAndItsDeferredIsDropped) {
  {
    auto [dropped, promise] = make_deferred<int>();
    promise.set_error(made());
    expect_no_report_yet();
  }
  expect_one_report();
}

TEST_F(LostErrors, TheResultOfAJobInAThreadPoolIsDropped) {
  Reactor reactor;
  ThreadPool pool;
  std::optional<Deferred<void>> job;
  DelayedCall poll;
  std::function<void()> look = [&] {
    if (job->pending()) {
      poll = reactor.call_later(1ms, [&] { look(); });
      return;
    }
    job.reset();
    reactor.stop();
  };
  reactor.call_when_running([&] {
    job.emplace(pool.defer(throws));
    look();
  });
  reactor.run();
  expect_one_report();
}

TEST_F(LostErrors, ASharedResultThatNobodyTook) {
  { const auto dropped = fork(fails_at_once()); }
  expect_one_report();
}

TEST_F(LostErrors, AForkOfAFailureIsDropped) {
  auto shared = fork(fails_at_once());
  { const auto dropped = shared.get(); }
  expect_one_report();
}

TEST_F(LostErrors, TheResultOfAShieldIsDropped) {
  testing::Clock clock;
  auto [wait, promise] = make_deferred<void>();
  {
    const auto dropped = shield(1s, throws_behind(std::move(wait)));
    promise.set_value();
    expect_no_report_yet();
  }
  expect_one_report();
}

TEST_F(LostErrors, AWaitWithATimeLimitIsDropped) {
  testing::Clock clock;
  auto [wait, promise] = make_deferred<void>();
  {
    const auto dropped = with_timeout(1s, throws_behind(std::move(wait)));
    promise.set_value();
  }
  expect_one_report();
}

TEST_F(LostErrors, CancelledIsNotAnError) {
  {
    auto [dropped, promise] = make_deferred<int>();
    dropped.cancel();
    EXPECT_TRUE(dropped.fired());
  }
  { const auto dropped = fail<int>(Cancelled{}); }
  expect_no_report_yet();
}

TEST_F(LostErrors, AnErrorThatWasSeenIsNotReported) {
  {
    auto seen = fails_at_once();
    EXPECT_FALSE(seen.take());
    const auto recovered = fails_at_once().recover([](Failure) { return 0; });
  }
  expect_no_report_yet();
}

}  // namespace
}  // namespace torc
