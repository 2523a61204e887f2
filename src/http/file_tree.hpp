// FileTree: the files below a directory, opened so that no name and no symbolic link leads out of it.
//
// Used by the directory handler. The kernel does the confining: every name is resolved by openat2 with RESOLVE_BENEATH,
// relative to a descriptor of the root that stays open. There is no weaker way for kernels without it. A root that is
// renamed or replaced later changes nothing: the directory that was there at the beginning is the one that is served.
//
// Calls block for as long as the file system takes, which for local files is microseconds; a tree on a network file
// system that hangs would hang the thread. Any thread; const calls may run at once.
#pragma once

#include <torc/base/unique_fd.hpp>
#include <torc/http/listing.hpp>

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <vector>

namespace torc::http {

/// An open file of a tree, as it was when it was opened.
struct TreeFile {
  UniqueFd file;  ///< of a directory that cannot be read: good for nothing but being a directory
  struct stat status = {};

  bool is_regular() const noexcept { return S_ISREG(status.st_mode); }
  bool is_directory() const noexcept { return S_ISDIR(status.st_mode); }
  std::uint64_t size() const noexcept { return static_cast<std::uint64_t>(status.st_size); }
  std::int64_t modified_ns() const noexcept;
};

/// The path of `name` in the directory `path`, which may be "".
std::string path_below(const std::string& path, const std::string& name);

class FileTree {
 public:
  /// Throws SystemError when `root` is no directory or the kernel cannot confine.
  explicit FileTree(const std::string& root);

  /// Opens what `path` names, for reading: "" for the root, else as safe_path gives it. What is neither a file nor a
  /// directory is opened too, without waiting for anybody, and is for the caller to refuse.
  /// Errors: an errno value. EXDEV for what lies outside; EAGAIN when files move about too fast to tell.
  std::expected<TreeFile, int> open(const std::string& path) const;

  struct Contents {
    std::vector<ListingEntry> entries;  ///< in no order
    bool complete = true;  ///< false: there are more than `limit`
  };
  /// The files and directories in the directory `path` that a request could name; those that begin with a dot only
  /// with `hidden`. Errors: an errno value.
  std::expected<Contents, int> list(const std::string& path, bool hidden, std::size_t limit) const;

 private:
  std::expected<UniqueFd, int> open(const std::string& path, int flags) const;

  UniqueFd root_;
};

}  // namespace torc::http
