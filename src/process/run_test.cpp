#include <torc/process/run.hpp>

#include "process/test_children.hpp"

#include <torc/async/task_set.hpp>
#include <torc/net/stream.hpp>

#include <gmock/gmock.h>

#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <utility>

namespace torc::process {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// What `doing` fails with, as its message.
template <class T>
Deferred<std::string> why(Deferred<T> doing) {
  auto outcome = co_await as_outcome(std::move(doing));
  co_return outcome ? "nothing failed" : outcome.error().message();
}

TEST(ProcessRun, GivesOutputErrorsAndStatus) {
  on_reactor([]() -> Deferred<void> {
    auto out = co_await run({"sh", "-c", "echo said; echo wrong >&2; exit 3"});
    EXPECT_EQ(out.output, "said\n");
    EXPECT_EQ(out.errors, "wrong\n");
    EXPECT_EQ(out.status, Status::exited(3));
    EXPECT_FALSE(out.status);
    EXPECT_EQ(out.status.text(), "exited with status 3");
  });
}

TEST(ProcessRun, GivesTheSignalThatEndedIt) {
  on_reactor([]() -> Deferred<void> {
    const auto out = co_await run({"sh", "-c", "kill -9 $$"});
    EXPECT_EQ(out.status.signal(), SIGKILL);
    EXPECT_EQ(out.status.exit_code(), std::nullopt);
    EXPECT_EQ(out.status.text(), "was killed by SIGKILL");
  });
}

TEST(ProcessRun, CheckedFailsWithTheLastLineOfTheErrors) {
  on_reactor([]() -> Deferred<void> {
    EXPECT_EQ((co_await run_checked({"echo", "yes"})).output, "yes\n");
    auto failed = co_await as_outcome(run_checked({"sh", "-c", "echo out; echo first >&2; echo 'last \033[1m' >&2; exit 2"}));
    EXPECT_EQ(failed.error().message(), R"("sh" exited with status 2: last \x1b[1m)");
    EXPECT_EQ(failed.error().get<ProgramFailed>()->result().output, "out\n");
    EXPECT_EQ(co_await why(run_checked({"false"})), "\"false\" exited with status 1");
  });
}

TEST(ProcessRun, FeedsItsInputWhetherItIsReadOrNot) {
  on_reactor([]() -> Deferred<void> {
    std::string large(3'000'000, 'x');
    auto echoed = co_await run({"cat"}, {.input = large});
    EXPECT_EQ(echoed.output.size(), large.size());
    EXPECT_TRUE(echoed.output == large);
    EXPECT_EQ((co_await run({"true"}, {.input = large})).status, Status::exited(0));
    EXPECT_EQ((co_await run({"head", "-c", "3"}, {.input = large})).output, "xxx");
    EXPECT_EQ((co_await run({"cat"})).output, "");
  });
}

TEST(ProcessRun, InheritsTheEnvironmentUnlessGivenOne) {
  ::setenv("TORC_TEST_VARIABLE", "ours", 1);
  on_reactor([]() -> Deferred<void> {
    EXPECT_EQ((co_await run({"sh", "-c", "echo $TORC_TEST_VARIABLE"})).output, "ours\n");
    EXPECT_EQ((co_await run({"/usr/bin/env"}, {.environment = Environment{{"A", "1"}, {"B", "2 3"}}})).output, "A=1\nB=2 3\n");
    EXPECT_EQ((co_await run({"/usr/bin/env"}, {.environment = Environment()})).output, "");
    const auto changed = environment({{"TORC_TEST_VARIABLE", "theirs"}});
    EXPECT_TRUE(changed.contains("PATH"));
    EXPECT_EQ((co_await run({"sh", "-c", "echo $TORC_TEST_VARIABLE"}, {.environment = changed})).output, "theirs\n");
  });
  ::unsetenv("TORC_TEST_VARIABLE");
}

TEST(ProcessRun, StartsInTheDirectoryGiven) {
  on_reactor([]() -> Deferred<void> {
    EXPECT_EQ((co_await run({"pwd", "-P"}, {.directory = "/usr"})).output, "/usr\n");
    EXPECT_EQ((co_await run({"bin/true"}, {.directory = "/usr"})).status, Status::exited(0));
  });
}

TEST(ProcessRun, PutsErrorsWhereTheyAreWanted) {
  on_reactor([]() -> Deferred<void> {
    const auto out = co_await run({"sh", "-c", "echo 1; echo 2 >&2; echo 3"}, {.errors = Errors::kWithOutput});
    EXPECT_EQ(out.output, "1\n2\n3\n");
    EXPECT_EQ(out.errors, "");
    EXPECT_EQ((co_await run({"sh", "-c", "readlink /proc/self/fd/2"}, {.errors = Errors::kInherited})).output,
              std::filesystem::read_symlink("/proc/self/fd/2").string() + "\n");
  });
}

TEST(ProcessRun, StopsAProgramThatTakesTooLong) {
  on_reactor([]() -> Deferred<void> {
    EXPECT_EQ(co_await why(run({"sleep", "100"}, {.timeout = 20ms})), "\"sleep\" timed out after 20 ms and was stopped");
    EXPECT_EQ(children(), 0u);
  });
}

TEST(ProcessRun, KillsAProgramThatIgnoresBeingAsked) {
  on_reactor([]() -> Deferred<void> {
    const auto began = std::chrono::steady_clock::now();
    auto said = co_await why(run({"sh", "-c", "trap '' TERM; while :; do sleep 1; done"}, {.timeout = 100ms, .kill_after = 50ms}));
    EXPECT_THAT(said, HasSubstr("timed out after 100 ms"));
    EXPECT_LT(std::chrono::steady_clock::now() - began, 10s);
    co_await until([] { return children() == 0; });
  });
}

TEST(ProcessRun, IsNotHeldUpByWhatTheProgramLeftBehind) {
  on_reactor([]() -> Deferred<void> {
    EXPECT_THAT(co_await why(run({"sh", "-c", "sleep 100 & echo $!"}, {.timeout = 500ms})),
                HasSubstr("it ended, but something that it started keeps its output open"));
    EXPECT_THAT(co_await why(run({"setsid", "-f", "sleep", "3"}, {.timeout = 500ms})), HasSubstr("keeps its output open"));
  });
}

TEST(ProcessRun, LimitsTheOutput) {
  on_reactor([]() -> Deferred<void> {
    EXPECT_EQ(co_await why(run({"cat", "/dev/zero"}, {.output_limit = 1000})),
              "running \"cat\": more than 1000 bytes of output (output_limit)");
    EXPECT_THAT(co_await why(run({"sh", "-c", "cat /dev/zero >&2"}, {.output_limit = 1000})), HasSubstr("1000 bytes of errors"));
    EXPECT_EQ((co_await run({"printf", "12345"}, {.output_limit = 5})).output, "12345");
    co_await until([] { return children() == 0; });
  });
}

TEST(ProcessRun, HoldsLittleOfAnInputThatIsNotRead) {
#if __has_feature(thread_sanitizer)
  GTEST_SKIP() << "what a sanitizer remembers of memory grows with what is read";
#endif
  on_reactor([]() -> Deferred<void> {
    auto running = run({"sleep", "100"}, {.input = std::string(64 << 20, 'x')});
    const auto resident_kib = [] {
      std::ifstream status("/proc/self/status");
      for (std::string word; status >> word;) {
        if (long kib; word == "VmRSS:" && status >> kib) return kib;
      }
      return 0L;
    };
    const long before = resident_kib();
    for (int turn = 0; turn < 50; ++turn) co_await sleep(1ms);
    EXPECT_LT(resident_kib(), before + 4 * 1024);  // beside the input itself
    EXPECT_TRUE(running.pending());
  });
}

TEST(ProcessRun, SaysInOneLineWhyAProgramDoesNotRun) {
  char folder[] = "/tmp/torc-run-XXXXXX";
  ASSERT_TRUE(::mkdtemp(folder));
  const std::string at = folder;
  const auto file = [&](const char* name, const char* text, mode_t mode) {
    std::ofstream(at + name) << text;
    ::chmod((at + name).c_str(), mode);
    return at + name;
  };
  const auto plain = file("/plain", "text", 0644), garbage = file("/garbage", "text", 0755),
             lost = file("/lost", "#!/no/such/interpreter\n", 0755);
  on_reactor([&](this auto) -> Deferred<void> {
    EXPECT_THAT(co_await why(run({"no-such-program"})), HasSubstr("cannot run \"no-such-program\": not found in PATH, which is \"/"));
    EXPECT_EQ(co_await why(run({"/no/such"})), "cannot run \"/no/such\": No such file or directory");
    EXPECT_EQ(co_await why(run({plain})), "cannot run \"" + plain + "\": Permission denied");
    EXPECT_EQ(co_await why(run({"plain"}, {.environment = Environment{{"PATH", "relative:" + at}}})),
              "cannot run \"plain\": Permission denied");
    EXPECT_EQ(co_await why(run({garbage})),
              "cannot run \"" + garbage + "\": Exec format error (a script begins with a line such as #!/bin/sh)");
    EXPECT_EQ(co_await why(run({lost})),
              "cannot run \"" + lost + "\": No such file or directory (the file is there: what is to interpret it is not)");
    EXPECT_EQ(co_await why(run({"true"}, {.directory = "/no/such"})),
              "cannot run \"true\" in directory \"/no/such\": No such file or directory");
    EXPECT_EQ(co_await why(run({"./no"}, {.directory = "/usr"})),
              "cannot run \"./no\": No such file or directory (in directory \"/usr\")");
    EXPECT_EQ(co_await why(run({})), "cannot run a command without a program");
    EXPECT_EQ(co_await why(run({"echo", std::string("a\0b", 3)})), "cannot run \"echo\": NUL in its arguments");
    EXPECT_EQ(co_await why(run({"echo"}, {.environment = Environment{{"A=B", "1"}}})),
              "cannot run \"echo\": \"A=B\" is no name of a variable");
    auto refused = co_await as_outcome(run({plain}));
    EXPECT_EQ(refused.error().template get<CannotRun>()->code(), EACCES);
  });
  EXPECT_EQ(children(), 0u);
  std::filesystem::remove_all(at);
}

TEST(ProcessRun, DroppedOrCancelledEndsTheProgram) {
  const auto before = open_descriptors();
  on_reactor([]() -> Deferred<void> {
    { auto dropped = run({"sleep", "100"}); }
    auto cancelled = run({"sleep", "100"}, {.input = std::string(1 << 20, 'x')});
    cancelled.cancel();
    auto outcome = co_await as_outcome(std::move(cancelled));
    EXPECT_TRUE(outcome.error().check<Cancelled>());
    co_await until([] { return children() == 0; });
  });
  EXPECT_EQ(open_descriptors(), before);
}

// After every number of turns.
TEST(ProcessRun, MayBeDroppedAtEveryStep) {
  const auto before = open_descriptors();
  on_reactor([]() -> Deferred<void> {
    for (int turns = 0; turns < 12; ++turns) {
      auto running = run({"sh", "-c", "cat; echo done >&2"}, {.input = "text"});
      for (int turn = 0; turn < turns; ++turn) co_await sleep(turns < 6 ? 0ms : 1ms);
      if (turns % 2) running.cancel();
      if (running.fired()) static_cast<void>(running.take());
    }
    co_await until([] { return children() == 0; });
  });
  EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
}  // namespace torc::process
