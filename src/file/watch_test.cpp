#include <torc/file/watch.hpp>

#include "file/error_of.hpp"
#include "file/temporary_folder.hpp"
#include "file/watch_lines.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/async/timing.hpp>
#include <torc/base/log.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/reactor/run.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace torc::file {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

TEST(FileWatch, TellsWhatHappensInAFolder) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    folder.make_folder("in");
    folder.write("other", "");
    const TemporaryFolder elsewhere;
    auto watcher = file::watch(folder.path());
    folder.write("in/deeper", "");  // not recursive
    folder.write("a", "text");
    fs::permissions(folder.at("a"), fs::perms(0600));
    fs::rename(folder.at("a"), folder.at("b"));
    fs::rename(folder.at("b"), elsewhere.at("b"));
    fs::rename(elsewhere.at("b"), folder.at("c"));
    fs::remove(folder.at("c"));
    fs::create_directory(folder.at("d"));
    EXPECT_EQ(co_await until_end(folder, watcher),
              (Lines{"created a", "modified a", "closed a", "attributes a", "renamed a -> b", "moved out b", "moved in c",
                     "deleted c", "created d/"}));
  }), 0);
}

TEST(FileWatch, TellsOnlyWhatWasAskedFor) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    const TemporaryFolder elsewhere;
    auto watcher = file::watch(folder.path(), {.changes = Change::kClosed | Change::kRenamed});
    folder.write("a", "text");
    fs::rename(folder.at("a"), folder.at("b"));
    fs::rename(folder.at("b"), elsewhere.at("b"));
    folder.write("c", "");
    EXPECT_EQ(co_await take(folder, watcher, 3), (Lines{"closed a", "renamed a -> b", "closed c"}));
  }), 0);
}

TEST(FileWatch, NamesAreAnyBytes) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    auto watcher = file::watch(folder.path() + "//", {.changes = kPlaces});
    const std::string strange = "new\nline \xff\x01 \xc3\x28";
    folder.write(strange, "");
    const std::string longest(255, '\xfe');
    folder.write(longest, "");
    EXPECT_EQ(co_await take(folder, watcher, 2), (Lines{"created " + strange, "created " + longest}));
  }), 0);
}

TEST(FileWatch, OfAFileEndsWithIt) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    folder.write("a", "text");
    auto watcher = file::watch(folder.at("a"), {.changes = Change::kModified | Change::kClosed});
    EXPECT_EQ(watcher.size(), 1u);
    {
      const UniqueFd file(::open(folder.at("a").c_str(), O_WRONLY | O_CLOEXEC));
      EXPECT_EQ(::write(file.get(), "T", 1), 1);
    }
    fs::remove(folder.at("a"));
    EXPECT_EQ(co_await take(folder, watcher, 3), (Lines{"modified a", "closed a", "gone a"}));
    EXPECT_EQ(co_await code_of(watcher.next()), ENOENT);
    EXPECT_EQ(co_await code_of(watcher.next()), ENOENT);
    co_await watcher.settled();
  }), 0);
}

TEST(FileWatch, AFolderThatIsRenamedOrRemovedIsGone) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    for (const bool recursive : {false, true}) {
      folder.make_folder("in/deeper");
      auto watcher = file::watch(folder.at("in"), {.recursive = recursive});
      co_await watcher.settled();
      fs::rename(folder.at("in"), folder.at("out"));
      folder.write("out/a", "");
      EXPECT_EQ(co_await take(folder, watcher, 1), (Lines{"gone in"})) << recursive;
      EXPECT_EQ(co_await code_of(watcher.next()), ENOENT);
      while (watcher.size() > 0) co_await sleep(1ms);  // it lets go of all
      fs::remove_all(folder.at("out"));
    }
  }), 0);
}

TEST(FileWatch, ErrorsNamePathAndReason) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    const auto why = [](const std::string& path) -> std::string {
      try {
        auto watcher = file::watch(path);
        return "";
      } catch (const FileError& error) {
        return error.what();
      }
    };
    EXPECT_EQ(why(folder.at("none")), "watching \"" + folder.at("none") + "\": No such file or directory");
    EXPECT_NE(why(""), "");
    EXPECT_NE(why(std::string("/tmp\0x", 6)), "");
    co_return;
  }), 0);
}

TEST(FileWatch, SeveralShareOneDescriptorAndEachHasItsOwnEvents) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    const auto before = open_descriptors();
    {
      auto early = file::watch(folder.path(), {.changes = kPlaces});
      folder.write("a", "");
      auto late = file::watch(folder.path(), {.changes = kPlaces});  // after a
      std::optional dropped = file::watch(folder.path());
      EXPECT_EQ(open_descriptors(), before + 1);
      folder.write("b", "");
      dropped.reset();
      EXPECT_EQ(co_await take(folder, late, 1), (Lines{"created b"}));
      EXPECT_EQ(co_await take(folder, early, 2), (Lines{"created a", "created b"}));
    }
    // What was noted for a watch that is gone is not told to the next.
    std::optional first = file::watch(folder.path());
    folder.write("c", "");
    first.reset();
    auto second = file::watch(folder.path(), {.changes = kPlaces});
    folder.write("d", "");
    EXPECT_EQ(co_await take(folder, second, 1), (Lines{"created d"}));
    EXPECT_EQ(open_descriptors(), before + 1);
  }), 0);
}

TEST(FileWatch, CallsBackFromTheLoop) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    Lines lines;
    auto watcher = file::watch(folder.path(), {.changes = kPlaces}, [&](const Event& event) {
      lines.push_back(line(folder, event));
      if (lines.size() == 1) throw Error("as planned");
    });
    auto captured = std::make_shared<log::CaptureSink>();
    const log::ScopedSink scope{captured};
    folder.write("a", "");
    fs::rename(folder.at("a"), folder.at("b"));
    EXPECT_EQ(lines, Lines{});
    while (lines.size() < 2) co_await sleep(1ms);
    EXPECT_EQ(lines, (Lines{"created a", "renamed a -> b"}));
    EXPECT_TRUE(captured->contains("as planned"));
  }), 0);
}

}  // namespace
}  // namespace torc::file
