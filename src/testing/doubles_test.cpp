#include <torc/async/coroutine.hpp>
#include <torc/async/task_set.hpp>
#include <torc/async/timing.hpp>
#include <torc/testing/clock.hpp>
#include <torc/testing/leak_scope.hpp>
#include <torc/testing/scripted_stream.hpp>
#include <torc/testing/string_transport.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <string>

namespace torc::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

// Answers each line; "quit" ends.
class Greeter : public Protocol {
 public:
  explicit Greeter(std::string& said) : said_(said) {}
  void data_received(std::string_view data) override {
    line_ += data;
    for (auto at = line_.find('\n'); at != std::string::npos; at = line_.find('\n')) {
      const auto name = line_.substr(0, at);
      line_.erase(0, at + 1);
      if (name == "quit") return transport().close();
      if (name.empty()) throw Error("an empty name");
      const auto cork = transport().cork();
      transport().write("hello ");
      transport().write(name + "\n");
    }
  }
  void pause_writing() override { said_ += "full "; }
  void resume_writing() override { said_ += "empty "; }
  void connection_lost(const Failure& reason) override { said_ += reason.message(); }

 private:
  std::string& said_;
  std::string line_;
};

TEST(StringTransport, ShowsWhatAProtocolDoesAtAnySplit) {
  for (const std::size_t split : {1u, 2u, 3u, 100u}) {
    std::string said;
    StringTransport transport;
    transport.start(std::make_unique<Greeter>(said));
    transport.feed("ada\nbob\n", split);
    EXPECT_EQ(transport.sends(), 2u);
    EXPECT_EQ(transport.take_written(), "hello ada\nhello bob\n");
    transport.feed("quit\nnobody\n", split);
    EXPECT_TRUE(transport.closed());
    transport.lose();
    EXPECT_EQ(said, "connection closed");
    EXPECT_EQ(transport.written(), "");
  }
}

TEST(StringTransport, KeepsWhatComesWhileReadingIsPaused) {
  std::string said;
  StringTransport transport;
  transport.start(std::make_unique<Greeter>(said));
  transport.pause_reading();
  transport.feed("ada\n");
  EXPECT_EQ(transport.written(), "");
  transport.resume_reading();
  transport.feed("");
  EXPECT_EQ(transport.written(), "hello ada\n");
}

TEST(StringTransport, TellsMarksAndEndsAndLetsErrorsThrough) {
  std::string said;
  StringTransport transport;
  transport.start(std::make_unique<Greeter>(said));
  transport.set_full(true);
  transport.set_full(true);
  transport.set_full(false);
  EXPECT_THROW(transport.feed("\n"), Error);
  transport.end();
  EXPECT_TRUE(transport.closed());
  transport.lose(Failure(ConnectionLost("cut")));
  EXPECT_EQ(said, "full empty cut");
}

Deferred<std::string> ask(Stream s) {
  co_await s.read_line();
  co_await s.write("QUIT\r\n");
  co_return (co_await s.read_line()).value_or("");
}

// What finished() fails with, or nothing.
std::string verdict(Clock& clock, ScriptedStream& script) {
  std::string text = "pending";
  auto done = script.finished().then_outcome([&](Outcome<void> outcome) { text = outcome ? "" : outcome.error().message(); });
  clock.advance(0s);
  clock.advance(10s);
  return text;
}

TEST(ScriptedStream, PlaysItsPart) {
  Clock clock;
  ScriptedStream script;
  script.answer("220 ready\r\n", 1).expect("QUIT\r\n").answer("221 bye\r\n", 3).expect_end();
  std::string got;
  auto asking = ask(script.stream()).then([&](std::string line) { got = std::move(line); });
  EXPECT_EQ(verdict(clock, script), "");
  EXPECT_EQ(got, "221 bye");
}

TEST(ScriptedStream, NamesTheStepThatFailed) {
  Clock clock;
  ScriptedStream script;
  script.answer("220 ready\r\n").expect("HELP\r\n").end();
  auto asking = as_outcome(ask(script.stream()));
  const std::string text = verdict(clock, script);
  EXPECT_THAT(text, HasSubstr("step 2, expect \"HELP\\r\\n\" (doubles_test.cpp:"));
  EXPECT_THAT(text, HasSubstr("got \"QUIT\\r\\n\""));
}

TEST(ScriptedStream, NamesTheStepThatNeverCame) {
  Clock clock;
  ScriptedStream script;
  script.expect("hello");
  auto idle = script.stream();
  auto half = idle.write("hel");
  EXPECT_THAT(verdict(clock, script), HasSubstr("): nothing but \"hel\" came"));
}

TEST(ScriptedStream, EndsAndAborts) {
  Clock clock;
  ScriptedStream ends, aborts;
  ends.answer("x").end();
  aborts.abort();
  auto one = ends.stream(), other = aborts.stream();
  bool cut = false, incomplete = false;
  auto first = one.read_exactly(2).then_outcome(
      [&](Outcome<std::string> outcome) { incomplete = outcome.error().check<IncompleteRead>(); });
  auto second = other.read_exactly(1).then_outcome(
      [&](Outcome<std::string> outcome) { cut = outcome.error().check<ConnectionLost>(); });
  clock.advance(1s);
  EXPECT_TRUE(incomplete);
  EXPECT_TRUE(cut);
}

TEST(LeakScope, NamesTasksAndDescriptorsThatAreLeftOver) {
  Clock clock;
  TaskSet before, tasks;
  before.spawn(sleep(1h));
  int pipe[2] = {-1, -1};
  std::string text;
  {
    const LeakScope leaks([&](const std::string& left) { text = left; });
    EXPECT_TRUE(leaks.left().empty());
    tasks.spawn(sleep(1h));
    EXPECT_EQ(::pipe(pipe), 0);
    EXPECT_EQ(leaks.left().size(), 3u);
  }
  EXPECT_THAT(text, HasSubstr("a task of a TaskSet from doubles_test.cpp:"));
  EXPECT_THAT(text, HasSubstr("descriptor " + std::to_string(pipe[0]) + " pipe:["));
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST(LeakScope, SaysNothingWhenNothingIsLeft) {
  Clock clock;
  bool reported = false;
  {
    const LeakScope leaks([&](const std::string&) { reported = true; });
    TaskSet tasks;
    tasks.spawn(sleep(1s));
    clock.advance(1s);
  }
  EXPECT_FALSE(reported);
}

}  // namespace
}  // namespace torc::testing
