#include <torc/file/folder.hpp>

#include "file/perform.hpp"
#include "file/system.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string_view>
#include <utility>

namespace torc::file {

namespace {

struct List {
  std::string path;
  std::size_t limit;

  std::vector<Entry> operator()() const {
    check_path("listing", path);
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), ::closedir);
    if (!folder) throw FileError("listing", path, errno);
    std::vector<Entry> entries;
    for (;;) {
      errno = 0;
      const dirent* each = ::readdir(folder.get());
      if (!each) break;
      const std::string_view name = each->d_name;
      if (name == "." || name == "..") continue;
      struct ::stat found = {};
      found.st_mode = DTTOIF(each->d_type);
      if (each->d_type == DT_UNKNOWN && ::fstatat(::dirfd(folder.get()), each->d_name, &found, AT_SYMLINK_NOFOLLOW) != 0) {
        continue;  // gone meanwhile
      }
      if (entries.size() == limit) {
        throw FileTooLarge("listing", path, EFBIG, "it has more than the limit of " + std::to_string(limit) + " entries");
      }
      entries.push_back({std::string(name), kind_of(found.st_mode)});
    }
    if (errno != 0) throw FileError("listing", path, errno);
    std::ranges::sort(entries, {}, &Entry::name);
    return entries;
  }
};

struct Stat {
  std::string path;
  StatOptions options;

  Info operator()() const {
    check_path("looking at", path);
    struct ::stat found = {};
    if (::fstatat(AT_FDCWD, path.c_str(), &found, options.follow ? 0 : AT_SYMLINK_NOFOLLOW) != 0) {
      throw FileError("looking at", path, errno);
    }
    const auto modified = std::chrono::seconds(found.st_mtim.tv_sec) + std::chrono::nanoseconds(found.st_mtim.tv_nsec);
    return {
        .kind = kind_of(found.st_mode),
        .size = static_cast<std::uint64_t>(found.st_size),
        .mode = found.st_mode & 07777u,
        .modified = WallTime(std::chrono::duration_cast<WallTime::duration>(modified)),
        .user = found.st_uid,
        .group = found.st_gid,
        .links = found.st_nlink,
        .device = found.st_dev,
        .inode = found.st_ino,
    };
  }
};

struct Remove {
  std::string path;

  void operator()() const {
    check_path("removing", path);
    if (::remove(path.c_str()) != 0) throw FileError("removing", path, errno);
  }
};

struct Rename {
  std::string from, to;

  void operator()() const {
    check_path("renaming", from);
    check_path("renaming to", to);
    if (::rename(from.c_str(), to.c_str()) != 0) throw FileError("renaming to \"" + to + "\" what was", from, errno);
  }
};

struct MakeDirectories {
  std::string path;
  unsigned mode;

  void operator()() const {
    check_path("making the folder", path);
    for (std::size_t end = 0; end != std::string::npos;) {
      end = path.find('/', end + 1);
      const std::string part = path.substr(0, end);
      if (::mkdir(part.c_str(), static_cast<mode_t>(mode)) == 0 || errno == EEXIST) continue;
      // Above what we may write to, or on a read-only file system, what is there need not be made.
      const int code = errno;
      struct ::stat found = {};
      if (::stat(part.c_str(), &found) != 0) throw FileError("making the folder", part, code);
    }
    struct ::stat found = {};
    if (::stat(path.c_str(), &found) != 0) throw FileError("making the folder", path, errno);
    if (!S_ISDIR(found.st_mode)) throw FileError("making the folder", path, EEXIST);
  }
};

}  // namespace

Deferred<std::vector<Entry>> list(std::string path, std::size_t limit) { return perform(List{std::move(path), limit}); }
Deferred<Info> stat(std::string path, StatOptions options) { return perform(Stat{std::move(path), options}); }
Deferred<void> remove(std::string path) { return perform(Remove{std::move(path)}); }
Deferred<void> rename(std::string from, std::string to) { return perform(Rename{std::move(from), std::move(to)}); }
Deferred<void> make_directories(std::string path, unsigned mode) {
  return perform(MakeDirectories{std::move(path), mode});
}

}  // namespace torc::file
