#include <torc/async/channel.hpp>

#include <torc/async/coroutine.hpp>
#include <torc/async/timing.hpp>
#include <torc/reactor/background_reactor.hpp>
#include <torc/reactor/run.hpp>
#include <torc/reactor/signals.hpp>
#include <torc/reactor/threads.hpp>

#include <gtest/gtest.h>

#include <sys/eventfd.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <thread>

namespace torc {
namespace {

using namespace std::chrono_literals;

// Long enough for the loop to look again at who is there.
constexpr Duration kLater = 150ms;

TEST(ChannelDeadlock, OfTheMainTaskEndsTheProgramWithAMessage) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(run([]() -> Deferred<void> {
    Channel<int> nobody_sends;
    co_await nobody_sends.receive();
  }), 1);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("nobody is left who could come to the channel"), std::string::npos);
}

TEST(ChannelDeadlock, IsFoundAfterJobsAndTimersHaveEnded) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    Channel<int> a, b;
    co_await defer_to_thread([] {});
    co_await sleep(1ms);
    auto one = [](Channel<int>& a, Channel<int>& b) -> Deferred<void> {
      co_await a.receive();
      co_await b.send(1);
    };
    auto first = one(a, b), second = one(b, a);
    const Outcome<void> how = co_await as_outcome(std::move(first));
    const Outcome<void> other = co_await as_outcome(std::move(second));
    EXPECT_TRUE(how.error().check<Deadlock>());
    EXPECT_TRUE(other.error().check<Deadlock>());
  }), 0);
}

TEST(ChannelDeadlock, IsFoundWhenTheLastThreadHasEndedWithoutAWord) {
  Channel<int> channel;
  std::thread other;
  EXPECT_EQ(run([&](this auto) -> Deferred<void> {
    other = std::thread([&reactor = *Reactor::current()] {
      std::this_thread::sleep_for(kLater);
      reactor.call_from_thread([] {});
    });
    const Outcome<int> outcome = co_await as_outcome(channel.receive());
    EXPECT_TRUE(outcome.error().check<Deadlock>());
  }), 0);
  other.join();
}

TEST(ChannelDeadlock, IsFoundBesideOneWhoWaitsUntilHeIsCancelled) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    Channel<int> nobody_sends;
    const auto endless = until_cancelled();
    const auto unlimited = with_timeout(Duration::max(), until_cancelled());
    const Outcome<int> outcome = co_await as_outcome(nobody_sends.receive());
    EXPECT_TRUE(outcome.error().check<Deadlock>());
  }), 0);
}

// Each of these can still wake the one who waits, and does.
void expect_served(std::move_only_function<void(Channel<int>&)> begin) {
  Channel<int> channel;
  EXPECT_EQ(run([&](this auto) -> Deferred<void> {
    begin(channel);
    const auto outcome = co_await as_outcome(channel.receive());
    EXPECT_TRUE(outcome) << outcome.error().report();
  }), 0);
}

TEST(ChannelDeadlock, IsNoneWhileATimerIsSet) {
  expect_served([](Channel<int>& channel) {
    Reactor::current()->call_later(kLater, [&] { channel.send(1).detach(); }).detach();
  });
}

TEST(ChannelDeadlock, IsNoneWhileAJobRuns) {
  expect_served([](Channel<int>& channel) {
    defer_to_thread([] { std::this_thread::sleep_for(kLater); }).then([&] { return channel.send(1); }).detach();
  });
}

TEST(ChannelDeadlock, IsNoneWhileAnotherThreadLives) {
  std::thread other;
  expect_served([&](Channel<int>& channel) {
    other = std::thread([&channel, &reactor = *Reactor::current()] {
      std::this_thread::sleep_for(kLater);
      reactor.call_from_thread([&] { channel.send(1).detach(); });
    });
  });
  other.join();
}

TEST(ChannelDeadlock, IsNoneWhileADescriptorIsWatched) {
  struct Watched final : detail::Watch {
    explicit Watched(Channel<int>& channel) : channel(channel) { reactor.watch(fd, *this); }
    ~Watched() {
      reactor.unwatch(fd, *this);
      ::close(fd);
    }
    void ready(detail::Readiness readiness) noexcept override {
      if (readiness.readable) channel.send(1).detach();
    }
    Reactor& reactor = *Reactor::current();
    Channel<int>& channel;
    int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  };
  Channel<int> channel;
  EXPECT_EQ(run([&](this auto) -> Deferred<void> {
    Watched watched(channel);
    // Another process might write to it; here one does that nobody counts as a thread.
    if (::fork() == 0) {
      ::usleep(150'000);
      const std::uint64_t one = 1;
      ::_exit(::write(watched.fd, &one, sizeof one) == sizeof one ? 0 : 1);
    }
    EXPECT_EQ(co_await channel.receive(), 1);
  }), 0);
}

TEST(ChannelDeadlock, IsNoneWhileASignalIsWaitedFor) {
  Channel<int> channel;
  EXPECT_EQ(run([&](this auto) -> Deferred<void> {
    const SignalWatch watch(*Reactor::current(), SIGUSR1, [&] { channel.send(1).detach(); });
    if (::fork() == 0) {
      ::usleep(150'000);
      ::_exit(::kill(::getppid(), SIGUSR1) == 0 ? 0 : 1);
    }
    EXPECT_EQ(co_await channel.receive(), 1);
  }), 0);
}

TEST(ChannelDeadlock, IsNoneOnABackgroundReactorWhichOthersMayCall) {
  BackgroundReactor background;
  Channel<int> channel;
  auto received = background.call([&] { return channel.receive(); });
  std::this_thread::sleep_for(kLater);
  background.call([&] { return channel.send(5); }).wait(60s);
  EXPECT_EQ(received.wait(60s), 5);
}

}  // namespace
}  // namespace torc
