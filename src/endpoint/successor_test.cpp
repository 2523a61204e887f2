// A server that is replaced again and again while clients come: none of them is refused or cut.
#include "torc/endpoint/successor.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "net/on_reactor.hpp"
#include "net/scratch_folder.hpp"
#include "torc/async/coroutine.hpp"
#include "torc/async/event.hpp"
#include "torc/async/task_set.hpp"
#include "torc/endpoint/listen.hpp"
#include "torc/reactor/run.hpp"

namespace torc {
namespace {

using namespace std::chrono_literals;

// This program again, as the server below.
const std::vector<std::string> kServer = {"/proc/self/exe", "--gtest_also_run_disabled_tests",
                                          "--gtest_filter=SuccessorProgram.DISABLED_Serves", "--gtest_brief=1"};

// Answers each line with its process id: at once to "ping", after a while to "slow", when it has been replaced to
// "restart"; ends after that, or after "stop".
Deferred<void> serve_until_replaced() {
  Event over;
  std::optional<Port> port;
  port.emplace(co_await listen("systemd:name=test", [&](this auto, Stream s) -> Deferred<void> {
    const auto line = co_await s.read_line();
    if (line == "slow") co_await sleep(50ms);
    if (line == "restart") co_await start_successor({{"test", &*port}}, {.command = kServer});
    co_await s.write(std::to_string(::getpid()) + "\n");
    if (line == "restart" || line == "stop") over.set();
  }));
  tell_predecessor();
  co_await over.wait();
  co_await port->close();
}

TEST(SuccessorProgram, DISABLED_Serves) {
  if (!was_given_sockets()) GTEST_SKIP() << "the program of the tests below";
  on_reactor(serve_until_replaced, 60s);
}

Deferred<std::string> ask(std::string where, std::string line) {
  auto stream = co_await connect(where);
  co_await stream.write(line + "\n");
  auto answer = co_await stream.read_line();
  if (!answer) throw Error("the connection was closed without an answer");
  co_return *std::move(answer);
}

struct Load {
  std::size_t answers = 0;
  std::vector<std::string> failures;
  bool over = false;

  Deferred<void> run(std::string where, std::string line) {
    while (!over) {
      auto answer = co_await as_outcome(ask(where, line));
      answer ? static_cast<void>(++answers) : failures.push_back(answer.error().message());
    }
  }
};

Deferred<void> restarts_under_load(Port port, std::string where, int count) {
  co_await start_successor({{"test", &port}}, {.command = kServer});
  co_await port.close();
  Load load;
  TaskGroup clients;
  for (int i = 0; i < 8; ++i) clients.spawn(load.run(where, "ping"));
  for (int i = 0; i < 4; ++i) clients.spawn(load.run(where, "slow"));
  std::set<std::string> processes;
  for (int i = 0; i < count; ++i) {
    const auto before = load.answers;
    processes.insert(co_await ask(where, "restart"));
    while (load.answers < before + 20) co_await sleep(1ms);
  }
  load.over = true;
  co_await clients.join();
  processes.insert(co_await ask(where, "stop"));
  EXPECT_EQ(processes.size(), static_cast<std::size_t>(count) + 1) << "each was another process";
  EXPECT_GE(load.answers, static_cast<std::size_t>(count) * 20);
  EXPECT_EQ(load.failures, std::vector<std::string>());
}

Deferred<void> unused(Stream) { return succeed(); }

TEST(Successor, TwentyRestartsUnderLoadRefuseAndResetNobody) {
  on_reactor(
      []() -> Deferred<void> {
        auto port = co_await listen("tcp:0:address=127.0.0.1", unused);
        std::string where = here(port);
        co_await restarts_under_load(std::move(port), std::move(where), 20);
      },
      55s);
}

TEST(Successor, TakesOverUnixSocketsWithTheirName) {
  on_reactor(
      []() -> Deferred<void> {
        const ScratchFolder folder;
        auto port = co_await listen("unix:" + folder.path + "/s", unused);
        co_await restarts_under_load(std::move(port), "unix:" + folder.path + "/s", 3);
      },
      55s);
}

// What a successor that fails says; the port must listen as before.
Deferred<std::string> failure_of(SuccessorOptions options) {
  auto port = co_await listen("tcp:0:address=127.0.0.1", [](Stream s) -> Deferred<void> { co_await s.write("served\n"); });
  auto end = co_await as_outcome(start_successor({{"test", &port}}, std::move(options)));
  EXPECT_TRUE(end.error().check<NoSuccessor>()) << end.error().message();
  EXPECT_EQ(co_await ask(here(port), ""), "served");
  co_return end.error().message();
}

TEST(Successor, OneThatFailsChangesNothing) {
  on_reactor([]() -> Deferred<void> {
    EXPECT_EQ(co_await failure_of({.command = {"/no/such/program"}}),
              "cannot start the successor /no/such/program: No such file or directory");
    EXPECT_TRUE((co_await failure_of({.command = {"true"}})).ends_with(") ended before it served"));
    EXPECT_TRUE((co_await failure_of({.command = {"sleep", "60"}, .time_limit = 20ms}))
                    .ends_with(") did not say in time that it serves"));
  });
}

TEST(Successor, DroppedWhileItIsAwaitedItIsKilled) {
  on_reactor([]() -> Deferred<void> {
    const ScratchFolder folder;
    const std::string pid_file = folder.path + "/pid";
    auto port = co_await listen("tcp:0:address=127.0.0.1", unused);
    pid_t pid = 0;
    {
      auto starting = start_successor(
          {{"test", &port}}, {.command = {"sh", "-c", "echo $$ > " + pid_file + ".new; mv " + pid_file + ".new " +
                                                            pid_file + "; exec sleep 60"}});
      while (!std::filesystem::exists(pid_file)) co_await sleep(1ms);
      std::ifstream(pid_file) >> pid;
      EXPECT_EQ(::kill(pid, 0), 0);
    }
    EXPECT_NE(::kill(pid, 0), 0);
    auto stream = co_await connect(here(port));
  });
}

TEST(Successor, GetsItsSocketsByNumberAndNameAndNothingElse) {
  on_reactor([]() -> Deferred<void> {
    const ScratchFolder folder;
    auto one = co_await listen("tcp:0:address=127.0.0.1", unused);
    auto two = co_await listen("unix:" + folder.path + "/s", unused);
    const std::string out = folder.path + "/out";
    auto end = co_await as_outcome(start_successor(
        {{"one", &one}, {"two", &two}},
        {.command = {"sh", "-c", "exec > " + out + "; test $$ = $LISTEN_PID && echo $LISTEN_FDS $LISTEN_FDNAMES; ls /proc/$$/fd"}}));
    EXPECT_FALSE(end);
    std::ifstream in(out);
    std::string text, line;
    while (std::getline(in, line)) text += line + " ";
    EXPECT_EQ(text, "2 one:two 0 1 2 3 4 5 ") << "two sockets, and the pipe by which it could tell";
    end = co_await as_outcome(start_successor({{"a:b", &one}}));
    EXPECT_EQ(end.error().message(), "\"a:b\" cannot name a socket");
    co_await one.close();
    end = co_await as_outcome(start_successor({{"gone", &one}}));
    EXPECT_EQ(end.error().message(), "the port \"gone\" does not listen");
  });
}

}  // namespace
}  // namespace torc
