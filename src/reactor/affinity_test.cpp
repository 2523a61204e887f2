#include <torc/async/affinity.hpp>

#include <torc/async/coroutine.hpp>
#include <torc/async/promise.hpp>
#include <torc/async/timing.hpp>
#include <torc/reactor/background_reactor.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <thread>

namespace torc {
namespace {

using namespace std::chrono_literals;

constexpr Duration kAmple = 60s;

// Both threads, and the way to do it right.
#define EXPECT_REFUSED(what, call)                                                          \
  EXPECT_DEATH(call, what " on thread \"[^\"]+\" \\([0-9]+\\), but the scheduler it belongs " \
                          "to is run by thread \"loop\" \\([0-9]+\\): use call_from_thread")

class ThreadChecksDeathTest : public ::testing::Test {
 protected:
  void SetUp() override {
#ifdef NDEBUG
    GTEST_SKIP() << "release builds check nothing";
#endif
  }
  // Made by the child of the death test.
  struct Loop {
    Loop() { background.call([] {}).wait(kAmple); }
    BackgroundReactor background{{.name = "loop"}};
    Reactor& reactor = background.reactor();
  };
};

TEST_F(ThreadChecksDeathTest, MethodsOfTheReactorSayWhoRunsIt) {
  EXPECT_REFUSED("a timer was set .*", Loop().reactor.call_later(1ms, [] {}).detach());
  EXPECT_REFUSED("Reactor::call_when_running\\(\\) was called", Loop().reactor.call_when_running([] {}));
  EXPECT_REFUSED("Reactor::stop\\(\\) was called", Loop().reactor.stop());
  EXPECT_REFUSED("Reactor::crash\\(\\) was called", Loop().reactor.crash());
  struct : detail::Watch {
    void ready(detail::Readiness) noexcept override {}
  } watch;
  EXPECT_REFUSED("Reactor::watch\\(\\) was called", Loop().reactor.watch(0, watch));
  EXPECT_REFUSED("Reactor::unwatch\\(\\) was called", Loop().reactor.unwatch(0, watch));
}

// What an operation of the loop is used for on this thread.
template <class F>
void with_a_pending(F f) {
  BackgroundReactor background({.name = "loop"});
  std::optional<Deferred<void>> deferred;
  std::optional<Promise<void>> promise;
  background.call([&] {
    auto [made, its_promise] = make_deferred<void>();
    deferred.emplace(std::move(made));
    promise.emplace(std::move(its_promise));
  }).wait(kAmple);
  f(*deferred, *promise);
  background.call([&] {
    deferred.reset();
    promise.reset();
  }).wait(kAmple);
}

TEST_F(ThreadChecksDeathTest, FiringCancellingAndDroppingElsewhereAreRefused) {
  EXPECT_REFUSED("a promise was fired, or an operation ended,", with_a_pending([](auto&, auto& p) { p.set_value(); }));
  EXPECT_REFUSED("an operation was cancelled", with_a_pending([](auto& d, auto&) { d.cancel(); }));
  EXPECT_REFUSED("a Deferred was dropped", with_a_pending([](auto& d, auto&) { auto gone = std::move(d); }));
}

TEST(ThreadChecks, LetWhatNobodyRunsBeUsedAnywhere) {
  Reactor reactor;
  bool called = false;
  auto call = reactor.call_later(1ms, [&] {
    called = true;
    reactor.stop();
  });
  std::thread([&] { reactor.run(); }).join();
  EXPECT_TRUE(called);
  reactor.call_when_running([] {});
}

}  // namespace
}  // namespace torc
