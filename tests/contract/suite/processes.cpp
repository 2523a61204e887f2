// Processes: starting, the order of what is told, descriptors, ends; once for each poller.
#include "suite/fixtures.hpp"

#include <torc/async/gather.hpp>
#include <torc/net/descriptor_stream.hpp>
#include <torc/process/child.hpp>
#include <torc/process/process_protocol.hpp>
#include <torc/process/run.hpp>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

namespace {

using namespace contract;
using namespace torc::process;

const ChildFiles kOutputOnly{{1, from_child()}, {2, inherit(2)}};

Deferred<std::string> output_of(Command command, SpawnOptions options = {.files = kOutputOnly}) {
  auto child = spawn(std::move(command), std::move(options));
  auto said = co_await all(child.output());
  static_cast<void>(co_await child.wait());
  co_return said;
}

template <class Start>
std::string refusal(Start start) {
  try {
    static_cast<void>(start());
  } catch (const CannotRun& error) {
    return error.what();
  }
  return "none";
}

// What a case wants done in each call; notes them.
struct Acts {
  std::function<void(const std::string& call)> at;
  ProcessTransport* transport = nullptr;
  std::string said, output;
};
class Acting : public ProcessProtocol {
 public:
  explicit Acting(Acts& acts) : acts_(acts) {}
  void connection_made() override {
    acts_.transport = &transport();
    note("made");
  }
  void child_data_received(int, std::string_view data) override {
    acts_.output += data;
    if (!std::exchange(heard_, true)) note("data");
  }
  void child_connection_lost(int fd) override { note("lost" + std::to_string(fd)); }
  void process_exited(const Status&) override { note("exited"); }
  void process_ended(const Status&) override { note("ended"); }
  void pause_writing(int) override { note("full"); }

 private:
  void note(const std::string& call) {
    auto& acts = acts_;  // the call may destroy this
    acts.said += (acts.said.empty() ? "" : " ") + call;
    if (acts.at) acts.at(call);
  }
  Acts& acts_;
  bool heard_ = false;
};
Process start(Acts& acts, Command command, SpawnOptions options = {}) {
  return spawn_process(std::make_unique<Acting>(acts), std::move(command), std::move(options));
}
bool in_order(const std::string& said, std::initializer_list<const char*> calls) {
  std::size_t at = 0;
  for (const std::string_view call : calls) {
    at = said.find(call, at);
    if (at == std::string::npos) return false;
  }
  return true;
}

LOOP_CASE(processes, "one is fed and read through its streams") {
  auto child = spawn({"sort"});
  co_await child.input().write("b\na\n");
  child.input().close();
  EXPECT_EQ(co_await all(child.output()), "a\nb\n");
  EXPECT(co_await child.wait() == Status::exited(0));
}
LOOP_CASE(processes, "much goes through one both ways") {
  auto child = spawn({"cat"});
  const std::string text(bed.bytes(500'000), 'x');
  auto reading = all(child.output());
  co_await child.input().write(text);
  child.input().close();
  EXPECT(co_await std::move(reading) == text);
  EXPECT(co_await child.wait());
}
LOOP_CASE(processes, "one that is not read waits, and goes on when it is") {
  auto child = spawn({"head", "-c", "300000", "/dev/zero"}, {.files = kOutputOnly});
  co_await sleep(5ms);
  EXPECT(child.running());
  EXPECT_EQ((co_await all(child.output())).size(), 300'000u);
  EXPECT(co_await child.wait());
}
LOOP_CASE(processes, "the status is what it gave to exit, or the signal that ended it") {
  EXPECT((co_await run({"sh", "-c", "exit 7"})).status == Status::exited(7));
  EXPECT((co_await run({"sh", "-c", "kill -9 $$"})).status == Status::killed(SIGKILL));
}
LOOP_CASE(processes, "several may wait for the end of one, and one who comes later") {
  auto child = spawn({"cat"});
  auto one = child.wait(), other = child.wait();
  { auto dropped = child.wait(); }
  child.input().close();
  EXPECT(co_await std::move(one) == Status::exited(0));
  EXPECT(co_await std::move(other) == Status::exited(0));
  EXPECT(!child.running());
  EXPECT(co_await child.wait() == Status::exited(0));
}
LOOP_CASE(processes, "a wait that is cancelled says so, the program runs on") {
  auto child = spawn({"cat"});
  auto waiting = child.wait();
  waiting.cancel();
  EXPECT((co_await as_outcome(std::move(waiting))).error().check<Cancelled>());
  child.input().close();
  EXPECT(co_await child.wait());
}
LOOP_CASE(processes, "twenty at once are each told apart") {
  auto exits = [](int code) -> Deferred<void> {
    const auto done = co_await run({"sh", "-c", "exit " + std::to_string(code)});
    EXPECT(done.status == Status::exited(code));
  };
  std::vector<Deferred<void>> running;
  for (int i = 0; i < 20; ++i) running.push_back(exits(i));
  co_await gather(std::move(running));
}
LOOP_CASE(processes, "one is stopped gently when it listens") {
  auto child = spawn({"sh", "-c", "trap 'exit 7' TERM; echo; while :; do sleep 0.01; done"}, {.files = kOutputOnly});
  co_await child.output().read_line();
  EXPECT(co_await child.stop(10s) == Status::exited(7));
}
LOOP_CASE(processes, "one is killed when it does not") {
  auto child = spawn({"sh", "-c", "trap '' TERM; echo; while :; do sleep 0.01; done"}, {.files = kOutputOnly});
  co_await child.output().read_line();
  EXPECT(co_await child.stop(5ms) == Status::killed(SIGKILL));
  EXPECT(!child.signal(SIGTERM));
}
LOOP_CASE(processes, "a signal reaches all of a group") {
  auto child = spawn({"sh", "-c", "sleep 100 & echo; wait"}, {.files = kOutputOnly, .group = true});
  co_await child.output().read_line();
  EXPECT(child.signal(SIGKILL));
  EXPECT_EQ(co_await all(child.output()), "");  // nobody holds the pipe
  EXPECT(co_await child.wait() == Status::killed(SIGKILL));
}
LOOP_CASE(processes, "one whose owner goes is ended, and its status taken") {
  pid_t pid;
  {
    auto child = spawn({"sleep", "100"});
    pid = child.pid();
  }
  co_await until([&] { return ::kill(pid, 0) != 0; });
}
LOOP_CASE(processes, "one that is detached runs on, and its status is taken") {
  auto child = spawn({"sh", "-c", "read line"}, {.files = {{0, to_child()}}});
  const pid_t pid = child.pid();
  Stream input = std::move(child.input());
  std::move(child).detach();
  co_await sleep(2ms);
  EXPECT_EQ(::kill(pid, 0), 0);
  input.close();
  co_await until([&] { return ::kill(pid, 0) != 0; });
}
LOOP_CASE(processes, "one may be destroyed at every step") {
  for (int turns = 0; turns < 6; ++turns) {
    std::optional child(spawn({"sh", "-c", "trap '' TERM; cat"}, {.kill_after = 2ms}));
    // The program may be ended before it has read, and whether anybody still waits then is a matter of time.
    auto written = child->input().write(std::string(bed.bytes(100'000), 'x')).then_outcome([](Outcome<void>) {});
    auto read = all(child->output());
    auto ended = child->wait();
    auto stopped = child->stop(1ms);
    for (int turn = 0; turn < turns; ++turn) co_await sleep(0ms);
    if (turns % 2 == 0) continue;  // those who wait go first
    child.reset();
    static_cast<void>(co_await as_outcome(std::move(ended)));
    co_await std::move(written);
    static_cast<void>(co_await as_outcome(std::move(stopped)));
    static_cast<void>(co_await as_outcome(std::move(read)));
  }
}
LOOP_CASE(processes, "the reactor's stop ends who waits for one") {
  auto child = spawn({"sleep", "100"});
  auto told = child.wait().then_outcome([](Outcome<Status> outcome) {
    EXPECT((outcome.error().check<ReactorStopped, Cancelled>()));
  });
  bed.reactor.stop();
  co_await std::move(told);
}
LOOP_CASE(processes, "somebody else may take its status") {
  auto child = spawn({"true"});
  EXPECT_EQ(::waitpid(child.pid(), nullptr, 0), child.pid());
  EXPECT(co_await child.wait() == Status::unknown());
}
LOOP_CASE(processes, "the children of others are left alone") {
  const pid_t stranger = ::fork();
  if (stranger == 0) ::_exit(9);
  EXPECT_EQ(co_await output_of({"echo", "x"}), "x\n");
  int status = 0;
  EXPECT_EQ(::waitpid(stranger, &status, 0), stranger);
  EXPECT_EQ(WEXITSTATUS(status), 9);
}

LOOP_CASE(processes, "descriptors are those given and no other") {
  const UniqueFd leaking(::open("/dev/null", O_RDONLY));  // without O_CLOEXEC
  ChildFiles files{{0, null()}, {1, from_child()}, {2, same_as(1)}, {7, inherit(2)}};
  const Command list{"sh", "-c", "i=0; while [ $i -lt 50 ]; do [ -e /proc/$$/fd/$i ] && echo -n \"$i \"; i=$((i+1)); done"};
  EXPECT_EQ(co_await output_of(list, {.files = std::move(files)}), "0 1 2 7 ");
}
LOOP_CASE(processes, "descriptors may change places") {
  int ends[2][2];
  for (auto& each : ends) {
    if (::pipe2(each, O_CLOEXEC) != 0) throw SystemError("making a pipe", errno);
  }
  UniqueFd first(ends[0][0]), second(ends[1][0]), to_first(ends[0][1]), to_second(ends[1][1]);
  ChildFiles files{{to_first.get(), inherit(to_second.get())}, {to_second.get(), inherit(to_first.get())}};
  const std::string script = "echo a >&" + std::to_string(to_first.get()) + "; echo b >&" + std::to_string(to_second.get());
  auto child = spawn({"bash", "-c", script}, {.files = std::move(files)});
  EXPECT(co_await child.wait());
  Stream from_second = adopt_pipes(std::move(second), UniqueFd()), from_first = adopt_pipes(std::move(first), UniqueFd());
  EXPECT_EQ(co_await from_second.read_line(), "a");
  EXPECT_EQ(co_await from_first.read_line(), "b");
}
LOOP_CASE(processes, "pipes may have any number, in both directions") {
  auto child = spawn({"sh", "-c", "cat <&3 >&4"}, {.files = {{3, to_child()}, {4, from_child()}}});
  co_await child.stream(3).write("through");
  child.stream(3).close();
  EXPECT_EQ(co_await all(child.stream(4)), "through");
  EXPECT(co_await child.wait());
}
LOOP_CASE(processes, "a descriptor that is given is held by nobody else afterwards") {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw SystemError("making a pipe", errno);
  Stream reading = adopt_pipes(UniqueFd(ends[0]), UniqueFd());
  {
    SpawnOptions options{.files = {{1, give(UniqueFd(ends[1]))}}};
    auto child = spawn({"echo", "given"}, std::move(options));
    static_cast<void>(co_await child.wait());
  }
  EXPECT_EQ(co_await all(reading), "given\n");
}
LOOP_CASE(processes, "a terminal is one, and hangs up with its other end") {
  auto child = spawn({"sh", "-c", "tty >/dev/null && stty size; read line; echo got $line; cat"},
                     {.files = {{0, terminal()}, {1, terminal()}, {2, terminal()}}, .terminal_size = {.rows = 5, .columns = 50}});
  EXPECT_EQ(co_await child.output().read_line(), "5 50");
  co_await child.input().write("typed\n");
  EXPECT_EQ(co_await child.output().read_line(), "typed");  // its echo
  EXPECT_EQ(co_await child.output().read_line(), "got typed");
  child.input().close();
  EXPECT(co_await child.wait() == Status::killed(SIGHUP));
}
LOOP_CASE(processes, "the environment and the folder are those given") {
  EXPECT_EQ(co_await output_of({"/bin/sh", "-c", "echo $A; pwd"},
                               {.directory = "/usr", .environment = Environment{{"A", "b"}}, .files = kOutputOnly}),
            "b\n/usr\n");
}

LOOP_CASE(processes, "a program that is not there is refused by name") {
  const auto why = refusal([] { return spawn({"torc-no-such-program"}); });
  EXPECT(why.contains("torc-no-such-program"));
  EXPECT(refusal([] { return spawn({"/no/such/program"}); }).contains("/no/such/program"));
  co_return;
}
LOOP_CASE(processes, "a file that is no program is refused") {
  EXPECT(refusal([] { return spawn({"/etc/passwd"}); }).contains("Permission denied"));
  EXPECT(refusal([] { return spawn({"/"}); }) != "none");
  co_return;
}
LOOP_CASE(processes, "a folder that is not there is refused by name") {
  EXPECT(refusal([] { return spawn({"true"}, {.directory = "/no/such/folder"}); }).contains("/no/such/folder"));
  co_return;
}
LOOP_CASE(processes, "descriptors that make no sense are refused") {
  EXPECT(refusal([] { return spawn({"true"}, {.files = {{1, same_as(5)}}}); }) != "none");
  EXPECT(refusal([] { return spawn({"true"}, {.files = {{-1, null()}}}); }) != "none");
  EXPECT(refusal([] { return spawn({"true"}, {.files = {{1, inherit(9999)}}}); }).contains("Bad file descriptor"));
  co_return;
}

LOOP_CASE(processes, "a run gives output and errors apart") {
  const auto done = co_await run({"sh", "-c", "echo said; echo wrong >&2; exit 3"});
  EXPECT_EQ(done.output, "said\n");
  EXPECT_EQ(done.errors, "wrong\n");
  EXPECT(done.status == Status::exited(3));
}
LOOP_CASE(processes, "a run that says too much is ended") {
  auto outcome = co_await as_outcome(run({"yes"}, {.output_limit = 1000}));
  EXPECT(outcome.error().check<LimitExceeded>());
}
LOOP_CASE(processes, "a run that takes too long is ended, with all it has started") {
  auto outcome = co_await as_outcome(run({"sh", "-c", "sleep 100 & wait"}, {.timeout = 20ms}));
  EXPECT(outcome.error().check<TimeoutError>());
}
LOOP_CASE(processes, "a run that does not read what it is fed ends well") {
  EXPECT((co_await run({"true"}, {.input = std::string(bed.bytes(300'000), 'x')})).status);
}
LOOP_CASE(processes, "a run that is dropped or cancelled is ended") {
  { auto dropped = run({"sleep", "100"}); }
  auto cancelled = run({"sleep", "100"});
  cancelled.cancel();
  EXPECT((co_await as_outcome(std::move(cancelled))).error().check<Cancelled>());
}
LOOP_CASE(processes, "a checked run fails with the last line of the errors") {
  auto outcome = co_await as_outcome(run_checked({"sh", "-c", "echo one >&2; echo two >&2; exit 2"}));
  EXPECT_EQ(outcome.error().message(), "\"sh\" exited with status 2: two");
}

LOOP_CASE(processes, "a protocol hears made first, data before its pipe's end, the exit, and all ended last") {
  Acts acts;
  acts.at = [&](const std::string& call) {
    if (call != "made") return;
    acts.transport->write("hello");
    acts.transport->close_input();
  };
  auto process = start(acts, {"cat"});
  EXPECT(co_await process.ended() == Status::exited(0));
  EXPECT_EQ(acts.output, "hello");
  EXPECT(in_order(acts.said, {"made", "data", "lost1", "ended"}));
  EXPECT(in_order(acts.said, {"made", "lost2", "ended"}));
  EXPECT(in_order(acts.said, {"made", "lost0", "ended"}));
  EXPECT(in_order(acts.said, {"made", "exited", "ended"}));
  EXPECT(acts.said.ends_with("ended"));
  EXPECT_EQ(std::ranges::count(acts.said, ' '), 6);
}
LOOP_CASE(processes, "a protocol is told of the end only when its pipes are closed too") {
  Acts acts;
  auto process = start(acts, {"sh", "-c", "(read wait; echo late) <&3 3<&- & exit 5"},
                       {.files = {{0, null()}, {1, from_child()}, {3, to_child()}}});
  co_await until([&] { return acts.said.contains("exited"); });
  EXPECT(process.open() && !acts.said.contains("ended"));
  auto ended = process.ended();
  acts.transport->write_to_child(3, "go\n");
  EXPECT(co_await std::move(ended) == Status::exited(5));
  EXPECT_EQ(acts.output, "late\n");
}
LOOP_CASE(processes, "a protocol hears of the exit after pipes that were closed before") {
  Acts acts;
  auto process = start(acts, {"sh", "-c", "exec <&- >&- 2>&-; sleep 0.02; exit 6"});
  EXPECT(co_await process.ended() == Status::exited(6));
  EXPECT(acts.said.ends_with("exited ended"));
}
LOOP_CASE(processes, "a protocol may destroy its process in each call") {
  for (const std::string point : {"made", "data", "lost0", "lost1", "exited", "ended", "full"}) {
    Acts acts;
    std::optional<Process> process;
    bool reached = false;
    acts.at = [&](const std::string& call) {
      if (call == "made" && point == "full") acts.transport->write(std::string(500'000, 'x'));
      reached |= call == point;
      if (call == point) process.reset();
    };
    process.emplace(start(acts, {"sh", "-c", "echo text; sleep 0.005; exec <&-"}));
    co_await until([&] { return reached; });
    process.reset();
    const auto said = acts.said;
    co_await sleep(1ms);
    EXPECT_EQ(acts.said, said);
  }
}
LOOP_CASE(processes, "a protocol that throws is reported and hears the rest") {
  bed.expect_log(1);
  Acts acts;
  acts.at = [](const std::string& call) {
    if (call == "exited") throw Error("not understood");
  };
  auto process = start(acts, {"true"});
  co_await process.ended();
  EXPECT(acts.said.ends_with("ended"));
}
LOOP_CASE(processes, "a protocol that pauses is given nothing") {
  Acts acts;
  acts.at = [&](const std::string& call) {
    if (call == "made") acts.transport->pause_reading();
  };
  auto process = start(acts, {"echo", "text"});
  auto ended = process.ended();
  co_await until([&] { return acts.said.contains("exited"); });
  EXPECT_EQ(acts.output, "");
  acts.transport->resume_reading();
  co_await std::move(ended);
  EXPECT_EQ(acts.output, "text\n");
}
LOOP_CASE(processes, "a protocol whose program cannot run hears nothing") {
  Acts acts;
  EXPECT(refusal([&] { return start(acts, {"/no/such/program"}); }) != "none");
  EXPECT_EQ(acts.said, "");
  co_return;
}

}  // namespace
