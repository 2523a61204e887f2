#include <torc/process/child.hpp>

#include "process/test_children.hpp"

#include <gmock/gmock.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <map>
#include <optional>
#include <sstream>
#include <utility>
#include <vector>

namespace torc::process {
namespace {

using namespace std::chrono_literals;

Deferred<std::string> output_of(Command command, SpawnOptions options = {.files = {{0, null()}, {1, from_child()}, {2, inherit(2)}}}) {
  auto child = spawn(std::move(command), std::move(options));
  auto said = co_await read_all(child.output());
  static_cast<void>(co_await child.wait());
  co_return said;
}

TEST(ProcessChild, TalksThroughItsStreams) {
  on_reactor([]() -> Deferred<void> {
    auto child = spawn({"sort"});
    EXPECT_TRUE(child.running());
    EXPECT_EQ(state_of(child.pid()) != 0, true);
    co_await child.input().write("b\na\n");
    child.input().close();
    EXPECT_EQ(co_await child.output().read_line(), "a");
    EXPECT_EQ(co_await child.output().read_line(), "b");
    EXPECT_EQ(co_await child.output().read_line(), std::nullopt);
    EXPECT_EQ(co_await read_all(child.errors()), "");
    EXPECT_EQ(co_await child.wait(), Status::exited(0));
    EXPECT_FALSE(child.running());
    EXPECT_EQ(co_await child.wait(), Status::exited(0));
    EXPECT_EQ(state_of(child.pid()), 0);
    EXPECT_FALSE(child.signal(SIGTERM));
  });
}

TEST(ProcessChild, SeveralMayWaitForItsEnd) {
  on_reactor([]() -> Deferred<void> {
    auto child = spawn({"cat"});
    auto one = child.wait(), other = child.wait();
    { auto dropped = child.wait(); }
    child.input().close();
    EXPECT_EQ(co_await one, Status::exited(0));
    EXPECT_EQ(co_await other, Status::exited(0));
  });
}

TEST(ProcessChild, IsStoppedGentlyThenNot) {
  on_reactor([]() -> Deferred<void> {
    auto gentle = spawn({"sh", "-c", "trap 'exit 7' TERM; echo; while :; do sleep 0.01; done"});
    co_await gentle.output().read_line();
    EXPECT_EQ(co_await gentle.stop(10s), Status::exited(7));
    auto stubborn = spawn({"sh", "-c", "trap '' TERM; echo; while :; do sleep 0.01; done"});
    co_await stubborn.output().read_line();
    EXPECT_EQ(co_await stubborn.stop(20ms), Status::killed(SIGKILL));
    EXPECT_EQ(co_await stubborn.stop(20ms), Status::killed(SIGKILL));
  });
}

TEST(ProcessChild, StoppingAGroupLeavesNobodyOfIt) {
  on_reactor([]() -> Deferred<void> {
    auto child = spawn({"sh", "-c", "sh -c 'trap \"\" TERM; echo $$; sleep 100; sleep 100' & wait"}, {.group = true});
    auto line = co_await child.output().read_line();
    const pid_t grandchild = std::stoi(line.value());
    static_cast<void>(co_await child.stop(50ms));
    EXPECT_EQ(co_await child.output().read_line(), std::nullopt);
    co_await until([&] { return state_of(grandchild) == 0 || state_of(grandchild) == 'Z'; });
  });
}

// Numbers of descriptors, as a program sees them that opens none of its own for the listing.
Deferred<std::string> descriptors_of(ChildFiles files) {
  const std::string list = "import os\nprint(*[fd for fd in range(200) if os.path.exists('/proc/self/fd/%d' % fd)])";
  return output_of({"python3", "-c", list}, {.files = std::move(files)});
}

TEST(ProcessChild, HasTheDescriptorsGivenAndNoOther) {
  UniqueFd leaking(::open("/dev/null", O_RDONLY));  // without O_CLOEXEC
  on_reactor([&](this auto) -> Deferred<void> {
    EXPECT_EQ(co_await descriptors_of({{0, null()}, {1, from_child()}, {2, inherit(2)}}), "0 1 2\n");
    EXPECT_EQ(co_await descriptors_of({{1, from_child()}}), "1\n");
    EXPECT_EQ(co_await descriptors_of({{0, null()}, {1, from_child()}, {2, same_as(1)}, {7, inherit(2)}, {100, null()}}),
              "0 1 2 7 100\n");
  });
}

TEST(ProcessChild, MapsDescriptorsWhoseNumbersOverlap) {
  on_reactor([]() -> Deferred<void> {
    // Pipes of ours at numbers that the child is to have otherwise: each in the other's place, round and round.
    std::vector<UniqueFd> readers;
    std::vector<int> writers;
    for (int i = 0; i < 4; ++i) {
      int ends[2];
      EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
      readers.emplace_back(ends[0]);
      writers.push_back(ends[1]);
    }
    ChildFiles files{{1, from_child()}, {2, inherit(2)}};
    std::string script;
    for (std::size_t i = 0; i < writers.size(); ++i) {
      const int target = writers[(i + 1) % writers.size()];
      files[target] = inherit(writers[i]);
      script += "os.write(" + std::to_string(target) + ", b'" + std::to_string(i) + "');";
    }
    EXPECT_EQ(co_await output_of({"python3", "-c", "import os;" + script}, {.files = files}), "");
    for (std::size_t i = 0; i < readers.size(); ++i) {
      char got = 0;
      EXPECT_EQ(::read(readers[i].get(), &got, 1), 1);
      EXPECT_EQ(got, '0' + static_cast<char>(i));
    }
    for (int fd : writers) ::close(fd);
  });
}

TEST(ProcessChild, HasFurtherPipesInBothDirections) {
  on_reactor([]() -> Deferred<void> {
    auto child = spawn({"sh", "-c", "cat <&3 >&4"}, {.files = {{3, to_child()}, {4, from_child()}, {2, inherit(2)}}});
    co_await child.stream(3).write("through");
    child.stream(3).close();
    EXPECT_EQ(co_await read_all(child.stream(4)), "through");
    EXPECT_EQ(co_await child.wait(), Status::exited(0));
  });
}

TEST(ProcessChild, MayBeGivenADescriptor) {
  on_reactor([]() -> Deferred<void> {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    UniqueFd read(ends[0]);
    {
      SpawnOptions options{.files = {{1, give(UniqueFd(ends[1]))}}};
      auto child = spawn({"echo", "given"}, std::move(options));
      static_cast<void>(co_await child.wait());
    }
    char text[16];
    EXPECT_EQ(std::string(text, static_cast<std::size_t>(::read(read.get(), text, sizeof text))), "given\n");
    EXPECT_EQ(::read(read.get(), text, sizeof text), 0);  // nobody holds the other end
  });
}

TEST(ProcessChild, HasSignalsAsInAFreshShell) {
  struct sigaction ignored = {}, before = {};
  ignored.sa_handler = SIG_IGN;
  ::sigaction(SIGUSR1, &ignored, &before);
  sigset_t blocked, mask;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGUSR2);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &mask);
  on_reactor([]() -> Deferred<void> {
    const auto status = co_await output_of({"sed", "-n", "/^Sig[BIC]/p", "/proc/self/status"});
    EXPECT_EQ(status, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nSigCgt:\t0000000000000000\n");
  });
  ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  ::sigaction(SIGUSR1, &before, nullptr);
}

TEST(ProcessChild, HasATerminal) {
  on_reactor([]() -> Deferred<void> {
    auto child = spawn({"sh", "-c", "tty; stty size; read line; echo got $line >/dev/tty; exit 4"},
                       {.files = {{0, terminal()}, {1, terminal()}, {2, terminal()}}, .terminal_size = {.rows = 5, .columns = 50}});
    auto name = co_await child.output().read_line();
    EXPECT_TRUE(name.value().starts_with("/dev/pts/")) << *name;
    EXPECT_EQ(co_await child.output().read_line(), "5 50");
    EXPECT_EQ(&child.input(), &child.output());
    co_await child.input().write("typed\n");
    EXPECT_EQ(co_await child.output().read_line(), "typed");  // its echo
    EXPECT_EQ(co_await child.output().read_line(), "got typed");
    EXPECT_EQ(co_await child.output().read_line(), std::nullopt);
    EXPECT_EQ(co_await child.wait(), Status::exited(4));
  });
}

// Waits for its terminal to change, and says its size.
const char* const kSaysItsNewSize =
    "import signal, os\n"
    "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGWINCH])\n"
    "print('ready', flush=True)\n"
    "signal.sigwait([signal.SIGWINCH])\n"
    "print(*os.get_terminal_size(0))";

TEST(ProcessChild, HearsThatItsTerminalIsResized) {
  on_reactor([]() -> Deferred<void> {
    auto child =
        spawn({"python3", "-c", kSaysItsNewSize}, {.files = {{0, terminal()}, {1, terminal()}, {2, terminal()}}});
    EXPECT_EQ(co_await child.output().read_line(), "ready");
    EXPECT_EQ(terminal_size(child.output()), (TerminalSize{.rows = 24, .columns = 80}));
    set_terminal_size(child.output(), {.rows = 50, .columns = 132});
    EXPECT_EQ(co_await child.output().read_line(), "132 50");
    EXPECT_EQ(co_await child.wait(), Status::exited(0));
  });
}

TEST(ProcessChild, IsHungUpWithItsTerminal) {
  on_reactor([]() -> Deferred<void> {
    auto child = spawn({"cat"}, {.files = {{0, terminal()}, {1, terminal()}}});
    co_await child.input().write("x\n");
    co_await child.output().read_line();
    child.input().close();
    EXPECT_EQ(co_await child.wait(), Status::killed(SIGHUP));
  });
}

TEST(ProcessChild, LeadsASessionOrGroupIfAsked) {
  on_reactor([]() -> Deferred<void> {
    const std::string ids = "import os; print(os.getpgid(0) == os.getpid(), os.getsid(0) == os.getpid())";
    const ChildFiles files{{1, from_child()}, {2, inherit(2)}};
    EXPECT_EQ(co_await output_of({"python3", "-c", ids}, {.files = files}), "False False\n");
    EXPECT_EQ(co_await output_of({"python3", "-c", ids}, {.files = files, .group = true}), "True False\n");
    EXPECT_EQ(co_await output_of({"python3", "-c", ids}, {.files = files, .session = true}), "True True\n");
  });
}

TEST(ProcessChild, RunsAsSomebodyElse) {
  if (::getuid() != 0) GTEST_SKIP() << "needs root";
  on_reactor([]() -> Deferred<void> {
    const ChildFiles files{{1, from_child()}, {2, inherit(2)}};
    EXPECT_EQ(co_await output_of({"sh", "-c", "id -u; id -g; id -G"}, {.files = files, .identity = Identity{.user = 1234, .group = 2345}}),
              "1234\n2345\n2345\n");
    EXPECT_EQ(co_await output_of({"sh", "-c", "id -G"}, {.files = files, .identity = Identity{.user = 1234, .group = 2345, .groups = {7, 8}}}),
              "2345 7 8\n");
    EXPECT_EQ(co_await output_of({"id", "-un"}, {.files = files, .identity = identity_of("nobody")}), "nobody\n");
    EXPECT_THROW(identity_of("no-such-user-here"), CannotRun);
  });
}

TEST(ProcessChild, SeesTheNameItIsGiven) {
  on_reactor([]() -> Deferred<void> {
    EXPECT_EQ(co_await output_of({"sh", "-c", "tr '\\0' ' ' </proc/$$/cmdline"},
                                 {.files = {{1, from_child()}}, .argv0 = "other"}),
              "other -c tr '\\0' ' ' </proc/$$/cmdline ");
  });
}

TEST(ProcessChild, RefusesFilesThatMakeNoSense) {
  on_reactor([]() -> Deferred<void> {
    EXPECT_THROW(static_cast<void>(spawn({"true"}, {.files = {{1, same_as(5)}}})), CannotRun);
    EXPECT_THROW(static_cast<void>(spawn({"true"}, {.files = {{-1, null()}}})), CannotRun);
    try {
      static_cast<void>(spawn({"true"}, {.files = {{1, inherit(999)}}}));
      ADD_FAILURE();
    } catch (const CannotRun& error) {
      EXPECT_STREQ(error.what(), "cannot run \"true\": giving it its descriptors: Bad file descriptor");
    }
    co_return;
  });
  EXPECT_EQ(children(), 0u);
}

TEST(ProcessChild, LeavesTheChildrenOfOthersAlone) {
  on_reactor([]() -> Deferred<void> {
    const pid_t stranger = ::fork();
    if (stranger == 0) ::_exit(9);
    co_await until([&] { return state_of(stranger) == 'Z'; });
    for (int i = 0; i < 5; ++i) EXPECT_EQ(co_await output_of({"echo", "x"}), "x\n");
    EXPECT_EQ(state_of(stranger), 'Z');
    int status = 0;
    EXPECT_EQ(::waitpid(stranger, &status, 0), stranger);
    EXPECT_EQ(WEXITSTATUS(status), 9);
  });
}

TEST(ProcessChild, EndsIsHeardAlsoWhenSomebodyElseTakesItsStatus) {
  on_reactor([]() -> Deferred<void> {
    auto taken = spawn({"true"});
    EXPECT_EQ(::waitpid(-1, nullptr, 0), taken.pid());
    EXPECT_EQ(co_await taken.wait(), Status::unknown());
    EXPECT_FALSE(co_await taken.wait());
    struct sigaction ignore = {}, before = {};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGCHLD, &ignore, &before);
    auto ignored = spawn({"true"});
    EXPECT_EQ(co_await ignored.wait(), Status::unknown());
    EXPECT_THROW(static_cast<void>(spawn({"/no/such"})), CannotRun);
    ::sigaction(SIGCHLD, &before, nullptr);
  });
}

TEST(ProcessChild, OutOfDescriptorsIsOneClearErrorAndLeavesNothing) {
  on_reactor([]() -> Deferred<void> {
    const auto before = open_descriptors();
    rlimit limit{}, full{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    full = limit;
    // Room for one descriptor more each time, until there is enough.
    bool ran = false;
    for (int room = 0; room < 20 && !ran; ++room) {
      std::vector<UniqueFd> taken;
      full.rlim_cur = 200;
      ::setrlimit(RLIMIT_NOFILE, &full);
      for (;;) {
        UniqueFd fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        if (!fd) break;
        taken.push_back(std::move(fd));
      }
      taken.resize(taken.size() - static_cast<std::size_t>(room));
      std::optional<Child> child;
      std::string what;
      try {
        child.emplace(spawn({"true"}));
      } catch (const CannotRun& error) {
        what = error.what();
        EXPECT_EQ(error.code(), EMFILE) << what;
      }
      taken.clear();
      ::setrlimit(RLIMIT_NOFILE, &limit);
      if (child) {
        ran = true;
        EXPECT_EQ(co_await child->wait(), Status::exited(0));
      } else {
        EXPECT_THAT(what, testing::StartsWith("cannot run \"true\": "));
        EXPECT_THAT(what, testing::EndsWith("Too many open files"));
        EXPECT_EQ(open_descriptors(), before);
        EXPECT_EQ(children(), 0u);
      }
    }
    EXPECT_TRUE(ran);
  });
}

TEST(ProcessChild, DestroyedIsEndedAndReaped) {
  on_reactor([]() -> Deferred<void> {
    const auto before = open_descriptors();
    pid_t stubborn;
    {
      auto child = spawn({"sleep", "100"});
      auto other = spawn({"sh", "-c", "trap '' TERM HUP PIPE; echo; while :; do sleep 0.01; done"}, {.kill_after = 20ms});
      co_await other.output().read_line();
      stubborn = other.pid();
      child = std::move(other);
    }
    EXPECT_NE(state_of(stubborn), 0);
    co_await until([] { return children() == 0; });
    co_await until([&] { return open_descriptors() == before; });
  });
}

// With everything pending that may pend, after every number of turns, before and after what waits on it.
TEST(ProcessChild, MayBeDestroyedAtEveryStep) {
  const auto before = open_descriptors();
  on_reactor([]() -> Deferred<void> {
    for (int turns = 0; turns < 16; ++turns) {
      std::optional child(spawn({"sh", "-c", "trap '' TERM; cat"}, {.group = turns % 3 == 0, .kill_after = 5ms}));
      auto written = child->input().write(std::string(200'000, 'x'));
      auto read = read_all(child->output());
      auto ended = child->wait();
      auto stopped = turns % 4 < 2 ? child->stop(turns % 2 ? 1ms : 1h) : fail<Status>(Cancelled{});
      for (int turn = 0; turn < turns; ++turn) co_await sleep(turns < 8 ? 0ms : 1ms);
      if (written.fired() && turns % 2 == 0) static_cast<void>(written.take());
      if (turns % 2 == 0) continue;  // those who wait go first
      child.reset();
      static_cast<void>(co_await as_outcome(std::move(written)));
      static_cast<void>(co_await as_outcome(std::move(stopped)));
      static_cast<void>(co_await as_outcome(std::move(read)));
      static_cast<void>(co_await as_outcome(std::move(ended)));
    }
    co_await until([] { return children() == 0; });
    co_await sleep(1ms);
  });
  EXPECT_EQ(open_descriptors(), before);
}

TEST(ProcessChild, DetachedRunsOn) {
  on_reactor([]() -> Deferred<void> {
    auto child = spawn({"sh", "-c", "sleep 0.05; kill -0 $$"}, {.files = {}});
    const pid_t pid = child.pid();
    std::move(child).detach();
    EXPECT_NE(state_of(pid), 0);
    co_await until([&] { return state_of(pid) == 0; });
  });
}

TEST(ProcessChild, DetachedIsReapedAlsoWithoutItsReactor) {
  pid_t pid = 0;
  on_reactor([&](this auto) -> Deferred<void> {
    auto child = spawn({"sleep", "0.1"}, {.files = {}});
    pid = child.pid();
    std::move(child).detach();
    co_return;
  });
  EXPECT_NE(state_of(pid), 0);
  while (state_of(pid) != 0) ::usleep(1000);
}

TEST(ProcessChild, IsKilledWithItsReactor) {
  std::vector<pid_t> pids;
  std::optional<Child> kept;
  const auto before = open_descriptors();
  {
    Reactor reactor;
    Deferred<Status> waiting = fail<Status>(Error(""));
    static_cast<void>(waiting.take());
    reactor.call_when_running([&] {
      kept.emplace(spawn({"sleep", "100"}));
      waiting = kept->wait();
      { auto dropped = spawn({"sh", "-c", "trap '' TERM; while :; do sleep 1; done"}); pids.push_back(dropped.pid()); }
      pids.push_back(kept->pid());
      reactor.stop();
    });
    reactor.run();
    EXPECT_TRUE(waiting.take().error().check<ReactorStopped>());
    EXPECT_EQ(state_of(pids[0]), 0);  // asked, then killed when the reactor stopped, and reaped by it
    EXPECT_NE(state_of(pids[1]), 0);
  }
  EXPECT_NE(state_of(pids[1]), 0);
  kept.reset();
  EXPECT_EQ(state_of(pids[1]), 0);
  EXPECT_EQ(open_descriptors(), before);
}

TEST(ProcessChild, OfAReactorThatCrashedIsReaped) {
  pid_t pid = 0;
  {
    Reactor reactor;
    reactor.call_when_running([&] {
      { auto dropped = spawn({"sleep", "100"}, {.files = {}}); pid = dropped.pid(); }
      reactor.crash();
    });
    reactor.run();
  }
  EXPECT_EQ(state_of(pid), 0);
}

}  // namespace
}  // namespace torc::process
