#include <torc/file/watch.hpp>

#include "file/temporary_folder.hpp"
#include "file/watch_lines.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/async/timing.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/reactor/run.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace torc::file {
namespace {

using namespace std::chrono_literals;

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

}  // namespace
}  // namespace torc::file
