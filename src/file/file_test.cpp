#include <torc/file/file.hpp>

#include "file/error_of.hpp"
#include "file/temporary_folder.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/async/gather.hpp>
#include <torc/async/timing.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/reactor/run.hpp>
#include <torc/reactor/thread_pool.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace torc::file {
namespace {

using namespace std::chrono_literals;

TEST(File, IsReadPieceByPiece) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    folder.write("data", "0123456789");
    auto in = co_await file::open(folder.at("data"), {.chunk = 4});
    std::string all;
    while (auto piece = co_await in.read_some()) {
      EXPECT_LE(piece->size(), 4u);
      all += piece->view();
    }
    EXPECT_EQ(all, "0123456789");
    folder.write("data", "0123456789ab");
    auto piece = co_await in.read_some();  // what was added since
    EXPECT_TRUE(piece && *piece == "ab");
  }), 0);
}

TEST(File, CopiesOneIntoAnother) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    folder.write("one", std::string(1'000'000, 'x') + "end");
    auto in = co_await file::open(folder.at("one"));
    auto out = co_await file::open(folder.at("other"), {.access = Access::kNew});
    while (auto piece = co_await in.read_some()) co_await out.write(*piece);
    co_await out.sync();
    co_await out.close();
    EXPECT_EQ(folder.read("other"), folder.read("one"));
  }), 0);
}

TEST(File, OperationsAreDoneInTheOrderOfTheCalls) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    auto file = co_await file::open(folder.at("data"), {.access = Access::kWrite});
    std::string expected;
    std::vector<Deferred<void>> writes;
    for (int i = 0; i < 500; ++i) {
      const std::string line = "line " + std::to_string(i) + '\n';
      expected += line;
      writes.push_back(file.write(line));
    }
    auto size = file.size();
    auto all = file.read_at(0, 1'000'000);
    writes.push_back(file.write_at(0, "LINE"));
    auto start = file.read_at(0, 5);
    EXPECT_EQ(co_await std::move(size), expected.size());
    EXPECT_EQ((co_await std::move(all)).view(), expected);
    EXPECT_EQ((co_await std::move(start)).view(), "LINE ");
    co_await gather(std::move(writes));
    co_await file.truncate(3);
    EXPECT_EQ(co_await file.size(), 3u);
    EXPECT_EQ((co_await file.read_at(1, 100)).view(), "IN");
    EXPECT_EQ((co_await file.read_at(3, 100)).view(), "");
  }), 0);
}

TEST(File, AppendsBehindWhatIsThere) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    folder.write("log", "one\n");
    auto log = co_await file::open(folder.at("log"), {.access = Access::kAppend});
    co_await log.write("two\n");
    folder.write("log", "new\n");  // cut off by another, as when logs are rotated
    co_await log.write("three\n");
    EXPECT_EQ(folder.read("log"), "new\nthree\n");
    EXPECT_EQ(co_await code_of(log.read_some()), EBADF);
  }), 0);
}

TEST(File, AccessSaysWhatMustBeThere) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    folder.write("old", "text");
    EXPECT_EQ(co_await code_of(file::open(folder.at("none"))), ENOENT);
    EXPECT_EQ(co_await code_of(file::open(folder.at("none"), {.access = Access::kUpdate})), ENOENT);
    EXPECT_EQ(co_await code_of(file::open(folder.at("old"), {.access = Access::kNew})), EEXIST);
    EXPECT_EQ(co_await code_of(file::open(folder.path())), EISDIR);
    auto update = co_await file::open(folder.at("old"), {.access = Access::kUpdate});
    co_await update.write("T");
    EXPECT_EQ(folder.read("old"), "Text");
    auto read_only = co_await file::open(folder.at("old"));
    EXPECT_EQ(co_await code_of(read_only.write("x")), EBADF);
    EXPECT_EQ(::mkfifo(folder.at("fifo").c_str(), 0600), 0);
    EXPECT_EQ(co_await code_of(file::open(folder.at("fifo"))), EINVAL);
    EXPECT_EQ(co_await code_of(file::open(folder.at("fifo"), {.access = Access::kAppend})), ENXIO);
  }), 0);
}

TEST(File, OneReadSomeAtATime) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    folder.write("data", "0123");
    auto in = co_await file::open(folder.at("data"), {.chunk = 2});
    auto first = in.read_some();
    auto second = co_await as_outcome(in.read_some());
    EXPECT_TRUE(second.error().check<FileBusy>());
    EXPECT_TRUE(*co_await std::move(first) == "01");
  }), 0);
}

TEST(File, DroppingAReadThatPendsLosesNoByte) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    std::string expected;
    for (int i = 0; i < 1000; ++i) expected += std::to_string(i) + ' ';
    folder.write("data", expected);
    auto in = co_await file::open(folder.at("data"), {.chunk = 16});
    std::string all;
    for (int i = 0;; ++i) {
      {
        auto dropped = in.read_some();
        for (int turns = i % 4; turns > 0; --turns) co_await sleep(0ms);
        if (dropped.fired()) {
          auto piece = co_await std::move(dropped);
          if (!piece) break;
          all += piece->view();
          continue;
        }
      }
      auto piece = co_await in.read_some();
      if (!piece) break;
      all += piece->view();
    }
    EXPECT_EQ(all, expected);
  }), 0);
}

TEST(File, AWriteThatWasDroppedBeforeItsTurnIsNotDone) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    auto out = co_await file::open(folder.at("data"), {.access = Access::kWrite});
    auto first = out.write(std::string(3'000'000, 'a'));
    { auto dropped = out.write("never"); }
    auto cancelled = out.write("never");
    cancelled.cancel();
    co_await out.write("end");
    co_await std::move(first);
    EXPECT_EQ(folder.read("data"), std::string(3'000'000, 'a') + "end");
    EXPECT_TRUE((co_await as_outcome(std::move(cancelled))).error().check<Cancelled>());
  }), 0);
}

TEST(File, WhatWaitsToBeWrittenIsBounded) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    auto out = co_await file::open(folder.at("data"), {.access = Access::kWrite, .write_limit = 100});
    auto large = out.write(std::string(1000, 'a'));  // alone it may be larger
    auto refused = co_await as_outcome(out.write("b"));
    EXPECT_TRUE(refused.error().check<QueueFull>());
    co_await std::move(large);
    co_await sleep(1ms);
    co_await out.write("b");
    EXPECT_EQ(folder.read("data").size(), 1001u);
  }), 0);
}

TEST(File, CloseComesBehindWhatWasCalledBefore) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    const auto before = open_descriptors();
    auto out = co_await file::open(folder.at("data"), {.access = Access::kWrite});
    auto write = out.write("text");
    co_await out.close();
    EXPECT_EQ(open_descriptors(), before);
    EXPECT_TRUE(write.fired());
    co_await std::move(write);
    EXPECT_EQ(co_await code_of(out.write("more")), EBADF);
    EXPECT_EQ(co_await code_of(out.close()), EBADF);
    EXPECT_EQ(folder.read("data"), "text");
  }), 0);
}

TEST(File, AFileDroppedDuringAWriteIsClosedWhenThatHasEnded) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    const auto before = open_descriptors();
    std::optional out = co_await file::open(folder.at("data"), {.access = Access::kWrite});
    auto write = out->write(std::string(2'000'000, 'x'));
    out.reset();
    co_await std::move(write);
    EXPECT_EQ(folder.read("data").size(), 2'000'000u);
    while (open_descriptors() != before) co_await sleep(1ms);
  }), 0);
}

TEST(File, AFifoIsWaitedForWithoutHoldingUpItsEnd) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    const std::string fifo = folder.at("fifo");
    EXPECT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    const UniqueFd writer(::open(fifo.c_str(), O_RDWR | O_CLOEXEC));
    auto in = co_await file::open(fifo, {.any_kind = true});
    auto piece = in.read_some();
    co_await sleep(2ms);
    EXPECT_TRUE(piece.pending());
    EXPECT_EQ(::write(writer.get(), "hi", 2), 2);
    EXPECT_TRUE(*co_await std::move(piece) == "hi");
    auto dropped = in.read_some();
    co_await sleep(2ms);
  }), 0);  // the reactor ends although that waits for ever
}

TEST(File, FailsWhenTheReactorStops) {
  TemporaryFolder folder;
  EXPECT_EQ(::mkfifo(folder.at("fifo").c_str(), 0600), 0);
  const UniqueFd writer(::open(folder.at("fifo").c_str(), O_RDWR | O_CLOEXEC));
  bool stopped = false;
  Reactor reactor;
  reactor.call_when_running([&] {
    file::open(folder.at("fifo"), {.any_kind = true})
        .then([&](File in) {
          auto piece = in.read_some();
          reactor.stop();
          return std::move(piece).then_outcome([&stopped, in = std::move(in)](auto outcome) {
            stopped = !outcome && outcome.error().template check<ReactorStopped>();
          });
        })
        .detach();
  });
  reactor.run();
  EXPECT_TRUE(stopped);
}

}  // namespace
}  // namespace torc::file
