#include <torc/file/folder.hpp>

#include "file/error_of.hpp"
#include "file/temporary_folder.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/reactor/run.hpp>

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <string>
#include <utility>

namespace torc::file {
namespace {

using namespace std::chrono_literals;

TEST(FileFolder, IsListedByNameWithKinds) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    folder.write("b", "");
    folder.make_folder("a");
    std::filesystem::create_symlink("nowhere", folder.at("d"));
    EXPECT_EQ(::mkfifo(folder.at("c\n\xff").c_str(), 0600), 0);
    std::string seen;
    for (const auto& entry : co_await file::list(folder.path())) {
      seen += entry.name + ':' + std::to_string(static_cast<int>(entry.kind)) + ' ';
    }
    EXPECT_EQ(seen, "a:1 b:0 c\n\xff:3 d:2 ");
    EXPECT_EQ(co_await code_of(file::list(folder.path(), 3)), EFBIG);
    EXPECT_EQ((co_await file::list(folder.path(), 4)).size(), 4u);
    EXPECT_EQ(co_await code_of(file::list(folder.at("b"))), ENOTDIR);
    EXPECT_EQ(co_await code_of(file::list(folder.at("x"))), ENOENT);
  }), 0);
}

TEST(FileFolder, StatTellsWhatAPathNames) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    folder.write("file", "12345");
    std::filesystem::permissions(folder.at("file"), std::filesystem::perms(0640));
    std::filesystem::create_symlink("file", folder.at("link"));
    const auto info = co_await file::stat(folder.at("link"));
    EXPECT_EQ(info.kind, Kind::kRegular);
    EXPECT_EQ(info.size, 5u);
    EXPECT_EQ(info.mode, 0640u);
    EXPECT_EQ(info.links, 1u);
    EXPECT_LT(std::chrono::system_clock::now() - info.modified, 1h);
    EXPECT_EQ((co_await file::stat(folder.at("file"))).inode, info.inode);
    EXPECT_EQ((co_await file::stat(folder.at("link"), {.follow = false})).kind, Kind::kLink);
    EXPECT_EQ((co_await file::stat(folder.path())).kind, Kind::kFolder);
    EXPECT_EQ((co_await file::stat("/dev/null")).kind, Kind::kDevice);
    EXPECT_EQ(co_await code_of(file::stat(folder.at("none"))), ENOENT);
  }), 0);
}

TEST(FileFolder, EntriesAreMadeRenamedAndRemoved) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    co_await file::make_directories(folder.at("a/b/c"));
    co_await file::make_directories(folder.at("a/b//c/"));  // is there
    folder.write("a/b/c/file", "x");
    EXPECT_EQ(co_await code_of(file::make_directories(folder.at("a/b/c/file"))), EEXIST);
    EXPECT_EQ(co_await code_of(file::make_directories(folder.at("a/b/c/file/d"))), ENOTDIR);
    EXPECT_EQ(co_await code_of(file::remove(folder.at("a"))), ENOTEMPTY);
    co_await file::rename(folder.at("a/b/c/file"), folder.at("file"));
    EXPECT_EQ(folder.read("file"), "x");
    EXPECT_EQ(co_await code_of(file::rename(folder.at("none"), folder.at("other"))), ENOENT);
    co_await file::remove(folder.at("a/b/c"));
    co_await file::remove(folder.at("file"));
    EXPECT_EQ(co_await code_of(file::remove(folder.at("file"))), ENOENT);
    EXPECT_EQ(folder.size(), 1);
  }), 0);
}

}  // namespace
}  // namespace torc::file
