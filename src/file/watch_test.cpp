#include <torc/file/watch.hpp>

#include "file/error_of.hpp"
#include "file/temporary_folder.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/async/timing.hpp>
#include <torc/base/log.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/reactor/run.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace torc::file {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr Changes kPlaces = Change::kCreated | Change::kDeleted | Change::kRenamed | Change::kMovedIn | Change::kMovedOut;

// "created a/b", with paths below `folder`.
std::string line(const TemporaryFolder& folder, const Event& event) {
  const auto below = [&](const std::string& path) {
    return path.size() > folder.path().size() ? path.substr(folder.path().size() + 1) : std::string(".");
  };
  std::string text = to_string(event.change);
  if (!event.from.empty()) text += ' ' + below(event.from) + " ->";
  return text + ' ' + below(event.path) + (event.folder ? "/" : "");
}

// The next `count` events.
Deferred<std::vector<std::string>> take(const TemporaryFolder& folder, Watcher& watcher, int count) {
  std::vector<std::string> lines;
  for (int i = 0; i < count; ++i) {
    const Event event = co_await with_timeout(20s, watcher.next());
    lines.push_back(line(folder, event));
  }
  co_return lines;
}

// What comes until the file "end" is made.
Deferred<std::vector<std::string>> until_end(const TemporaryFolder& folder, Watcher& watcher) {
  folder.write("end", "");
  std::vector<std::string> lines;
  for (;;) {
    const Event event = co_await with_timeout(20s, watcher.next());
    const std::string text = line(folder, event);
    if (text == "created end") break;
    lines.push_back(text);
  }
  co_return lines;
}

using Lines = std::vector<std::string>;

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

TEST(FileWatch, TenThousandEventsAtOnceComeInOrder) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    auto watcher = file::watch(folder.path(), {.changes = kPlaces});
    for (int i = 0; i < 5000; ++i) {
      const UniqueFd made(::open(folder.at(std::to_string(i)).c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
      if (i % 1000 == 999) co_await sleep(0ms);  // the kernel keeps 16,384
    }
    for (int i = 0; i < 5000; ++i) {
      const Event event = co_await with_timeout(20s, watcher.next());
      EXPECT_EQ(line(folder, event), "created " + std::to_string(i));
    }
    for (int i = 0; i < 5000; ++i) ::unlink(folder.at(std::to_string(i)).c_str());
    for (int i = 0; i < 5000; ++i) {
      const Event event = co_await with_timeout(20s, watcher.next());
      EXPECT_EQ(line(folder, event), "deleted " + std::to_string(i));
    }
  }), 0);
}

TEST(FileWatch, AQueueNobodyEmptiesOverflowsAndSaysSo) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    auto watcher = file::watch(folder.path(), {.changes = kPlaces, .queue = 3});
    auto other = file::watch(folder.path(), {.changes = Change::kCreated});
    for (const char* name : {"1", "2", "3", "4", "5"}) folder.write(name, "");
    co_await take(folder, other, 5);
    EXPECT_EQ(co_await take(folder, watcher, 4), (Lines{"created 1", "created 2", "created 3", "overflow ."}));
    folder.write("6", "");
    EXPECT_EQ(co_await take(folder, watcher, 1), (Lines{"created 6"}));
  }), 0);
}

TEST(FileWatch, WhenTheKernelLosesEventsFoldersAreLookedForAgain) {
  int limit = 16'384;
  if (FILE* file = std::fopen("/proc/sys/fs/inotify/max_queued_events", "r")) {
    if (std::fscanf(file, "%d", &limit) != 1) limit = 16'384;
    std::fclose(file);
  }
  if (limit > 100'000) GTEST_SKIP() << "fs.inotify.max_queued_events is " << limit << ": too many to overflow";
  EXPECT_EQ(run([limit](this auto) -> Deferred<void> {
    TemporaryFolder folder;
    auto watcher = file::watch(folder.path(), {.recursive = true, .changes = Change::kCreated});
    co_await watcher.settled();
    folder.write("file", "");
    // Two by turns: what is the same as the one before is not noted again.
    for (int i = 0; i <= limit; ++i) {
      ::chmod(folder.at("file").c_str(), 0600);
      ::unlink(folder.at("none").c_str());
      if (::link(folder.at("file").c_str(), folder.at("none").c_str()) != 0) ADD_FAILURE() << "link";
      if (i * 3 > limit + 10) break;
    }
    folder.make_folder("unseen");
    for (;;) {
      const Event event = co_await with_timeout(20s, watcher.next());
      if (event.change == Change::kOverflow) break;
    }
    co_await watcher.settled();
    EXPECT_EQ(watcher.size(), 2u);
    folder.write("unseen/now", "");
    EXPECT_EQ(co_await take(folder, watcher, 1), (Lines{"created unseen/now"}));
  }), 0);
}

TEST(FileWatch, FoldersBeyondTheLimitAreTold) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    for (const char* name : {"1", "2", "3"}) folder.make_folder(name);
    auto watcher = file::watch(folder.path(), {.recursive = true, .folders = 3});
    co_await watcher.settled();
    EXPECT_EQ(watcher.size(), 3u);
    const Event event = co_await watcher.next();
    EXPECT_EQ(event.change, Change::kNotWatched);
    EXPECT_EQ(event.reason, "3 are watched already, as many as WatchOptions::folders allows");
  }), 0);
}

// In a process of its own, in a user namespace with a limit of its own. Its exit status: 0 when all was as it should
// be, 77 when there can be no such namespace.
[[noreturn]] void run_out_of_watches(const std::string& path) {
  if (::unshare(CLONE_NEWUSER) != 0) std::_Exit(77);
  const UniqueFd limit(::open("/proc/sys/user/max_inotify_watches", O_WRONLY | O_CLOEXEC));
  if (!limit || ::write(limit.get(), "3", 1) != 1) std::_Exit(77);
  const int status = run([&path](this auto) -> Deferred<int> {
    constexpr const char* kWhy = "the system's limit of watches is reached: raise the sysctl fs.inotify.max_user_watches";
    auto watcher = file::watch(path, {.recursive = true});
    co_await watcher.settled();
    const Event event = co_await watcher.next();
    if (watcher.size() != 3 || event.change != Change::kNotWatched || event.reason != kWhy) co_return 1;
    try {
      auto another = file::watch(event.path);
    } catch (const FileError& error) {
      co_return error.what() == "watching \"" + event.path + "\": " + kWhy && error.code() == ENOSPC ? 0 : 2;
    }
    co_return 3;
  });
  std::_Exit(status);
}

TEST(FileWatchDeathTest, TheLimitOfTheSystemIsAnErrorThatNamesTheSysctl) {
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
  GTEST_SKIP() << "ThreadSanitizer lets no forked child start a thread";
#endif
#endif
  TemporaryFolder folder;
  for (const char* name : {"1", "2", "3"}) folder.make_folder(name);
  const pid_t child = ::fork();
  if (child == 0) run_out_of_watches(folder.path());
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "no user namespace with a limit of its own can be made here";
  EXPECT_EQ(WEXITSTATUS(status), 0);
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

TEST(FileWatch, ACallbackMayDestroyItsWatcherAndOthers) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    std::optional<Watcher> one, other;
    int calls = 0;
    const auto end = [&](const Event&) {
      ++calls;
      other.reset();
      one.reset();
    };
    one = file::watch(folder.path(), {.recursive = true}, end);
    other = file::watch(folder.path(), {.recursive = true}, end);
    folder.write("a", "text");
    folder.make_folder("b/c");
    while (one) co_await sleep(1ms);
    co_await sleep(1ms);
    EXPECT_EQ(calls, 1);
  }), 0);
}

TEST(FileWatch, WhoWaitsMayDestroyTheWatcherWhenTold) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    auto watcher = std::make_unique<Watcher>(file::watch(folder.path()));
    bool told = false;
    auto waiting = watcher->next().then([&](const Event&) {
      watcher.reset();
      told = true;
    });
    folder.write("a", "text");
    co_await std::move(waiting);
    EXPECT_TRUE(told);
    // And one that waits when it is destroyed is told.
    auto second = std::make_unique<Watcher>(file::watch(folder.path()));
    auto next = second->next();
    second.reset();
    EXPECT_TRUE((co_await as_outcome(std::move(next))).error().check<BrokenPromise>());
  }), 0);
}

TEST(FileWatch, DroppingANextLosesNoEvent) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    auto watcher = file::watch(folder.path(), {.changes = kPlaces});
    {
      auto dropped = watcher.next();
      folder.write("a", "");
    }
    auto cancelled = watcher.next();
    cancelled.cancel();
    EXPECT_TRUE((co_await as_outcome(std::move(cancelled))).error().check<Cancelled>());
    EXPECT_EQ(co_await take(folder, watcher, 1), (Lines{"created a"}));
  }), 0);
}

TEST(FileWatch, EndsWithItsReactor) {
  TemporaryFolder folder;
  folder.make_folder("a/b");
  const auto before = open_descriptors();
  std::optional<Watcher> outlives;
  bool stopped = false;
  {
    Reactor reactor;
    reactor.call_when_running([&] {
      outlives = file::watch(folder.path(), {.recursive = true});
      outlives->next().then_outcome([&](Outcome<Event> outcome) {
        stopped = !outcome && outcome.error().check<ReactorStopped>();
      }).detach();
      reactor.stop();
    });
    reactor.run();
    EXPECT_TRUE(stopped);
  }
  EXPECT_EQ(open_descriptors(), before);
  outlives.reset();
}

}  // namespace
}  // namespace torc::file
