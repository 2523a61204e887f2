#include <torc/process/process_protocol.hpp>

#include "process/test_children.hpp"

#include <torc/base/log.hpp>

#include <gmock/gmock.h>

#include <algorithm>
#include <csignal>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace torc::process {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

// Notes the calls it gets. Data of one pipe is one entry, however it is cut.
struct Noted : ProcessProtocol {
  explicit Noted(std::vector<std::string>& calls) : calls(calls) {}
  ~Noted() override { calls.push_back("destroyed"); }
  void connection_made() override { note("made"); }
  void child_data_received(int fd, std::string_view data) override {
    const std::string about = std::to_string(fd) + ":";
    if (calls.back().starts_with(about)) {
      calls.back() += data;
    } else {
      note(about + std::string(data));
    }
    std::erase(calls.back(), '\r');  // of a terminal
  }
  void child_connection_lost(int fd) override { note("lost " + std::to_string(fd)); }
  void process_exited(const Status& status) override { note("exited: " + status.text()); }
  void process_ended(const Status& status) override { note("ended: " + status.text()); }
  void note(std::string call) { calls.push_back(std::move(call)); }
  std::vector<std::string>& calls;
};

TEST(ProcessProtocol, HearsAllInOrder) {
  std::vector<std::string> calls;
  on_reactor([&](this auto) -> Deferred<void> {
    struct Talker : Noted {
      using Noted::Noted;
      void connection_made() override {
        Noted::connection_made();
        transport().write("hello");
        transport().close_input();
      }
    };
    auto process = spawn_process(std::make_unique<Talker>(calls), {"cat"});
    EXPECT_TRUE(process.open());
    EXPECT_EQ(co_await process.ended(), Status::exited(0));
    EXPECT_FALSE(process.open());
  });
  ASSERT_EQ(calls.size(), 8u) << testing::PrintToString(calls);
  EXPECT_EQ(calls.front(), "made");
  EXPECT_THAT(calls, testing::IsSupersetOf({"lost 0", "1:hello", "lost 1", "lost 2", "exited: exited with status 0"}));
  EXPECT_LT(std::ranges::find(calls, "1:hello"), std::ranges::find(calls, "lost 1"));
  EXPECT_EQ(calls[6], "ended: exited with status 0");
  EXPECT_EQ(calls[7], "destroyed");
}

TEST(ProcessProtocol, EndsOnlyWhenThePipesAreClosed) {
  std::vector<std::string> calls;
  on_reactor([&](this auto) -> Deferred<void> {
    // What the program leaves behind holds its output after it has gone.
    auto protocol = std::make_unique<Noted>(calls);
    auto* writer = protocol.get();
    auto process = spawn_process(std::move(protocol), {"sh", "-c", "(read wait; echo late) <&3 3<&- & exit 5"},
                                 {.files = {{0, null()}, {1, from_child()}, {3, to_child()}}});
    co_await until([&] { return calls.size() == 2; });
    co_await sleep(10ms);
    EXPECT_THAT(calls, ElementsAre("made", "exited: exited with status 5"));
    EXPECT_TRUE(process.open());
    auto ended = process.ended();
    writer->transport().write_to_child(3, "go\n");
    EXPECT_EQ(co_await ended, Status::exited(5));
  });
  EXPECT_LT(std::ranges::find(calls, "exited: exited with status 5"), std::ranges::find(calls, "1:late\n"));
  EXPECT_LT(std::ranges::find(calls, "lost 1"), std::ranges::find(calls, "ended: exited with status 5"));
  EXPECT_EQ(calls.back(), "destroyed");
}

TEST(ProcessProtocol, HearsOfTheExitAfterTheLastPipe) {
  std::vector<std::string> calls;
  on_reactor([&](this auto) -> Deferred<void> {
    auto process = spawn_process(std::make_unique<Noted>(calls), {"sh", "-c", "exec <&- >&- 2>&-; sleep 0.1; exit 6"});
    EXPECT_EQ(co_await process.ended(), Status::exited(6));
  });
  EXPECT_EQ(calls.size(), 7u);
  EXPECT_THAT((std::vector{calls[4], calls[5], calls[6]}),
              ElementsAre("exited: exited with status 6", "ended: exited with status 6", "destroyed"));
}

TEST(ProcessProtocol, HasATerminalWhoseDataComesAsOutput) {
  std::vector<std::string> calls;
  on_reactor([&](this auto) -> Deferred<void> {
    auto process = spawn_process(std::make_unique<Noted>(calls), {"sh", "-c", "tty >&2; echo on >&2"},
                                 {.files = {{0, terminal()}, {1, terminal()}, {2, terminal()}}});
    co_await process.ended();
  });
  std::string said;  // the exit may be heard between two pieces
  for (const auto& call : calls) said += call.starts_with("1:") ? call.substr(2) : "";
  EXPECT_TRUE(said.starts_with("/dev/pts/")) << said;
  EXPECT_TRUE(said.ends_with("\non\n")) << said;
  EXPECT_EQ(std::ranges::count(calls, "lost 1"), 1);
}

TEST(ProcessProtocol, ClosesPipesAndSendsSignals) {
  std::vector<std::string> calls;
  on_reactor([&](this auto) -> Deferred<void> {
    struct Closing : Noted {
      using Noted::Noted;
      void connection_made() override { transport().lose_connection(); }
    };
    auto closed = spawn_process(std::make_unique<Closing>(calls), {"cat"});
    EXPECT_EQ(co_await closed.ended(), Status::exited(0));
    struct Signalling : Noted {
      using Noted::Noted;
      void connection_made() override {
        EXPECT_GT(transport().pid(), 0);
        EXPECT_TRUE(transport().signal(SIGINT));
        transport().write_to_child(17, "nobody has this");
        EXPECT_EQ(transport().unsent(17), 0u);
      }
    };
    auto signalled = spawn_process(std::make_unique<Signalling>(calls), {"cat"});
    EXPECT_EQ(co_await signalled.ended(), Status::killed(SIGINT));
    EXPECT_FALSE(signalled.signal(SIGINT));
  });
}

TEST(ProcessProtocol, IsToldWhenWhatItWroteWaits) {
  std::vector<std::string> calls;
  on_reactor([&](this auto) -> Deferred<void> {
    struct Producer : Noted {
      using Noted::Noted;
      void connection_made() override {
        while (!full) transport().write(std::string(10'000, 'x'));
        EXPECT_LT(transport().unsent(0), 200'000u);
      }
      void child_data_received(int, std::string_view data) override { received += data.size(); }
      void pause_writing(int fd) override {
        note("pause " + std::to_string(fd));
        full = true;
      }
      void resume_writing(int fd) override {
        note("resume " + std::to_string(fd));
        transport().close_input();
      }
      bool full = false;
      std::size_t received = 0;
    };
    auto process = spawn_process(std::make_unique<Producer>(calls), {"cat"});
    EXPECT_EQ(co_await process.ended(), Status::exited(0));
  });
  EXPECT_THAT(calls, testing::IsSupersetOf({"pause 0", "resume 0"}));
}

TEST(ProcessProtocol, ResizesItsTerminal) {
  std::vector<std::string> calls;
  on_reactor([&](this auto) -> Deferred<void> {
    struct Resizing : Noted {
      using Noted::Noted;
      void connection_made() override {
        Noted::connection_made();
        transport().set_terminal_size({.rows = 50, .columns = 132});
        transport().write("go\n");
      }
    };
    auto process = spawn_process(std::make_unique<Resizing>(calls), {"sh", "-c", "read line; stty size"},
                                 {.files = {{0, terminal()}, {1, terminal()}, {2, terminal()}}});
    EXPECT_EQ(co_await process.ended(), Status::exited(0));
    std::string why;
    struct WithoutOne : Noted {
      WithoutOne(std::vector<std::string>& calls, std::string& why) : Noted(calls), why(why) {}
      void connection_made() override {
        try {
          transport().set_terminal_size({});
        } catch (const SystemError& error) {
          why = error.what();
        }
      }
      std::string& why;
    };
    auto without = spawn_process(std::make_unique<WithoutOne>(calls, why), {"true"});
    static_cast<void>(co_await without.ended());
    EXPECT_TRUE(why.ends_with("Inappropriate ioctl for device")) << why;
  });
  EXPECT_THAT(calls, testing::Contains(testing::HasSubstr("50 132")));
}

TEST(ProcessProtocol, PausesReading) {
  std::vector<std::string> calls;
  on_reactor([&](this auto) -> Deferred<void> {
    struct Pausing : Noted {
      using Noted::Noted;
      void connection_made() override { transport().pause_reading(); }
    };
    auto protocol = std::make_unique<Pausing>(calls);
    auto* paused = protocol.get();
    auto process = spawn_process(std::move(protocol), {"echo", "text"});
    auto ended = process.ended();
    co_await until([&] { return (std::ranges::count(calls, "exited: exited with status 0") > 0); });
    EXPECT_FALSE((std::ranges::count(calls, "1:text\n") > 0));
    paused->transport().resume_reading();
    co_await ended;
    EXPECT_TRUE((std::ranges::count(calls, "1:text\n") > 0));
  });
}

TEST(ProcessProtocol, ThatThrowsIsLoggedAndHearsTheRest) {
  std::vector<std::string> calls;
  auto captured = std::make_shared<log::CaptureSink>();
  const log::ScopedSink scope(captured);
  on_reactor([&](this auto) -> Deferred<void> {
    struct Throwing : Noted {
      using Noted::Noted;
      void child_data_received(int, std::string_view) override { throw std::runtime_error("not understood"); }
      void process_exited(const Status&) override { throw std::runtime_error("nor this"); }
    };
    auto process = spawn_process(std::make_unique<Throwing>(calls), {"echo", "text"});
    static_cast<void>(co_await process.ended());
  });
  EXPECT_THAT(calls, testing::IsSupersetOf({"lost 0", "lost 1", "lost 2", "ended: exited with status 0"}));
  EXPECT_EQ(captured->records().size(), 2u);
}

// The Process destroyed inside each of the calls.
TEST(ProcessProtocol, MayDestroyItsOwnerAnywhere) {
  const auto before = open_descriptors();
  for (const std::string at : {"connection_made", "data", "lost 0", "lost 1", "exited", "ended", "pause"}) {
    SCOPED_TRACE(at);
    std::vector<std::string> calls;
    std::optional<Process> process;
    struct Destroying : Noted {
      Destroying(std::vector<std::string>& calls, std::optional<Process>& process, std::string at)
          : Noted(calls), process(process), at(std::move(at)) {}
      void reached(const std::string& point) {
        if (point != at || !process) return;
        hit = true;
        auto& owner = process;
        owner.reset();
      }
      void connection_made() override { reached("connection_made"); }
      void child_data_received(int, std::string_view) override { reached("data"); }
      void child_connection_lost(int fd) override { reached("lost " + std::to_string(fd)); }
      void process_exited(const Status&) override { reached("exited"); }
      void process_ended(const Status&) override { reached("ended"); }
      void pause_writing(int) override { reached("pause"); }
      std::optional<Process>& process;
      std::string at;
      bool hit = false;
    };
    on_reactor([&](this auto) -> Deferred<void> {
      auto protocol = std::make_unique<Destroying>(calls, process, at);
      auto* transport_of = protocol.get();
      process.emplace(spawn_process(std::move(protocol), {"sh", "-c", "echo text; exec <&-; sleep 0.01"}));
      if (at == "pause") transport_of->transport().write(std::string(500'000, 'x'));
      co_await until([&] { return !calls.empty() && calls.back() == "destroyed"; });
      co_await until([] { return children() == 0; });
    });
    process.reset();
    EXPECT_EQ(open_descriptors(), before);
  }
}

TEST(ProcessProtocol, OfADroppedProcessHearsNothingMore) {
  std::vector<std::string> calls;
  on_reactor([&](this auto) -> Deferred<void> {
    for (int turns = 0; turns < 8; ++turns) {
      auto process = spawn_process(std::make_unique<Noted>(calls), {"sh", "-c", "echo text"});
      auto moved = std::move(process);
      for (int turn = 0; turn < turns; ++turn) co_await sleep(1ms);
      calls.clear();
      { auto dropped = std::move(moved); }
      EXPECT_TRUE(calls.empty() || calls == std::vector<std::string>{"destroyed"});
      calls.clear();
    }
    co_await until([] { return children() == 0; });
    for (const auto& call : calls) EXPECT_EQ(call, "destroyed");
  });
}

TEST(ProcessProtocol, RunsOnWhenDetached) {
  std::vector<std::string> calls;
  on_reactor([&](this auto) -> Deferred<void> {
    spawn_process(std::make_unique<Noted>(calls), {"echo", "text"}).detach();
    co_await until([&] { return calls.back() == "destroyed"; });
    EXPECT_TRUE((std::ranges::count(calls, "ended: exited with status 0") > 0));
    spawn_process(std::make_unique<Noted>(calls), {"sleep", "100"}).detach();
  });
  EXPECT_EQ(calls.back(), "destroyed");
  EXPECT_EQ(children(), 0u);
}

TEST(ProcessProtocol, GoesWithItsReactorUnlessItIsHeld) {
  for (const bool held : {false, true}) {
    std::vector<std::string> calls;
    std::optional<Process> process;
    {
      Reactor reactor;
      reactor.call_when_running([&] {
        auto started = spawn_process(std::make_unique<Noted>(calls), {"cat"});
        held ? static_cast<void>(process.emplace(std::move(started))) : std::move(started).detach();
        reactor.crash();
      });
      reactor.run();
    }
    EXPECT_EQ(calls, held ? std::vector<std::string>{"made"} : (std::vector<std::string>{"made", "destroyed"}));
    process.reset();
    EXPECT_EQ(calls.back(), "destroyed");
  }
  EXPECT_EQ(children(), 0u);
}

TEST(ProcessProtocol, WhoseProgramDoesNotRunIsNotCalled) {
  std::vector<std::string> calls;
  on_reactor([&](this auto) -> Deferred<void> {
    EXPECT_THROW(static_cast<void>(spawn_process(std::make_unique<Noted>(calls), {"/no/such"})), CannotRun);
    co_return;
  });
  EXPECT_THAT(calls, ElementsAre("destroyed"));
}

}  // namespace
}  // namespace torc::process
