#include "http/file_tree.hpp"

#include <torc/base/errors.hpp>
#include <torc/http/path.hpp>
#include <torc/http/percent.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string_view>

namespace torc::http {

namespace {

constexpr int kRaceRetries = 16;

struct CloseDirectory {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

std::expected<struct stat, int> status_of(int file) {
  struct stat status;
  if (::fstat(file, &status) != 0) return std::unexpected(errno);
  return status;
}

ListingEntry entry_of(std::string name, const struct stat& status) {
  return {.name = std::move(name),
          .is_directory = S_ISDIR(status.st_mode),
          .size = static_cast<std::uint64_t>(status.st_size),
          .modified = status.st_mtim.tv_sec};
}

}  // namespace

std::string path_below(const std::string& path, const std::string& name) {
  std::string below = path;
  if (!below.empty()) below += '/';
  return below += name;
}

std::int64_t TreeFile::modified_ns() const noexcept {
  // Unsigned, for the file whose time lies in the year 3000.
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(status.st_mtim.tv_sec) * 1'000'000'000 +
                                   static_cast<std::uint64_t>(status.st_mtim.tv_nsec));
}

FileTree::FileTree(const std::string& root) : root_(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {
  if (!root_) throw SystemError("opening the directory " + root, errno);
  const auto probe = open("", O_PATH);
  if (probe) return;
  if (probe.error() == ENOSYS) {
    throw SystemError("serving files needs the system call openat2 of Linux 5.6, which keeps paths inside " + root,
                      ENOSYS);
  }
  throw SystemError("opening the directory " + root, probe.error());
}

std::expected<UniqueFd, int> FileTree::open(const std::string& path, int flags) const {
  open_how how = {};
  // A FIFO must not make us wait, nor a terminal become ours.
  how.flags = static_cast<std::uint64_t>(flags) | O_CLOEXEC | ((flags & O_PATH) != 0 ? 0 : O_NONBLOCK | O_NOCTTY);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  for (int races = 0;;) {
    UniqueFd file(
        static_cast<int>(::syscall(SYS_openat2, root_.get(), path.empty() ? "." : path.c_str(), &how, sizeof how)));
    if (file) return file;
    if (errno == EINTR) continue;
    // A ".." in a symbolic link met a rename: whether it led out is unknown.
    if (errno == EAGAIN && ++races < kRaceRetries) continue;
    return std::unexpected(errno);
  }
}

std::expected<TreeFile, int> FileTree::open(const std::string& path) const {
  auto file = open(path, O_RDONLY);
  const bool refused = !file && file.error() == EACCES;
  if (refused) file = open(path, O_PATH);  // a directory may be passed through and yet not be read
  if (!file) return std::unexpected(file.error());
  const auto status = status_of(file->get());
  if (!status) return std::unexpected(status.error());
  if (refused && !S_ISDIR(status->st_mode)) return std::unexpected(EACCES);
  return TreeFile{.file = *std::move(file), .status = *status};
}

std::expected<FileTree::Contents, int> FileTree::list(const std::string& path, bool hidden, std::size_t limit) const {
  auto file = open(path, O_RDONLY | O_DIRECTORY);
  if (!file) return std::unexpected(file.error());
  const std::unique_ptr<DIR, CloseDirectory> directory(::fdopendir(file->get()));
  if (!directory) return std::unexpected(errno);
  const int descriptor = file->release();

  Contents contents;
  for (;;) {
    errno = 0;
    const dirent* found = ::readdir(directory.get());  // NOLINT(concurrency-mt-unsafe): the stream is ours
    if (!found) {
      if (errno != 0) return std::unexpected(errno);
      return contents;
    }
    std::string name = found->d_name;
    if (name == "." || name == ".." || (!hidden && name.starts_with('.'))) continue;
    if (!safe_path(encode_path_segment(name))) continue;  // a name that no request can ask for
    struct stat status;
    if (::fstatat(descriptor, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;  // gone
    if (S_ISLNK(status.st_mode)) {
      // Shown as what it leads to, if that lies inside.
      const auto target = open(path_below(path, name), O_PATH);
      if (!target || ::fstat(target->get(), &status) != 0) continue;
    }
    if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) continue;
    if (contents.entries.size() == limit) {
      contents.complete = false;
      return contents;
    }
    contents.entries.push_back(entry_of(std::move(name), status));
  }
}

}  // namespace torc::http
