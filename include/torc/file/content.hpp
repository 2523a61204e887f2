// A whole file at once, off the loop.
//
//   std::string text = co_await file::read("/etc/hosts");
//   co_await file::write("state.json", to_json(state));     // all of it is there, or nothing has changed
//
// Called on a reactor's thread; the work is done on the reactor's file pool. Dropping or cancelling the Deferred takes
// back what has not begun. A read that runs ends early; a write that runs goes on to its end. Errors: FileError, which
// names path and reason; ReactorStopped.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/file/errors.hpp>

#include <cstddef>
#include <string>

namespace torc::file {

struct ReadOptions {
  /// Bytes at most; a file with more is not read: FileTooLarge. It acts before memory is taken.
  std::size_t limit = 64 * 1024 * 1024;
  /// Whether a FIFO, device or socket is read, too. Otherwise it is refused without being waited for.
  bool any_kind = false;
};

/// All that is in the file. Follows symbolic links. A FIFO (any_kind) that nobody has opened for writing is empty.
Deferred<std::string> read(std::string path, ReadOptions options = {});

struct WriteOptions {
  /// Permissions of a file that is made, less the umask. One that is there keeps its own, and its owner if we may.
  unsigned mode = 0644;
  /// All or nothing, also when the machine stops meanwhile: a temporary file (".torc-" and 16 digits) in the same
  /// folder, fsync, rename. Otherwise the file is emptied and written in place. A program that is killed meanwhile may
  /// leave the temporary file.
  bool atomic = true;
  /// Behind what is there, in place: `atomic` is not looked at.
  bool append = false;
};

/// Makes `data` the content of the file. Follows symbolic links; anything but a regular file is refused.
Deferred<void> write(std::string path, std::string data, WriteOptions options = {});

}  // namespace torc::file
