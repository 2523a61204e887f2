// Owners of work on files, and of watches, that go away at any moment.
#include "tests/stress/every_moment.hpp"

#include "file/temporary_folder.hpp"

#include <torc/file/content.hpp>
#include <torc/file/file.hpp>
#include <torc/file/folder.hpp>
#include <torc/file/watch.hpp>

#include <sys/stat.h>

namespace torc::stress {
namespace {

TEST(DestroyedOwner, WholeFilesAndFolders) {
  const file::TemporaryFolder folder;
  at_every_moment([&folder](World& world) -> Deferred<void> {
    return [](World& world, const file::TemporaryFolder& folder) -> Deferred<void> {
      const std::string path = folder.at("whole");
      co_await file::write(path, std::string(5000, 'x'));
      world.step();
      co_await file::write(path, "more", {.append = true});
      world.step();
      EXPECT_GE((co_await file::read(path)).size(), 4u);
      world.step();
      co_await file::make_directories(folder.at("a/b"));
      world.step();
      static_cast<void>(co_await as_outcome(file::rename(path, folder.at("a/b/whole"))));
      world.step();
      static_cast<void>(co_await file::list(folder.path()));
      static_cast<void>(co_await file::stat(folder.path()));
      static_cast<void>(co_await as_outcome(file::remove(folder.at("a/b/whole"))));
      world.step();
    }(world, folder);
  });
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
    EXPECT_FALSE(entry.path().filename().string().starts_with(".torc-")) << entry.path();
  }
}

TEST(DestroyedOwner, AnOpenFile) {
  const file::TemporaryFolder folder;
  at_every_moment([&folder](World& world) -> Deferred<void> {
    return [](World& world, const file::TemporaryFolder& folder) -> Deferred<void> {
      auto out = co_await file::open(folder.at("open"), {.access = file::Access::kWrite, .chunk = 10});
      world.step();
      auto first = out.write(std::string(100'000, 'a'));
      auto second = out.write("end");
      { auto dropped = out.write("dropped"); }
      world.step();
      auto size = out.size();
      EXPECT_GE(co_await std::move(size), 100'000u);  // a reactor that stops may refuse the second write
      world.step();
      auto piece = co_await out.read_some();
      EXPECT_TRUE(piece && *piece == "aaaaaaaaaa");
      world.step();
      co_await out.sync();
      world.step();
      co_await out.close();
      world.step();
      co_await std::move(first);
      co_await std::move(second);
    }(world, folder);
  });
}

TEST(DestroyedOwner, AFileThatIsAPeer) {
  const file::TemporaryFolder folder;
  at_every_moment([&folder](World& world) -> Deferred<void> {
    return [](World& world, const file::TemporaryFolder& folder) -> Deferred<void> {
      auto& out = world.keep(co_await file::open(folder.at("peer"), {.access = file::Access::kWrite}));
      world.step();
      if (!world.has_peers()) co_return;
      auto write = out.write(std::string(200'000, 'a'));
      auto read = out.read_some();
      world.step();
      co_await std::move(write);
      world.step();
      EXPECT_TRUE(co_await std::move(read));
      world.step();
    }(world, folder);
  });
}

TEST(DestroyedOwner, AReadThatWaitsForAFifo) {
  const file::TemporaryFolder folder;
  const std::string fifo = folder.at("fifo");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  const UniqueFd writer(::open(fifo.c_str(), O_RDWR | O_CLOEXEC));
  at_every_moment([&](World& world) -> Deferred<void> {
    return [](World& world, const std::string& fifo, int writer) -> Deferred<void> {
      auto in = co_await file::open(fifo, {.any_kind = true});
      auto piece = in.read_some();
      co_await slow(world, 3);
      EXPECT_EQ(::write(writer, "x", 1), 1);
      world.step();
      EXPECT_TRUE(co_await std::move(piece));
      world.step();
    }(world, fifo, writer.get());
  });
}

TEST(DestroyedOwner, Watchers) {
  at_every_moment([](World& world) -> Deferred<void> {
    const file::TemporaryFolder folder;
    folder.make_folder("a/b");
    folder.make_folder("c/d");
    auto watcher = file::watch(folder.path(), {.recursive = true});
    auto& peer = world.keep(file::watch(folder.path(), {.recursive = true}, [&world](const file::Event&) { world.peer_step(); }));
    static_cast<void>(peer);
    world.step();
    co_await watcher.settled();
    world.step();
    folder.write("a/b/file", "text");
    folder.make_folder("new/folder");
    std::filesystem::rename(folder.at("a"), folder.at("c/d/a"));
    for (;;) {
      const auto event = co_await watcher.next();
      world.step();
      if (event.change == file::Change::kRenamed) break;
    }
    std::filesystem::remove_all(folder.path());
    for (;;) {
      const auto event = co_await watcher.next();
      world.step();
      if (event.change == file::Change::kGone) break;
    }
  });
}

}  // namespace
}  // namespace torc::stress
