// What lies in a folder, and changing that, off the loop.
//
//   for (const auto& entry : co_await file::list("incoming")) ...
//   co_await file::rename("incoming/a", "done/a");
//
// Called on a reactor's thread; the work is done on the reactor's file pool. Dropping or cancelling the Deferred takes
// back what has not begun. Errors: FileError, ReactorStopped. Names are bytes; "." and ".." are not given.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/base/time.hpp>
#include <torc/file/errors.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace torc::file {

enum class Kind { kRegular, kFolder, kLink, kFifo, kSocket, kDevice };

struct Entry {
  std::string name;
  Kind kind = Kind::kRegular;
};

/// What is in the folder, sorted by name. Errors: FileTooLarge when there are more than `limit` entries.
Deferred<std::vector<Entry>> list(std::string path, std::size_t limit = 100'000);

struct Info {
  Kind kind = Kind::kRegular;
  std::uint64_t size = 0;
  unsigned mode = 0;  // permissions
  WallTime modified;
  unsigned user = 0;
  unsigned group = 0;
  std::uint64_t links = 0;
  std::uint64_t device = 0;  // with inode: which file it is
  std::uint64_t inode = 0;
};

struct StatOptions {
  /// What a symbolic link leads to, not the link.
  bool follow = true;
};

Deferred<Info> stat(std::string path, StatOptions options = {});

/// Removes a file, a link or an empty folder.
Deferred<void> remove(std::string path);

/// Gives `from` the name `to`, in place of what has that name. Both on one file system: EXDEV otherwise.
Deferred<void> rename(std::string from, std::string to);

/// Makes a folder, and those above it that are missing. Does nothing when it is there.
Deferred<void> make_directories(std::string path, unsigned mode = 0755);

}  // namespace torc::file
