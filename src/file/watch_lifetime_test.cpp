#include <torc/file/watch.hpp>

#include "file/temporary_folder.hpp"
#include "file/watch_lines.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/async/timing.hpp>
#include <torc/reactor/run.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>

namespace torc::file {
namespace {

using namespace std::chrono_literals;

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
