#include <torc/file/content.hpp>

#include "file/error_of.hpp"
#include "file/temporary_folder.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/async/gather.hpp>
#include <torc/async/timing.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/reactor/run.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace torc::file {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

TEST(FileContent, WhatIsWrittenIsReadAgain) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    const std::string path = folder.at("notes.txt");
    co_await file::write(path, "first line\n");
    co_await file::write(path, "second line\n", {.append = true});
    EXPECT_EQ(co_await file::read(path), "first line\nsecond line\n");
    co_await file::write(path, "all new");
    EXPECT_EQ(co_await file::read(path), "all new");
    co_await file::write(path, "", {.atomic = false});
    EXPECT_EQ(co_await file::read(path), "");
    EXPECT_EQ(folder.size(), 1);
  }), 0);
}

TEST(FileContent, AnySizeIsRead) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    for (const std::size_t size : {1u, 4095u, 4096u, 4097u, 1048575u, 1048576u, 1048577u, 5000000u}) {
      std::string data(size, '\0');
      for (std::size_t i = 0; i < size; ++i) data[i] = static_cast<char>(i * 7);
      co_await file::write(folder.at("data"), data);
      EXPECT_TRUE(co_await file::read(folder.at("data")) == data) << size;
      EXPECT_TRUE(co_await file::read(folder.at("data"), {.limit = size}) == data) << size;
      const auto error = co_await error_of(file::read(folder.at("data"), {.limit = size - 1}));
      EXPECT_EQ(error.code(), EFBIG);
    }
  }), 0);
}

TEST(FileContent, AFileWithoutASizeIsReadToItsEndAndHeldToTheLimit) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    EXPECT_NE((co_await file::read("/proc/self/status")).find("Threads:"), std::string::npos);
    const auto error = co_await error_of(file::read("/proc/self/status", {.limit = 10}));
    EXPECT_STREQ(error.what(), "reading \"/proc/self/status\": it has more than the limit of 10 bytes");
    const auto outcome = co_await as_outcome(file::read("/dev/zero", {.limit = 3'000'000, .any_kind = true}));
    EXPECT_TRUE(outcome.error().check<FileTooLarge>());
  }), 0);
}

TEST(FileContent, ErrorsNamePathAndReason) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    const std::string none = folder.at("none/x");
    auto error = co_await error_of(file::read(none));
    EXPECT_EQ(error.what(), "reading \"" + none + "\": No such file or directory");
    EXPECT_EQ(error.code(), ENOENT);
    EXPECT_EQ(error.path(), none);
    EXPECT_EQ((co_await error_of(file::write(none, "x"))).code(), ENOENT);
    EXPECT_EQ((co_await error_of(file::read(folder.path()))).code(), EISDIR);
    EXPECT_EQ((co_await error_of(file::write(folder.path(), "x"))).code(), EISDIR);
    EXPECT_EQ((co_await error_of(file::write(folder.path(), "x", {.atomic = false}))).code(), EISDIR);
    EXPECT_EQ((co_await error_of(file::read("/etc/passwd\0.txt"s))).code(), EINVAL);
    EXPECT_EQ((co_await error_of(file::write(folder.at("a\0b"s), "x"))).code(), EINVAL);
    EXPECT_EQ(folder.size(), 0);
  }), 0);
}

TEST(FileContent, WhatIsNoRegularFileIsRefusedWithoutWaiting) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    const std::string fifo = folder.at("fifo");
    EXPECT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    const auto error = co_await error_of(file::read(fifo));
    EXPECT_EQ(error.what(), "reading \"" + fifo + "\": it is a FIFO, not a regular file (any_kind would allow it)");
    for (const bool atomic : {false, true}) {
      EXPECT_NE(std::string((co_await error_of(file::write(fifo, "x", {.atomic = atomic}))).what()).find("it is a FIFO"),
                std::string::npos);
      EXPECT_NE(std::string((co_await error_of(file::write("/dev/null", "x", {.atomic = atomic}))).what()).find("a device"),
                std::string::npos);
    }
    EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
    EXPECT_TRUE(std::filesystem::is_fifo(fifo));
    EXPECT_EQ(co_await file::read(fifo, {.any_kind = true}), "");  // nobody writes
  }), 0);
}

TEST(FileContent, AFifoIsReadUntilItsWriterClosesIt) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    const std::string fifo = folder.at("fifo");
    EXPECT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    UniqueFd writer(::open(fifo.c_str(), O_RDWR | O_CLOEXEC));
    auto text = file::read(fifo, {.any_kind = true});
    EXPECT_EQ(::write(writer.get(), "hello", 5), 5);
    while (::fcntl(writer.get(), F_GETFL) >= 0) {  // until it has been read
      co_await sleep(1ms);
      int left = 0;
      EXPECT_EQ(::ioctl(writer.get(), FIONREAD, &left), 0);
      if (left == 0) break;
    }
    EXPECT_TRUE(text.pending());
    writer.reset();
    EXPECT_EQ(co_await std::move(text), "hello");
  }), 0);
}

TEST(FileContent, DroppingAReadThatWaitsForAFifoEndsIt) {
  const auto before = open_descriptors();
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    const std::string fifo = folder.at("fifo");
    EXPECT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    const UniqueFd writer(::open(fifo.c_str(), O_RDWR | O_CLOEXEC));
    std::vector<Deferred<std::string>> reads;
    for (int i = 0; i < 20; ++i) reads.push_back(file::read(fifo, {.any_kind = true}));
    co_await sleep(5ms);
    reads.clear();
    // There is a thread for others again.
    EXPECT_NE(co_await file::read("/proc/self/status"), "");
  }), 0);
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 30s);
}

TEST(FileContent, ReplacingKeepsPermissionsAndFollowsLinks) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    namespace fs = std::filesystem;
    folder.make_folder("real");
    folder.write("real/config", "old");
    fs::permissions(folder.at("real/config"), fs::perms(0640));
    fs::create_symlink("real/config", folder.at("link"));
    co_await file::write(folder.at("link"), "new");
    EXPECT_TRUE(fs::is_symlink(folder.at("link")));
    EXPECT_EQ(folder.read("real/config"), "new");
    EXPECT_EQ(fs::status(folder.at("real/config")).permissions(), fs::perms(0640));
    EXPECT_EQ(std::distance(fs::directory_iterator(folder.at("real")), {}), 1);

    co_await file::write(folder.at("private"), "secret", {.mode = 0600});
    EXPECT_EQ(fs::status(folder.at("private")).permissions(), fs::perms(0600));

    fs::create_symlink("nowhere", folder.at("dangling"));
    const auto error = co_await error_of(file::write(folder.at("dangling"), "x"));
    EXPECT_NE(std::string(error.what()).find("a symbolic link that leads nowhere"), std::string::npos);
  }), 0);
}

TEST(FileContent, AReaderSeesAllOfTheOldOrAllOfTheNew) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    const std::string path = folder.at("state");
    const std::string one(100'000, '1'), other(300'000, '2');
    co_await file::write(path, one);
    for (int i = 0; i < 20; ++i) {
      auto writing = file::write(path, i % 2 ? one : other);
      const std::string seen = co_await file::read(path);
      EXPECT_TRUE(seen == one || seen == other);
      co_await std::move(writing);
    }
  }), 0);
}

// A file system of 64 KiB, where mounting is permitted.
class SmallDisk {
 public:
  explicit SmallDisk(const std::string& path) : path_(path) {
    mounted_ = ::mount("torc-test", path.c_str(), "tmpfs", 0, "size=64k") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }

 private:
  std::string path_;
  bool mounted_ = false;
};

TEST(FileContent, AFullDiskLeavesTheOldContent) {
  TemporaryFolder folder;
  folder.make_folder("disk");
  const SmallDisk disk(folder.at("disk"));
  if (!disk.mounted()) GTEST_SKIP() << "mounting a small tmpfs is not permitted here";
  EXPECT_EQ(run([&](this auto) -> Deferred<void> {
    const std::string path = folder.at("disk/file");
    co_await file::write(path, "old");
    const auto error = co_await error_of(file::write(path, std::string(200'000, 'x')));
    EXPECT_EQ(error.what(), "writing \"" + path + "\": No space left on device");
    EXPECT_EQ(co_await file::read(path), "old");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.at("disk")), {}), 1);
  }), 0);
}

TEST(FileContent, ManyAtOnce) {
  EXPECT_EQ(run([]() -> Deferred<void> {
    TemporaryFolder folder;
    std::vector<Deferred<void>> writes;
    for (int i = 0; i < 300; ++i) {
      writes.push_back(file::write(folder.at(std::to_string(i)), std::to_string(i), {.atomic = i % 2 == 0}));
    }
    co_await gather(std::move(writes));
    std::vector<Deferred<std::string>> reads;
    for (int i = 0; i < 300; ++i) reads.push_back(file::read(folder.at(std::to_string(i))));
    const auto texts = co_await gather(std::move(reads));
    for (std::size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(texts[i], std::to_string(i));
  }), 0);
}

}  // namespace
}  // namespace torc::file
