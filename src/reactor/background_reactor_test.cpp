#include <torc/reactor/background_reactor.hpp>

#include <torc/async/coroutine.hpp>
#include <torc/async/promise.hpp>
#include <torc/async/timing.hpp>
#include <torc/base/log.hpp>

#include <gtest/gtest.h>

#include <sys/resource.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <optional>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace torc {
namespace {

using namespace std::chrono_literals;

constexpr Duration kAmple = 60s;  // a limit that is not to be reached

// Says on which thread it is destroyed.
struct Witness {
  explicit Witness(std::thread::id* died) : died(died) {}
  Witness(Witness&& other) noexcept : died(std::exchange(other.died, nullptr)) {}
  Witness& operator=(Witness&&) = delete;
  ~Witness() {
    if (died) *died = std::this_thread::get_id();
  }
  std::thread::id* died;
};

std::thread::id thread_of(BackgroundReactor& background) {
  return background.call_and_wait(kAmple, [] { return std::this_thread::get_id(); });
}

// All that was sent to the reactor before has been done.
void settle_down(BackgroundReactor& background) {
  background.call_and_wait(kAmple, [] {});
}

TEST(BackgroundReactor, GivesValuesDeferredsAndErrors) {
  BackgroundReactor background;
  EXPECT_NE(thread_of(background), std::this_thread::get_id());
  EXPECT_EQ(background.call([] { return 7; }).wait(kAmple), 7);
  EXPECT_EQ(background.call([]() -> Deferred<std::string> {
    co_await sleep(1ms);
    co_return "later";
  }).wait(kAmple), "later");
  background.call([] {}).wait(kAmple);
  background.call([]() -> Deferred<void> { co_await sleep(1ms); }).wait(kAmple);
  EXPECT_THROW(background.call([]() -> int { throw std::out_of_range("now"); }).wait(kAmple), std::out_of_range);
  EXPECT_THROW(background.call([]() -> Deferred<void> {
    co_await sleep(1ms);
    throw std::out_of_range("later");
  }).wait(kAmple), std::out_of_range);
  EXPECT_TRUE(background.call([&] { return Reactor::current() == &background.reactor(); }).wait(kAmple));
}

TEST(BackgroundReactor, TwoRunSideBySide) {
  BackgroundReactor one, other;
  EXPECT_NE(thread_of(one), thread_of(other));
  auto a = one.call([]() -> Deferred<int> { co_await sleep(2ms); co_return 1; });
  auto b = other.call([]() -> Deferred<int> { co_await sleep(1ms); co_return 2; });
  EXPECT_EQ(a.wait(kAmple) + b.wait(kAmple), 3);
}

TEST(BackgroundReactor, CallsArriveInTheOrderOfTheirThread) {
  BackgroundReactor background;
  std::string order;
  background.reactor().call_from_thread([&] { order += 'a'; });
  auto b = background.call([&] { order += 'b'; });
  background.reactor().call_from_thread([&] { order += 'c'; });
  background.call([&] { order += 'd'; }).wait(kAmple);
  EXPECT_EQ(order, "abcd");
}

TEST(BackgroundReactor, StoppingReleasesWhoeverWaitsAndRefusesLaterCalls) {
  BackgroundReactor background;
  auto pending = background.call([] { return until_cancelled(); });
  std::binary_semaphore waits{0};
  bool released = false;
  std::thread waiter([&] {
    waits.release();
    try {
      pending.wait(kAmple);
    } catch (const ReactorStopped&) {
      released = true;
    }
  });
  waits.acquire();
  auto before = background.call([] { return 5; });
  EXPECT_EQ(before.wait(kAmple), 5);
  background.stop();
  waiter.join();
  EXPECT_TRUE(released);
  EXPECT_THROW(pending.wait(kAmple), ReactorStopped);
  EXPECT_THROW(background.call([] { return 1; }).wait(kAmple), ReactorStopped);
  EXPECT_THROW(background.call_and_wait(kAmple, [] {}), ReactorStopped);
  EXPECT_EQ(before.wait(kAmple), 5);  // what was there stays
}

TEST(BackgroundReactor, StoppingLetsOperationsEndInOrder) {
  std::atomic<bool> cleaned = false;
  {
    BackgroundReactor background;
    auto pending = background.call([&cleaned](this auto) -> Deferred<void> {
      auto outcome = co_await as_outcome(until_cancelled());
      co_await shield(kAmple, sleep(1ms));
      cleaned = true;
      outcome.value();
    });
    settle_down(background);
    background.stop();
    EXPECT_THROW(pending.wait(kAmple), ReactorStopped);
  }
  EXPECT_TRUE(cleaned);
}

TEST(BackgroundReactor, ResultsMayOutliveIt) {
  std::thread::id died, there;
  std::optional<EventualResult<Witness>> value;
  std::optional<EventualResult<void>> pending, failed;
  {
    BackgroundReactor background;
    there = thread_of(background);
    value.emplace(background.call([&] { return Witness(&died); }));
    pending.emplace(background.call([] { return until_cancelled(); }));
    failed.emplace(background.call([] { throw std::out_of_range("no"); }));
    EXPECT_EQ(value->wait(kAmple).died, &died);
    EXPECT_EQ(died, std::thread::id());
  }
  EXPECT_EQ(died, there);
  EXPECT_THROW(value->wait(kAmple), ReactorStopped);
  EXPECT_THROW(pending->wait(kAmple), ReactorStopped);
  EXPECT_THROW(failed->wait(kAmple), std::out_of_range);
  pending->cancel();
  EXPECT_THROW(std::move(*failed).stash(), ReactorStopped);
}

TEST(BackgroundReactor, SaysWhenItCannotBeMade) {
  rlimit before;
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  EXPECT_THROW(BackgroundReactor(), SystemError);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST(BackgroundReactor, ItsThreadGetsNoSignals) {
  BackgroundReactor background({.name = "quiet"});
  EXPECT_TRUE(background.call([] {
    sigset_t mask;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    return ::sigismember(&mask, SIGTERM) == 1 && ::sigismember(&mask, SIGUSR1) == 1 && ::sigismember(&mask, SIGSEGV) == 0;
  }).wait(kAmple));
  sigset_t mine;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mine);
  EXPECT_EQ(::sigismember(&mine, SIGTERM), 0);
}

TEST(EventualResult, WaitsAgainWithTheSameEndEachTime) {
  BackgroundReactor background;
  std::binary_semaphore go{0};
  auto value = background.call([&]() -> std::string {
    go.acquire();
    return "it";
  });
  EXPECT_FALSE(value.ready());
  EXPECT_THROW(value.wait(1ms), TimeoutError);
  EXPECT_THROW(value.wait(0ms), TimeoutError);
  go.release();
  const std::string& first = value.wait(Duration::max());
  EXPECT_EQ(&value.wait(0ms), &first);
  EXPECT_EQ(first, "it");
  EXPECT_TRUE(value.ready());
  EXPECT_FALSE(value.original_failure());

  auto failed = background.call([]() -> int { throw std::out_of_range("here"); });
  for (int i = 0; i < 3; ++i) EXPECT_THROW(failed.wait(kAmple), std::out_of_range);
  EXPECT_TRUE(failed.original_failure()->check<std::out_of_range>());
}

TEST(EventualResult, ATimeoutDoesNotCancelAndCancelDoes) {
  BackgroundReactor background;
  std::optional<Promise<int>> promise;
  const auto begin = [&] {
    auto [deferred, made] = make_deferred<int>();
    promise.emplace(std::move(made));
    return std::move(deferred);
  };
  auto kept = background.call(begin);
  EXPECT_THROW(kept.wait(1ms), TimeoutError);
  background.reactor().call_from_thread([&] { promise->set_value(3); });
  EXPECT_EQ(kept.wait(kAmple), 3);

  auto cancelled = background.call(begin);
  settle_down(background);
  cancelled.cancel();
  EXPECT_THROW(cancelled.wait(kAmple), Cancelled);
  EXPECT_FALSE(background.call([&] { return promise->wanted(); }).wait(kAmple));
  cancelled.cancel();  // nothing happens
  EXPECT_TRUE(cancelled.original_failure()->check<Cancelled>());
}

TEST(EventualResult, CancelledBeforeItBeganIsNotCalled) {
  BackgroundReactor background;
  std::binary_semaphore go{0};
  background.reactor().call_from_thread([&] { go.acquire(); });
  bool called = false;
  auto cancelled = background.call([&] { called = true; });
  { auto dropped = background.call([&] { called = true; }); }
  cancelled.cancel();
  EXPECT_THROW(cancelled.wait(kAmple), Cancelled);
  go.release();
  settle_down(background);
  EXPECT_FALSE(called);
}

TEST(EventualResult, TheValueLivesAndDiesOnTheReactorsThread) {
  BackgroundReactor background;
  std::thread::id died;
  const auto there = thread_of(background);
  {
    auto value = background.call([&] { return Witness(&died); });
    value.wait(kAmple);
  }
  settle_down(background);
  EXPECT_EQ(died, there);
}

TEST(EventualResult, DroppingItDropsTheOperationAndDetachingDoesNot) {
  BackgroundReactor background;
  std::optional<Promise<>> promise;
  const auto begin = [&] {
    auto [deferred, made] = make_deferred<>();
    promise.emplace(std::move(made));
    return std::move(deferred);
  };
  const auto wanted = [&] { return background.call_and_wait(kAmple, [&] { return promise->wanted(); }); };
  {
    auto dropped = background.call(begin);
    EXPECT_TRUE(wanted());
  }
  EXPECT_FALSE(wanted());
  auto replaced = background.call(begin);
  EXPECT_TRUE(wanted());
  replaced = background.call([] {});
  EXPECT_FALSE(wanted());
  background.call(begin).detach();
  EXPECT_TRUE(wanted());
  background.call_and_wait(kAmple, [&] { promise->set_value(); });
  background.call([&] { return Witness(nullptr); }).detach();
}

TEST(EventualResult, AFailureNobodyLookedAtIsLoggedOnce) {
  auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope{captured};
  BackgroundReactor background;
  {
    auto unseen = background.call([] { throw std::out_of_range("unseen"); });
    auto seen = background.call([] { throw std::out_of_range("waited for"); });
    auto inspected = background.call([] { throw std::out_of_range("inspected"); });
    auto cancelled = background.call([] { return until_cancelled(); });
    cancelled.cancel();
    EXPECT_THROW(seen.wait(kAmple), std::out_of_range);
    settle_down(background);
    EXPECT_TRUE(inspected.original_failure());
  }
  background.call([] { throw std::out_of_range("detached"); }).detach();
  settle_down(background);
  EXPECT_TRUE(captured->contains("unseen"));
  EXPECT_TRUE(captured->contains("detached"));
  EXPECT_FALSE(captured->contains("waited for"));
  EXPECT_FALSE(captured->contains("inspected"));
  EXPECT_FALSE(captured->contains("ancelled"));
}

TEST(EventualResult, IsStashedAndRetrievedOnce) {
  auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope{captured};
  {
    BackgroundReactor background;
    const StashId id = background.call([] { return std::string("kept"); }).stash();
    const StashId other = background.call([] { return until_cancelled(); }).stash();
    EXPECT_NE(id, other);
    EXPECT_THROW(static_cast<void>(background.retrieve<int>(id)), NotStashed);
    EXPECT_EQ(background.retrieve<std::string>(id).wait(kAmple), "kept");
    EXPECT_THROW(static_cast<void>(background.retrieve<std::string>(id)), NotStashed);
    EXPECT_THROW(static_cast<void>(background.retrieve<std::string>(999)), NotStashed);
    EXPECT_THROW(background.retrieve<void>(other).wait(1ms), TimeoutError);
    static_cast<void>(background.call([] { throw std::out_of_range("never retrieved"); }).stash());
    settle_down(background);
  }
  EXPECT_TRUE(captured->contains("never retrieved"));
}

TEST(EventualResult, IsWaitedForBySeveralThreads) {
  BackgroundReactor background;
  auto value = background.call([]() -> Deferred<std::string> {
    co_await sleep(5ms);
    co_return "shared";
  });
  std::atomic<int> right = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { right += value.wait(kAmple) == "shared"; });
  }
  EXPECT_EQ(right, 4);
}

TEST(EventualResult, EightThreadsOfAThousandCalls) {
  BackgroundReactor background;
  std::atomic<int> right = 0;
  int counter = 0;  // the reactor's
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 1000; ++i) {
          switch (i % 5) {
            case 0: right += background.call_and_wait(kAmple, [&] { return ++counter > 0; }); break;
            case 1: right += background.call([t, i] { return succeed(t * i); }).wait(kAmple) == t * i; break;
            case 2: {
              auto cancelled = background.call([] { return until_cancelled(); });
              cancelled.cancel();
              try {
                cancelled.wait(kAmple);
              } catch (const Cancelled&) {
                ++right;
              }
              break;
            }
            case 3: {
              auto dropped = background.call([] { return sleep(kAmple); });
              ++right;
              break;
            }
            default: {
              const StashId id = background.call([t] { return t; }).stash();
              right += background.retrieve<int>(id).wait(kAmple) == t;
            }
          }
        }
      });
    }
  }
  EXPECT_EQ(right, 8000);
  EXPECT_EQ(background.call_and_wait(kAmple, [&] { return counter; }), 8 * 200);
}

TEST(EventualResult, IsReleasedWhateverMomentTheReactorStopsAt) {
  for (int round = 0; round < 200; ++round) {
    auto background = std::make_unique<BackgroundReactor>();
    auto a = background->call([] { return until_cancelled(); });
    background->stop();
    auto b = background->call([] { return std::string(100, 'x'); });
    if (round % 2) background.reset();
    EXPECT_THROW(a.wait(kAmple), ReactorStopped);
    try {
      EXPECT_EQ(b.wait(kAmple).size(), 100U);
    } catch (const ReactorStopped&) {
    }
  }
}

TEST(EventualResultDeathTest, WaitingOnItsReactorsThreadIsExplained) {
  const auto wait = [] {
    BackgroundReactor background;
    auto inner = background.call([] { return 1; });
    background.call([&] { inner.wait(1s); }).wait(kAmple);
  };
  EXPECT_DEATH(wait(), "reactor's own thread: the loop cannot turn");
}

TEST(EventualResultDeathTest, WaitingInACoroutineIsExplained) {
  const auto wait = [] {
    BackgroundReactor background;
    background.call([&](this auto) -> Deferred<void> {
      co_await sleep(1ms);
      background.call([] {}).wait(1s);
    }).wait(kAmple);
  };
  EXPECT_DEATH(wait(), "reactor's own thread: the loop cannot turn");
}

TEST(EventualResultDeathTest, WaitingForAnotherReactorOnAReactorsThreadIsExplained) {
  const auto wait = [] {
    BackgroundReactor one, other;
    one.call([&] { other.call_and_wait(1s, [] {}); }).wait(kAmple);
  };
  EXPECT_DEATH(wait(), "reactor's own thread: the loop cannot turn");
}

TEST(EventualResultDeathTest, UsingOneThatWasMovedIsExplained) {
  const auto use = [] {
    BackgroundReactor background;
    auto value = background.call([] { return 1; });
    std::move(value).detach();
    value.wait(1s);
  };
  EXPECT_DEATH(use(), "EventualResult::wait\\(\\) on one that was moved");
}

TEST(BackgroundReactorDeathTest, DestroyingItOnItsOwnThreadIsExplained) {
  const auto destroy = [] {
    auto background = std::make_unique<BackgroundReactor>();
    auto& it = *background;
    it.call([&] { background.reset(); }).wait(kAmple);
  };
  EXPECT_DEATH(destroy(), "destroyed on its own thread");
}

TEST(BackgroundReactorDeathTest, RunningItsReactorAgainIsExplained) {
  const auto run = [] {
    BackgroundReactor background;
    background.call([&] { background.reactor().run(); }).wait(kAmple);
  };
  EXPECT_DEATH(run(), "Reactor::run\\(\\) was called while a reactor runs");
}

TEST(BackgroundReactorDeathTest, AStaticOneLetsTheProcessExitInOrder) {
  const auto exit_with_one = [] {
    static BackgroundReactor background;
    static auto pending = background.call([] { return until_cancelled(); });
    static const StashId stashed = background.call([]() -> int { throw std::out_of_range("stashed to the end"); }).stash();
    settle_down(background);
    std::exit(stashed > 0 ? 3 : 4);
  };
  EXPECT_EXIT(exit_with_one(), testing::ExitedWithCode(3), "stashed to the end");
}

}  // namespace
}  // namespace torc
