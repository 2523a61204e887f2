// A reactor that drives each of the loops that can be driven.
#include "host/test_loops.hpp"

#include <torc/async/promise.hpp>
#include <torc/base/unique_fd.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace torc {
namespace {

using namespace std::chrono_literals;

class GuestLoops : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { guest->attach(reactor); }
  void run() {
    auto limit = reactor.call_later(20s, [&] {
      ADD_FAILURE() << "took too long";
      reactor.crash();
    });
    reactor.run();
  }

  std::unique_ptr<testing::GuestLoop> guest = testing::make_guest_loop(GetParam());
  Reactor reactor;

  void TearDown() override { guest->detach(); }
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(GuestLoops);  // neither library is there
INSTANTIATE_TEST_SUITE_P(Loops, GuestLoops, ::testing::ValuesIn(testing::guest_loops()),
                         [](const auto& tested) { return tested.param; });

struct Pipe {
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) std::abort();
    read.reset(ends[0]);
    write.reset(ends[1]);
  }
  void put(const std::string& text) {
    EXPECT_EQ(::write(write.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  char get() {
    char byte = 0;
    EXPECT_EQ(::read(read.get(), &byte, 1), 1);
    return byte;
  }
  UniqueFd read, write;
};

TEST_P(GuestLoops, TimersOfBothRunInOrder) {
  std::string order;
  guest->after(10ms, [&] { order += 'a'; });
  auto second = reactor.call_later(20ms, [&] { order += 'b'; });
  guest->after(30ms, [&] {
    order += 'c';
    reactor.stop();
  });
  run();
  EXPECT_EQ(order, "abc");
}

TEST_P(GuestLoops, AReaderThatTakesALittleAtATimeIsCalledAgain) {
  Pipe pipe;
  std::string got;
  guest->watch(pipe.read.get(), [&] {
    got += pipe.get();
    if (got.size() == 10) reactor.stop();
    return got.size() < 10;
  });
  auto call = reactor.call_later(5ms, [&] { pipe.put("0123456789"); });
  run();
  EXPECT_EQ(got, "0123456789");
}

TEST_P(GuestLoops, WhatCodeOfTheReactorAddsIsSeen) {
  Pipe pipe;
  std::string order;
  auto call = reactor.call_later(5ms, [&] {
    guest->after(5ms, [&] {
      order += 't';
      pipe.put("x");
    });
    guest->watch(pipe.read.get(), [&] {
      order += pipe.get();
      reactor.stop();
      return false;
    });
  });
  run();
  EXPECT_EQ(order, "tx");
}

TEST_P(GuestLoops, ADescriptorWhoseNumberIsUsedAgainIsWatched) {
  auto first = std::make_unique<Pipe>();
  const int number = first->read.get();
  std::unique_ptr<Pipe> second;
  std::string got;
  guest->watch(number, [&] {
    got += first->get();
    return false;  // the loop stops watching
  });
  first->put("1");
  auto call = reactor.call_later(10ms, [&] {
    first.reset();
    second = std::make_unique<Pipe>();
    EXPECT_EQ(second->read.get(), number);
    guest->watch(number, [&] {
      got += second->get();
      reactor.stop();
      return false;
    });
    second->put("2");
  });
  run();
  EXPECT_EQ(got, "12");
}

TEST_P(GuestLoops, ACallFromAThreadWakesTheReactor) {
  std::optional<std::thread> other;
  bool called = false;
  auto call = reactor.call_later(10ms, [&] {
    other.emplace([&] {
      guest->call([&] {
        called = true;
        reactor.stop();
      });
    });
  });
  run();
  other->join();
  EXPECT_TRUE(called);
}

TEST_P(GuestLoops, WhatACallbackFiresRunsWhenTheLoopHasReturned) {
  bool inside = false, told = false;
  auto [deferred, promise] = make_deferred<void>();
  auto chain = std::move(deferred).then([&] {
    EXPECT_FALSE(inside);
    told = true;
    reactor.stop();
  });
  guest->after(1ms, [&] {
    inside = true;
    promise.set_value();
    inside = false;
  });
  run();
  EXPECT_TRUE(told);
}

TEST_P(GuestLoops, SleepsWhileNeitherHasAnythingToDo) {
  struct Turns final : detail::BeforeSleep {
    void before_sleep() noexcept override { ++count; }
    int count = 0;
  } turns;
  Pipe pipe;
  guest->watch(pipe.read.get(), [] { return true; });
  int at_start = 0;
  auto settled = reactor.call_later(20ms, [&] {
    reactor.call_before_sleep(turns);
    guest->after(200ms, [&] { reactor.stop(); });
    at_start = turns.count;
  });
  run();
  EXPECT_LE(turns.count - at_start, 8);
}

TEST_P(GuestLoops, MayBeDestroyedByItsOwnCallback) {
  bool after = false;
  guest->after(1ms, [&] { guest->detach(); });
  guest->after(20ms, [] { ADD_FAILURE() << "called without a driver"; });
  auto call = reactor.call_later(40ms, [&] {
    after = true;
    reactor.stop();
  });
  run();
  EXPECT_TRUE(after);
}

TEST_P(GuestLoops, TheReactorMayGoFirst) {
  auto other = testing::make_guest_loop(GetParam());
  {
    Reactor brief;
    other->attach(brief);
    bool called = false;
    other->after(1ms, [&] {
      called = true;
      brief.stop();
    });
    brief.run();
    EXPECT_TRUE(called);
  }
  other->detach();
  // Free for another.
  other->attach(reactor);
  other->after(1ms, [&] { reactor.stop(); });
  run();
  other->detach();
}

TEST_P(GuestLoops, IsDrivenByAHostedReactorToo) {
  for (const auto& name : testing::host_loops()) {
    SCOPED_TRACE(name);
    auto host = testing::make_host_loop(name);
    auto driven = testing::make_guest_loop(GetParam());
    Reactor between;
    Pipe pipe;
    std::string got;
    driven->attach(between);
    host->attach(between);
    driven->after(5ms, [&] { pipe.put("abc"); });
    driven->watch(pipe.read.get(), [&] {
      got += pipe.get();
      return got.size() < 3;
    });
    EXPECT_TRUE(host->run_until([&] { return got == "abc"; }));
    host->detach();
    driven->detach();
  }
}

}  // namespace
}  // namespace torc
