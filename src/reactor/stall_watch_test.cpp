#include "reactor/stall_watch.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/async/fiber.hpp>
#include <torc/async/task_set.hpp>
#include <torc/async/timing.hpp>
#include <torc/base/log.hpp>
#include <torc/reactor/background_reactor.hpp>
#include <torc/reactor/hosting.hpp>
#include <torc/reactor/reactor.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

namespace torc {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

constexpr Duration kLimit = 20ms;

class Stall : public ::testing::Test {
 protected:
  // Only what the loop's watchdog says.
  std::vector<std::string> reports() const {
    std::vector<std::string> found;
    for (const auto& record : captured->records()) {
      if (record.component == "reactor") found.push_back(record.message + "\n" + record.detail);
    }
    return found;
  }

  // ThreadSanitizer keeps signals back until the thread waits: where it is then is not where it was.
  static constexpr bool kSamplesAreExact =
#if __has_feature(thread_sanitizer)
      false;
#else
      true;
#endif

  std::shared_ptr<log::CaptureSink> captured = std::make_shared<log::CaptureSink>();
  log::ScopedSink scope{captured};
};

// Holds the loop until it has been told of, then for three limits more.
[[gnu::noinline]] void hold_the_loop(const log::CaptureSink& seen) {
  const std::size_t before = seen.count();
  for (int i = 0; i < 10'000 && seen.count() == before; ++i) std::this_thread::sleep_for(1ms);
  std::this_thread::sleep_for(3 * kLimit);
}

Deferred<void> holds_after_a_wait(const log::CaptureSink& seen) {
  co_await sleep(1ms);
  hold_the_loop(seen);
}
Deferred<void> waits_for_it(const log::CaptureSink& seen) { co_await holds_after_a_wait(seen); }

TEST_F(Stall, IsReportedOnceWithFunctionLineTaskAndWhoWaits) {
  Reactor reactor({.stall_limit = kLimit});
  TaskSet tasks;
  reactor.call_when_running([&] {
    tasks.spawn(waits_for_it(*captured));
    tasks.join().then([&] { reactor.stop(); }).detach();
  });
  reactor.run();
  ASSERT_EQ(reports().size(), 1u) << captured->text();
  EXPECT_THAT(reports()[0], HasSubstr("is blocked, for "));
  if (kSamplesAreExact) {
    EXPECT_THAT(reports()[0],
                AllOf(ContainsRegex("by .*hold_the_loop.* \\(.*stall_watch_test.cpp:[0-9]+\\)"),
                      ContainsRegex("in a task of a TaskSet from stall_watch_test.cpp:[0-9]+"),
                      ContainsRegex("running on from co_await at stall_watch_test.cpp:[0-9]+, "
                                    "waited for by co_await at stall_watch_test.cpp:[0-9]+\n"),
                      HasSubstr("holds_after_a_wait")));
  }
}

TEST_F(Stall, EachOneHasItsReport) {
  Reactor reactor({.stall_limit = kLimit});
  reactor.call_when_running([&] {
    hold_the_loop(*captured);
    reactor.call_when_running([&] {  // in a turn of its own
      hold_the_loop(*captured);
      reactor.stop();
    });
  });
  reactor.run();
  ASSERT_EQ(reports().size(), 2u) << captured->text();
  if (kSamplesAreExact) EXPECT_THAT(reports()[0], HasSubstr("in no task: a callback"));
}

TEST_F(Stall, InAFiberIsFoundOnItsStack) {
  Reactor reactor({.stall_limit = kLimit});
  TaskSet tasks;
  reactor.call_when_running([&] {
    tasks.spawn_fiber([&] {
      await(sleep(1ms));
      hold_the_loop(*captured);
      reactor.stop();
    });
  });
  reactor.run();
  ASSERT_EQ(reports().size(), 1u) << captured->text();
  if (kSamplesAreExact) {
    EXPECT_THAT(reports()[0], AllOf(ContainsRegex("by .*hold_the_loop"), ContainsRegex("await at stall_watch_test.cpp:[0-9]+")));
  }
}

TEST_F(Stall, OnABackgroundReactorWhoseThreadGetsNoOtherSignal) {
  BackgroundReactor background({.name = "quiet", .reactor = {.stall_limit = kLimit}});
  background.call([&] { hold_the_loop(*captured); }).wait(60s);
  ASSERT_EQ(reports().size(), 1u) << captured->text();
  EXPECT_THAT(reports()[0], HasSubstr("thread \"quiet\""));
  if (kSamplesAreExact) EXPECT_THAT(reports()[0], HasSubstr("hold_the_loop"));
}

TEST_F(Stall, InADispatchOfAHostedReactor) {
  Reactor reactor({.stall_limit = kLimit});
  if (reactor.backend() == Backend::kPoll) GTEST_SKIP() << "poll cannot be hosted";
  {
    Hosting hosting(reactor);
    bool held = false;
    reactor.call_when_running([&] {
      hold_the_loop(*captured);
      held = true;
    });
    while (!held) {
      pollfd ready{.fd = hosting.fd(), .events = POLLIN, .revents = 0};
      ::poll(&ready, 1, 1000);
      hosting.dispatch();
    }
    // The host's own time is not ours.
    std::this_thread::sleep_for(3 * kLimit);
  }
  EXPECT_EQ(reports().size(), 1u) << captured->text();
  EXPECT_GE(reactor.loop_lag().max(), kLimit);
}

TEST_F(Stall, ManyShortTurnsAreNone) {
  Reactor reactor({.stall_limit = 1s});
  int turns = 0;
  std::move_only_function<void()> again = [&] {
    std::this_thread::sleep_for(10ms);
    ++turns < 150 ? reactor.call_when_running([&] { again(); }) : reactor.stop();
  };
  reactor.call_when_running([&] { again(); });
  reactor.run();
  EXPECT_EQ(reports().size(), 0u) << captured->text();
  EXPECT_GE(reactor.loop_lag().count(), 150u);
}

TEST_F(Stall, WithoutALimitNobodyWatches) {
  Reactor reactor({.stall_limit = Duration::zero()});
  bool watched = true;
  reactor.call_when_running([&] {
    watched = detail::StallWatch::has_thread();
    reactor.stop();
  });
  reactor.run();
  EXPECT_FALSE(watched);
}

TEST_F(Stall, TheWatchdogLivesFromTheFirstReactorToTheLast) {
  EXPECT_FALSE(detail::StallWatch::has_thread());
  {
    const BackgroundReactor one;
    Reactor reactor;
    reactor.call_when_running([&] { reactor.stop(); });
    reactor.run();
    EXPECT_TRUE(detail::StallWatch::has_thread());
  }
  EXPECT_FALSE(detail::StallWatch::has_thread());
}

TEST_F(Stall, OfAThreadThatBlocksTheSignalIsReportedWithoutItsStack) {
  Reactor reactor({.stall_limit = kLimit});
  reactor.call_when_running([&] {
    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    hold_the_loop(*captured);
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    reactor.stop();
  });
  reactor.run();
  ASSERT_EQ(reports().size(), 1u);
  EXPECT_THAT(reports()[0], HasSubstr("its thread did not say by what"));
}

TEST_F(Stall, ASignalThatSomebodyTookIsNotSent) {
  static std::atomic<int> arrived;
  arrived = 0;
  struct sigaction theirs {}, ours;
  theirs.sa_handler = [](int) { ++arrived; };
  ASSERT_NE(detail::sample_signal(), 0);
  ::sigaction(detail::sample_signal(), &theirs, &ours);
  Reactor reactor({.stall_limit = kLimit});
  reactor.call_when_running([&] {
    hold_the_loop(*captured);
    reactor.stop();
  });
  reactor.run();
  ::sigaction(detail::sample_signal(), &ours, nullptr);
  EXPECT_EQ(reports().size(), 1u);
  EXPECT_EQ(arrived, 0);
}

// How often the watchdog has gone to sleep.
long naps() {
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(task.path() / "comm"), name);
    if (name != "torc-watchdog") continue;
    std::ifstream status(task.path() / "status");
    for (std::string word; status >> word;) {
      long count = 0;
      if (word == "voluntary_ctxt_switches:" && status >> count) return count;
    }
  }
  return -1;
}

TEST_F(Stall, NobodyLooksWhileAllLoopsSleep) {
  Reactor reactor({.stall_limit = 2ms});
  long before = -1, after = -1;
  auto first = reactor.call_later(50ms, [&] { before = naps(); });
  auto last = reactor.call_later(550ms, [&] {
    after = naps();
    reactor.stop();
  });
  reactor.run();
  EXPECT_GE(before, 0);
  EXPECT_LE(after - before, 80);  // 20 after the turn that counted first, and some at its lock; one every limit would be 250
}

TEST_F(Stall, TheWatchdogLooksOnForAWhileAfterATurn) {
  BackgroundReactor background({.reactor = {.stall_limit = 100ms}});
  background.call([] {}).wait(60s);
  const long before = naps();
  for (int i = 0; i < 5000 && naps() < before + 4; ++i) std::this_thread::sleep_for(1ms);
  EXPECT_GE(naps(), before + 4);
}

TEST_F(Stall, AForkedChildWatchesItsOwnLoops) {
#if __has_feature(thread_sanitizer)
  GTEST_SKIP() << "ThreadSanitizer lets no forked child start a thread";
#endif
  Reactor reactor({.stall_limit = kLimit});
  int status = -1;
  reactor.call_when_running([&] {
    const pid_t child = ::fork();
    if (child == 0) {
      auto seen = std::make_shared<log::CaptureSink>();
      const log::ScopedSink into{seen};
      std::thread([&] {
        Reactor own({.stall_limit = kLimit});
        own.call_when_running([&] {
          hold_the_loop(*seen);
          own.stop();
        });
        own.run();
      }).join();
      ::_exit(seen->count() == 1 ? 7 : 1);
    }
    ::waitpid(child, &status, 0);
    reactor.stop();
  });
  reactor.run();
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

[[gnu::noinline]] int throw_deep(int depth) {
  if (depth == 0) throw std::runtime_error("deep");
  return throw_deep(depth - 1) + 1;
}

TEST(ThreadSample, IsSafeAtAnyMoment) {
#if __has_feature(thread_sanitizer)
  GTEST_SKIP() << "ThreadSanitizer keeps a signal back until the thread makes a system call, which this one does not";
#endif
  constexpr int kSamples = 10'000;
  std::atomic<bool> over = false;
  std::atomic<long> rounds = 0;
  std::thread busy([&] {
    const detail::SamplesAllowed here;
    TaskSet tasks;
    while (!over) {
      try {
        throw_deep(static_cast<int>(rounds % 20));
      } catch (const std::exception& e) {
        std::vector<std::string> copies(50, std::string(200, e.what()[0]));
        if (copies.back()[7] != 'd') std::abort();
      }
      auto fiber = defer_to_fiber([&] { await(yield()); });
      auto waits = [](Deferred<void> inner) -> Deferred<void> { co_await std::move(inner); }(std::move(fiber));
      tasks.spawn(std::move(waits));
      tasks.cancel().detach();
      if (rounds % 16 == 0) static_cast<void>(Traceback::here().text());
      ++rounds;
    }
  });
  while (rounds == 0) std::this_thread::yield();
  int taken = 0;
  for (int i = 0; i < kSamples; ++i) {
    ASSERT_TRUE(detail::ask_for_sample(busy.native_handle()));
    if (const auto* sample = detail::wait_for_sample(5s)) {
      ++taken;
      ASSERT_GT(sample->count, 0u);
      ASSERT_LE(sample->task.count, detail::RunningTask::kMaxWaits);
      if (i % 1000 == 0) static_cast<void>(sample->task.text());
    }
  }
  over = true;
  busy.join();
  EXPECT_EQ(taken, kSamples);
}

TEST(ThreadSample, LetsAReadGoOnAndLeavesErrnoAlone) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  std::atomic<bool> begun = false;
  std::string got;
  int error = -1;
  std::thread reader([&] {
    const detail::SamplesAllowed here;
    begun = true;
    errno = EDOM;
    char byte = 0;
    if (::read(ends[0], &byte, 1) == 1) got = byte;
    error = errno;
  });
  while (!begun) std::this_thread::yield();
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(detail::ask_for_sample(reader.native_handle()));
    EXPECT_TRUE(detail::wait_for_sample(5s));
  }
  ASSERT_EQ(::write(ends[1], "x", 1), 1);
  reader.join();
  EXPECT_EQ(got, "x");
  EXPECT_EQ(error, EDOM);
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace torc
