#include <torc/net/terminal_size.hpp>

#include "net/on_reactor.hpp"
#include "net/test_terminal.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/net/descriptor_stream.hpp>
#include <torc/net/layer.hpp>

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace torc {
namespace {

using namespace std::chrono_literals;

template <class Setting>
std::string why_not(Setting set) {
  try {
    set();
    return "";
  } catch (const SystemError& error) {
    return error.what();
  }
}

TEST(TerminalSize, IsTheSameOnBothSides) {
  on_reactor([]() -> Deferred<void> {
    Terminal terminal;
    EXPECT_EQ(terminal_size(terminal.ours.get()), std::nullopt);  // nobody has said
    set_terminal_size(terminal.ours.get(), {.rows = 50, .columns = 132});
    EXPECT_EQ(terminal_size(terminal.theirs.get()), (TerminalSize{.rows = 50, .columns = 132}));

    auto ours = adopt_terminal(std::move(terminal.ours));
    auto theirs = adopt_terminal(std::move(terminal.theirs));
    set_terminal_size(theirs, {.rows = 7, .columns = 8});
    EXPECT_EQ(terminal_size(ours), (TerminalSize{.rows = 7, .columns = 8}));
    co_await ours.upgrade(std::make_unique<Layer>());
    set_terminal_size(ours, {.rows = 9, .columns = 10});  // through the layer
    EXPECT_EQ(terminal_size(theirs), (TerminalSize{.rows = 9, .columns = 10}));
  });
}

TEST(TerminalSize, IsThatOfTheSideThatIsATerminal) {
  on_reactor([]() -> Deferred<void> {
    Terminal terminal;
    set_terminal_size(terminal.ours.get(), {.rows = 5, .columns = 6});
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    UniqueFd read(ends[0]), write(ends[1]);
    const auto piped_in = adopt_pipes(std::move(read), std::move(terminal.theirs));
    EXPECT_EQ(terminal_size(piped_in), (TerminalSize{.rows = 5, .columns = 6}));
    co_return;
  });
}

TEST(TerminalSize, ThereIsNoneWithoutATerminal) {
  on_reactor([]() -> Deferred<void> {
    auto [here, there] = stream_pair();
    EXPECT_EQ(terminal_size(here), std::nullopt);
    EXPECT_EQ(why_not([&here] { set_terminal_size(here, {}); }),
              "setting the size of a terminal (of a stream): Inappropriate ioctl for device");
    there.close();
    EXPECT_EQ(co_await here.read_some(), std::nullopt);
    here.close();
    while (here.open()) co_await sleep(1ms);
    EXPECT_EQ(terminal_size(here), std::nullopt);
    EXPECT_NE(why_not([&here] { set_terminal_size(here, {}); }), "");
  });
  EXPECT_EQ(terminal_size(-1), std::nullopt);
  EXPECT_EQ(why_not([] { set_terminal_size(-1, {}); }),
            "setting the size of a terminal (descriptor -1): Bad file descriptor");
}

TEST(TerminalSize, OnlyAnotherSizeIsTold) {
  on_reactor([]() -> Deferred<void> {
    const Terminal terminal;
    set_terminal_size(terminal.ours.get(), {.rows = 5, .columns = 6});
    std::vector<TerminalSize> told;
    int signals = 0;
    const auto watch = watch_terminal_size([&told](TerminalSize size) { told.push_back(size); }, terminal.theirs.get());
    const SignalWatch after(*Reactor::current(), SIGWINCH, [&signals] { ++signals; });
    const auto next_signal = [&signals](this auto) -> Deferred<void> {
      const int before = signals;
      ::raise(SIGWINCH);  // as the system would, were it our controlling terminal
      while (signals == before) co_await sleep(1ms);
      co_await sleep(1ms);
    };
    co_await next_signal();
    EXPECT_EQ(told.size(), 0u);
    set_terminal_size(terminal.ours.get(), {.rows = 50, .columns = 132});
    co_await next_signal();
    co_await next_signal();
    EXPECT_EQ(told, (std::vector{TerminalSize{.rows = 50, .columns = 132}}));
  });
}

TEST(TerminalSize, WhoIsToldMayDropTheWatch) {
  on_reactor([]() -> Deferred<void> {
    const Terminal terminal;
    int told = 0;
    std::optional<SignalWatch> watch;
    watch = watch_terminal_size(
        [&watch, &told](TerminalSize) {
          watch.reset();
          ++told;
        },
        terminal.theirs.get());
    set_terminal_size(terminal.ours.get(), {.rows = 5, .columns = 6});
    ::raise(SIGWINCH);
    while (watch) co_await sleep(1ms);
    EXPECT_EQ(told, 1);
  });
}

// A process whose controlling terminal is `tty`: says "ready" there and waits to be told {50, 132}.
[[noreturn]] void hear_of_the_size(int tty) {
  if (::setsid() < 0 || ::ioctl(tty, TIOCSCTTY, 0) != 0) ::_exit(2);
  bool heard = false;
  on_reactor([tty, &heard](this auto) -> Deferred<void> {
    const auto watch = watch_terminal_size(
        [&heard](TerminalSize size) { heard = size == TerminalSize{.rows = 50, .columns = 132}; }, tty);
    if (::write(tty, "ready", 5) != 5) ::_exit(3);
    while (!heard) co_await sleep(1ms);
  });
  ::_exit(heard ? 0 : 1);
}

TEST(TerminalSize, OfTheControllingTerminalIsHeardOf) {
#if __has_feature(thread_sanitizer)
  GTEST_SKIP() << "ThreadSanitizer bears no threads begun behind a fork";
#endif
  const Terminal terminal;
  const pid_t child = ::fork();
  if (child == 0) hear_of_the_size(terminal.theirs.get());
  char ready[8];
  EXPECT_EQ(::read(terminal.ours.get(), ready, sizeof ready), 5);
  set_terminal_size(terminal.ours.get(), {.rows = 50, .columns = 132});
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace torc
