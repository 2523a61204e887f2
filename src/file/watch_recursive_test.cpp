#include <torc/file/watch.hpp>

#include "file/temporary_folder.hpp"
#include "file/watch_lines.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/async/timing.hpp>
#include <torc/reactor/run.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>
#include <string>

namespace torc::file {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

TEST(FileWatch, RecursivelyNewFoldersAreWatchedAndNothingIsToldTwice) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    folder.make_folder("old/deep");
    folder.write("old/deep/file", "");
    auto watcher = file::watch(folder.path(), {.recursive = true, .changes = kPlaces});
    co_await watcher.settled();
    EXPECT_EQ(watcher.size(), 3u);
    folder.write("old/deep/new", "");
    EXPECT_EQ(co_await take(folder, watcher, 1), (Lines{"created old/deep/new"}));
    // All of it is there before the loop turns again.
    folder.make_folder("a/b/c");
    folder.write("a/1", "");
    folder.write("a/b/2", "");
    folder.write("a/b/c/3", "");
    auto lines = co_await take(folder, watcher, 6);
    EXPECT_EQ(std::set(lines.begin(), lines.end()),
              (std::set<std::string>{"created a/", "created a/b/", "created a/b/c/", "created a/1", "created a/b/2",
                                     "created a/b/c/3"}));
    co_await watcher.settled();
    EXPECT_EQ(watcher.size(), 6u);
    folder.write("a/b/c/4", "");
    fs::remove_all(folder.at("a/b"));
    lines = co_await until_end(folder, watcher);
    EXPECT_EQ(lines.front(), "created a/b/c/4");
    EXPECT_EQ(lines.back(), "deleted a/b/");
    EXPECT_EQ(lines.size(), 6u);
    EXPECT_EQ(watcher.size(), 4u);
  }), 0);
}

// Files are made while the folders they are in are found: each is told once.
TEST(FileWatch, EachFileIsToldOnceHoweverFastFoldersCome) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    auto watcher = file::watch(folder.path(), {.recursive = true, .changes = kPlaces});
    co_await watcher.settled();
    std::map<std::string, int> told;
    int made = 0;
    const auto make = [&](const std::string& name) {
      folder.write(name, "");
      ++made;
    };
    for (int i = 0; i < 60; ++i) {
      const std::string top = "f" + std::to_string(i);
      folder.make_folder(top);
      make(top + "/1");
      if (i % 3) co_await sleep(0ms);
      make(top + "/2");
      folder.make_folder(top + "/sub");
      make(top + "/sub/3");
      if (i % 2) co_await sleep(0ms);
      make(top + "/sub/4");
      make(top + "/5");
    }
    made += 120;  // the folders
    for (int i = 0; i < made; ++i) ++told[line(folder, co_await with_timeout(20s, watcher.next()))];
    EXPECT_EQ(told.size(), static_cast<std::size_t>(made));
    for (const auto& [text, times] : told) EXPECT_EQ(times, 1) << text;
    EXPECT_EQ(co_await until_end(folder, watcher), Lines{});
  }), 0);
}

TEST(FileWatch, FoldersKeepBeingWatchedWhereTheyAreRenamedTo) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    const TemporaryFolder elsewhere;
    folder.make_folder("a/b");
    folder.make_folder("c");
    auto watcher = file::watch(folder.path(), {.recursive = true, .changes = kPlaces});
    co_await watcher.settled();
    fs::rename(folder.at("a"), folder.at("c/d"));
    folder.write("c/d/b/file", "");
    EXPECT_EQ(co_await take(folder, watcher, 2), (Lines{"renamed a -> c/d/", "created c/d/b/file"}));
    fs::rename(folder.at("c/d"), elsewhere.at("d"));
    folder.write("c/x", "");
    EXPECT_EQ(co_await take(folder, watcher, 2), (Lines{"moved out c/d/", "created c/x"}));
    EXPECT_EQ(watcher.size(), 2u);
    elsewhere.write("d/b/unseen", "");
    fs::rename(elsewhere.at("d"), folder.at("e"));
    EXPECT_EQ(co_await take(folder, watcher, 4),
              (Lines{"moved in e/", "created e/b/", "created e/b/file", "created e/b/unseen"}));
    EXPECT_EQ(watcher.size(), 4u);
  }), 0);
}

TEST(FileWatch, ANameThatChangesHandsBeforeItIsLookedAt) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    auto watcher = file::watch(folder.path(), {.recursive = true, .changes = kPlaces});
    co_await watcher.settled();
    fs::create_directory(folder.at("a"));
    fs::rename(folder.at("a"), folder.at("b"));
    fs::create_directory(folder.at("a"));
    static_cast<void>(co_await until_end(folder, watcher));
    co_await watcher.settled();
    EXPECT_EQ(watcher.size(), 3u);
    folder.write("a/1", "");
    folder.write("b/2", "");
    EXPECT_EQ(co_await take(folder, watcher, 2), (Lines{"created a/1", "created b/2"}));
  }), 0);
}

TEST(FileWatch, SymbolicLinksAreNotFollowed) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    folder.make_folder("in/deep");
    fs::create_directory_symlink("..", folder.at("in/deep/up"));
    fs::create_directory_symlink(".", folder.at("in/self"));
    auto watcher = file::watch(folder.path(), {.recursive = true, .changes = kPlaces});
    co_await watcher.settled();
    EXPECT_EQ(watcher.size(), 3u);
    fs::create_directory_symlink("in", folder.at("loop"));
    EXPECT_EQ(co_await take(folder, watcher, 1), (Lines{"created loop"}));
    co_await watcher.settled();
    EXPECT_EQ(watcher.size(), 3u);
  }), 0);
}

TEST(FileWatch, AThousandFoldersDeep) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    std::string deep;
    for (int i = 0; i < 1000; ++i) deep += i ? "/d" : "d";
    folder.make_folder(deep);
    auto watcher = file::watch(folder.path(), {.recursive = true, .changes = kPlaces});
    co_await watcher.settled();
    EXPECT_EQ(watcher.size(), 1001u);
    folder.write(deep + "/file", "");
    EXPECT_EQ(co_await take(folder, watcher, 1), (Lines{"created " + deep + "/file"}));
    fs::rename(folder.at("d"), folder.at("e"));
    EXPECT_EQ(co_await take(folder, watcher, 1), (Lines{"renamed d -> e/"}));
    folder.write('e' + deep.substr(1) + "/file2", "");
    EXPECT_EQ(co_await take(folder, watcher, 1), (Lines{"created e" + deep.substr(1) + "/file2"}));
  }), 0);
}

}  // namespace
}  // namespace torc::file
