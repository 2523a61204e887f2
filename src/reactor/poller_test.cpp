// What every poller owes the watches, on each backend that this machine has.
#include "reactor/poller.hpp"

#include <torc/base/errors.hpp>
#include <torc/base/log.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/reactor/reactor.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace torc {
namespace {

using namespace std::chrono_literals;

struct Pair {
  Pair() {
    int fds[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0) throw SystemError("socketpair", errno);
    ours = UniqueFd(fds[0]);
    theirs = UniqueFd(fds[1]);
  }
  UniqueFd ours, theirs;
};

// Watches one end as a transport does: knows by itself what it found blocked.
struct Watched final : detail::Watch {
  Watched(Reactor& reactor, int fd) : reactor(reactor), fd(fd) { reactor.watch(fd, *this); }
  ~Watched() { reactor.unwatch(fd, *this); }

  void ready(detail::Readiness edge) noexcept override {
    readable |= edge.readable;
    writable |= edge.writable;
    hung_up |= edge.hung_up;
    broken |= edge.broken;
    ++told;
    if (on_ready) on_ready(edge);
  }
  detail::Readiness awaited() const noexcept override { return {.readable = !readable, .writable = !writable}; }

  std::string read_all() {
    std::string all;
    char buffer[4096];
    for (;;) {
      const auto count = ::read(fd, buffer, sizeof buffer);
      if (count <= 0) break;
      all.append(buffer, static_cast<std::size_t>(count));
    }
    readable = false;
    return all;
  }
  std::size_t write_all_it_takes() {
    const std::string block(64 * 1024, 'x');
    std::size_t total = 0;
    for (;;) {
      const auto count = ::write(fd, block.data(), block.size());
      if (count <= 0) break;
      total += static_cast<std::size_t>(count);
    }
    writable = false;
    return total;
  }

  Reactor& reactor;
  const int fd;
  bool readable = false, writable = false, hung_up = false, broken = false;
  int told = 0;
  std::function<void(detail::Readiness)> on_ready;
};

void write(int fd, std::string_view text) {
  ASSERT_EQ(::write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

class Pollers : public testing::TestWithParam<Backend> {
 protected:
  void SetUp() override {
    if (reactor.backend() != GetParam()) GTEST_SKIP() << "this machine has no " << to_string(GetParam());
  }
  // Runs until `f` has been called and has stopped the loop, a minute at most.
  void run() {
    auto limit = reactor.call_later(1min, [&] {
      ADD_FAILURE() << "nothing came within a minute";
      reactor.stop();
    });
    reactor.run();
  }
  std::shared_ptr<log::CaptureSink> captured = std::make_shared<log::CaptureSink>();
  log::ScopedSink scope{captured};
  Reactor reactor{{.backend = GetParam()}};
};

TEST_P(Pollers, TellOfWhatComesAndOfNothingElse) {
  Pair pair;
  Watched watched(reactor, pair.ours.get());
  std::string got;
  watched.on_ready = [&](detail::Readiness edge) {
    if (!edge.readable) return;
    got += watched.read_all();
    if (got == "ping") reactor.stop();
  };
  reactor.call_when_running([&] { write(pair.theirs.get(), "pi"); });
  auto later = reactor.call_later(5ms, [&] { write(pair.theirs.get(), "ng"); });
  run();
  EXPECT_EQ(got, "ping");
  EXPECT_TRUE(watched.writable);
  EXPECT_FALSE(watched.hung_up);
}

TEST_P(Pollers, TellEachEdgeOfAPingPongOfEqualSizes) {
  Pair pair;
  Watched ours(reactor, pair.ours.get()), theirs(reactor, pair.theirs.get());
  int rounds = 0;
  const auto answer = [&](Watched& side) {
    return [&](detail::Readiness edge) {
      if (!edge.readable) return;
      const std::string got = side.read_all();
      EXPECT_EQ(got, "12345678");
      if (++rounds == 2000) return reactor.stop();
      write(side.fd, got);
    };
  };
  ours.on_ready = answer(ours);
  theirs.on_ready = answer(theirs);
  reactor.call_when_running([&] { write(pair.theirs.get(), "12345678"); });
  run();
  EXPECT_EQ(rounds, 2000);
}

TEST_P(Pollers, SleepWhileNobodyReadsWhatHasCome) {
  Pair pair;
  Watched watched(reactor, pair.ours.get());
  write(pair.theirs.get(), "left alone");
  auto stop = reactor.call_later(50ms, [&] { reactor.stop(); });
  run();
  EXPECT_TRUE(watched.readable);
  EXPECT_LE(watched.told, 3);  // writable and readable, perhaps each by itself
  // Read when it likes: the next edge comes.
  EXPECT_EQ(watched.read_all(), "left alone");
  watched.on_ready = [&](detail::Readiness edge) {
    if (edge.readable) reactor.stop();
  };
  reactor.call_when_running([&] { write(pair.theirs.get(), "more"); });
  run();
  EXPECT_EQ(watched.read_all(), "more");
}

// A UNIX socket is writable anew whenever its peer reads: only who waits for that is woken.
TEST_P(Pollers, TellOfWritingOnlyWhenItIsWaitedFor) {
  if (GetParam() == Backend::kUring || GetParam() == Backend::kKqueue) GTEST_SKIP() << "it looks at both all the time";
  struct Reading : detail::Watch {
    void ready(detail::Readiness edge) noexcept override { told_writable += edge.writable; }
    detail::Readiness awaited() const noexcept override { return {.readable = true, .writable = waits}; }
    int told_writable = 0;
    bool waits = false;
  } reading;
  Pair pair;
  reactor.watch(pair.ours.get(), reading);
  int rounds = 0;
  std::function<void()> exchange = [&] {
    EXPECT_EQ(reading.told_writable, 0);
    if (++rounds == 20) return reactor.stop();
    char buffer[4];
    write(pair.ours.get(), "ping");
    EXPECT_EQ(::read(pair.theirs.get(), buffer, 4), 4);
    reactor.call_when_running(exchange);
  };
  reactor.call_when_running(exchange);
  run();
  reading.waits = true;
  reactor.call_when_running([&] { reactor.watch_writing(pair.ours.get(), reading); });
  auto stop = reactor.call_later(10ms, [&] { reactor.stop(); });
  run();
  EXPECT_GE(reading.told_writable, 1);
  reactor.unwatch(pair.ours.get(), reading);
}

TEST_P(Pollers, TellWhenAFullSocketTakesMore) {
  Pair pair;
  Watched watched(reactor, pair.ours.get());
  std::size_t sent = 0, received = 0;
  watched.on_ready = [&](detail::Readiness edge) {
    if (edge.writable && sent < 8 * 1024 * 1024) sent += watched.write_all_it_takes();
  };
  // Reads from outside the loop's knowledge, a little in each turn.
  std::optional<DelayedCall> reader;
  std::function<void()> read = [&] {
    char buffer[64 * 1024];
    const auto count = ::read(pair.theirs.get(), buffer, sizeof buffer);
    if (count > 0) received += static_cast<std::size_t>(count);
    if (sent >= 8 * 1024 * 1024 && received == sent) return reactor.stop();
    reactor.call_when_running(read);
  };
  reactor.call_when_running(read);
  run();
  EXPECT_GE(sent, 8u * 1024 * 1024);
  EXPECT_EQ(received, sent);
}

TEST_P(Pollers, TellOfTheEndOnce) {
  Pair pair;
  Watched watched(reactor, pair.ours.get());
  write(pair.theirs.get(), "last words");
  ::shutdown(pair.theirs.get(), SHUT_WR);
  std::string got;
  auto stop = reactor.call_later(50ms, [&] { reactor.stop(); });
  watched.on_ready = [&](detail::Readiness) { got += watched.read_all(); };
  run();
  EXPECT_EQ(got, "last words");
  EXPECT_TRUE(watched.hung_up);
  EXPECT_FALSE(watched.broken);
  EXPECT_LE(watched.told, 4);
}

TEST_P(Pollers, TellOfAPeerThatIsGoneAndThenSleep) {
  Pair pair;
  Watched watched(reactor, pair.ours.get());
  pair.theirs.reset();
  auto stop = reactor.call_later(50ms, [&] { reactor.stop(); });
  run();
  EXPECT_TRUE(watched.hung_up);
  EXPECT_TRUE(watched.broken);
  EXPECT_LE(watched.told, 4);
}

TEST_P(Pollers, TellNothingAfterTheRemovalEvenOfWhatWasCollected) {
  Pair one, other;
  std::optional<Watched> first(std::in_place, reactor, one.ours.get()), second(std::in_place, reactor, other.ours.get());
  int told = 0;
  // Both are ready in the same turn; whichever comes first removes both, itself too.
  const auto remove_both = [&](detail::Readiness edge) {
    if (!edge.readable) return;
    ++told;
    reactor.stop();
    const auto gone_first = std::move(first->on_ready), gone_second = std::move(second->on_ready);
    first.reset();
    second.reset();
  };
  first->on_ready = remove_both;
  second->on_ready = remove_both;
  reactor.call_when_running([&] {
    write(one.theirs.get(), "a");
    write(other.theirs.get(), "b");
  });
  run();
  EXPECT_EQ(told, 1);
}

TEST_P(Pollers, WatchAnotherDescriptorOfTheSameNumberAsNew) {
  auto pair = std::make_unique<Pair>();
  std::optional<Watched> watched(std::in_place, reactor, pair->ours.get());
  const int number = pair->ours.get();
  bool again = false;
  watched->on_ready = [&](detail::Readiness edge) {
    if (!edge.readable) return;
    reactor.call_when_running([&] {
      watched.reset();
      pair.reset();
      pair = std::make_unique<Pair>();
      ASSERT_EQ(pair->ours.get(), number);
      watched.emplace(reactor, number);
      watched->on_ready = [&](detail::Readiness now) {
        if (!now.readable) return;
        again = true;
        reactor.stop();
      };
      reactor.call_when_running([&] { write(pair->theirs.get(), "new"); });
    });
  };
  write(pair->theirs.get(), "old");
  run();
  EXPECT_TRUE(again);
  EXPECT_EQ(watched->read_all(), "new");
}

TEST_P(Pollers, CloseASocketAtOnceWhenItIsRemoved) {
  Pair pair;
  bool looked = false;
  std::optional<Watched> watched(std::in_place, reactor, pair.ours.get());
  auto later = reactor.call_later(2ms, [&] {
    watched.reset();
    pair.ours.reset();
    char byte;
    looked = true;
    EXPECT_EQ(::read(pair.theirs.get(), &byte, 1), 0) << "the kernel still holds the socket";
    reactor.stop();
  });
  run();
  EXPECT_TRUE(looked);
}

TEST_P(Pollers, RefuseWhatCannotBeWatched) {
  struct Nothing final : detail::Watch {
    void ready(detail::Readiness) noexcept override {}
  } watch;
  EXPECT_THROW(reactor.watch(1'000'000, watch), SystemError);
  Pair pair;
  reactor.watch(pair.ours.get(), watch);
  EXPECT_THROW(reactor.watch(pair.ours.get(), watch), SystemError);
  reactor.unwatch(pair.ours.get(), watch);
}

TEST_P(Pollers, KeepWhatIsWatchedFromOneRunToTheNext) {
  Pair pair;
  Watched watched(reactor, pair.ours.get());
  watched.on_ready = [&](detail::Readiness edge) {
    if (edge.readable) reactor.crash();
  };
  for (int round = 0; round < 3; ++round) {
    write(pair.theirs.get(), "x");
    run();
    EXPECT_EQ(watched.read_all(), "x");
  }
}

// Those of this system. Whether we may use them shows when they are asked for.
#ifdef __linux__
const auto kBackends = testing::Values(Backend::kEpoll, Backend::kPoll, Backend::kUring);
#else
const auto kBackends = testing::Values(Backend::kPoll, Backend::kKqueue);
#endif
INSTANTIATE_TEST_SUITE_P(, Pollers, kBackends,
                         [](const auto& info) { return std::string(to_string(info.param)); });

}  // namespace
}  // namespace torc
