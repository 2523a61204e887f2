#include <torc/process/process_stream.hpp>

#include "process/test_children.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace torc::process {
namespace {

using namespace std::chrono_literals;

TEST(ProcessStream, GoesThroughAProgram) {
  on_reactor([]() -> Deferred<void> {
    auto stream = co_await process_stream({"sort"});
    co_await stream.write("b\na\n");
    stream.shutdown_write();
    EXPECT_EQ(co_await read_all(stream), "a\nb\n");
    stream.close();
    co_await until([] { return children() == 0; });
  });
}

TEST(ProcessStream, CarriesMoreThanThePipesHold) {
  on_reactor([]() -> Deferred<void> {
    auto stream = co_await process_stream({"cat"});
    const std::string piece(100'000, 'x');
    std::size_t sent = 0, received = 0;
    for (; sent < 5'000'000; sent += piece.size()) {
      auto written = stream.write(piece);
      while (written.pending()) {
        auto got = co_await stream.read_some();
        received += got.value().size();
      }
      co_await written;
    }
    stream.shutdown_write();
    while (auto got = co_await stream.read_some()) received += got->size();
    EXPECT_EQ(received, sent);
  });
}

TEST(ProcessStream, ThatEndsLeavesTheProgramTimeToFinish) {
  const std::string file = "/tmp/torc-stream-" + std::to_string(::getpid());
  on_reactor([&](this auto) -> Deferred<void> {
    {
      auto stream = co_await process_stream({"sh", "-c", "cat >/dev/null; sleep 0.05; echo whole >" + file});
      co_await stream.write("input");
    }
    co_await until([] { return children() == 0; });
  });
  std::string said;
  std::ifstream(file) >> said;
  EXPECT_EQ(said, "whole");
  std::filesystem::remove(file);
}

TEST(ProcessStream, EndsTheProgramThatDoesNotEnd) {
  const auto before = open_descriptors();
  on_reactor([]() -> Deferred<void> {
    SpawnOptions impatient{.files = {{2, inherit(2)}}, .kill_after = 20ms};
    { auto stream = co_await process_stream({"sh", "-c", "trap '' TERM; while :; do sleep 0.01; done"}, impatient); }
    co_await until([] { return children() == 0; });
  });
  EXPECT_EQ(open_descriptors(), before);
}

TEST(ProcessStream, MayBeDestroyedAtEveryStep) {
  const auto before = open_descriptors();
  on_reactor([]() -> Deferred<void> {
    for (int turns = 0; turns < 8; ++turns) {
      SpawnOptions impatient{.files = {{2, null()}}, .kill_after = 5ms};
      auto stream = co_await process_stream({"cat"}, impatient);
      auto read = read_all(stream);
      co_await stream.write("text");
      if (turns % 2) stream.shutdown_write();
      for (int turn = 0; turn < turns; ++turn) co_await sleep(turns < 4 ? 0ms : 1ms);
      if (read.fired()) static_cast<void>(read.take());
    }
    co_await until([] { return children() == 0; });
    co_await sleep(1ms);
  });
  EXPECT_EQ(open_descriptors(), before);
}

TEST(ProcessStream, FailsWhenThereIsNoProgram) {
  on_reactor([]() -> Deferred<void> {
    auto failed = co_await as_outcome(process_stream({"/no/such"}));
    EXPECT_EQ(failed.error().message(), "cannot run \"/no/such\": No such file or directory");
    EXPECT_TRUE(failed.error().check<CannotRun>());
    auto further = co_await as_outcome(process_stream({"cat"}, {.files = {{3, from_child()}}}));
    EXPECT_TRUE(further.error().check<CannotRun>());
    co_await until([] { return children() == 0; });
  });
}

}  // namespace
}  // namespace torc::process
