#include <torc/base/log.hpp>
#include <torc/reactor/reactor.hpp>

#include <gtest/gtest.h>

#include <time.h>

#include <memory>
#include <string>
#include <thread>

namespace torc {
namespace {

using namespace std::chrono_literals;

Duration busy_time() {
  timespec time;
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

class Spin : public testing::TestWithParam<Backend> {};

TEST_P(Spin, LooksOnInsteadOfSleepingAndIsNoStall) {
  auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope{captured};
  Reactor reactor({.backend = GetParam(), .spin = 1h, .stall_limit = 20ms});
  const auto began = std::chrono::steady_clock::now();
  const Duration before = busy_time();
  auto stop = reactor.call_later(100ms, [&] { reactor.stop(); });
  reactor.run();
  EXPECT_GE(std::chrono::steady_clock::now() - began, 99ms);  // a timer comes on time, however long it may spin
  EXPECT_GE(busy_time() - before, 15ms);                       // others may have had the processor for the rest
  EXPECT_FALSE(captured->contains("blocked")) << captured->text();
}

TEST_P(Spin, SleepsWhenTheTimeIsOver) {
  Reactor reactor({.backend = GetParam(), .spin = 1ms});
  const Duration before = busy_time();
  auto stop = reactor.call_later(200ms, [&] { reactor.stop(); });
  reactor.run();
  EXPECT_LE(busy_time() - before, 100ms);
}

TEST_P(Spin, HearsCallsFromThreadsAwakeOrAsleep) {
  for (const Duration spin : {Duration(1h), Duration(20us)}) {
    Reactor reactor({.backend = GetParam(), .spin = spin});
    constexpr int kCalls = 2000;
    int calls = 0;
    std::thread other([&] {
      for (int i = 0; i < kCalls; ++i) {
        reactor.call_from_thread([&] {
          if (++calls == kCalls) reactor.stop();
        });
        if (i % 10 == 0) std::this_thread::yield();
      }
    });
    reactor.run();
    other.join();
    EXPECT_EQ(calls, kCalls);
  }
}

INSTANTIATE_TEST_SUITE_P(, Spin, testing::Values(Backend::kEpoll, Backend::kPoll, Backend::kUring),
                         [](const auto& info) { return std::string(to_string(info.param)); });

}  // namespace
}  // namespace torc
