// File: an open file, read and written off the loop.
//
//   auto log = co_await file::open("events.log", {.access = file::Access::kAppend});
//   co_await log.write("started\n");
//   co_await log.close();
//
//   auto in = co_await file::open(path);
//   while (auto piece = co_await in.read_some()) co_await stream.write(*piece);
//
// Operations on one File are done one at a time, in the order they were called, so a read sees the write before it;
// those of several Files go on at once. Used on the reactor's thread where it was opened. The work is done on the
// reactor's file pool.
//
// Lifetime: the descriptor is shared by the File and its operations, and closed with the last of them. Destroying the
// File with none pending closes it there and then; close() does so on the pool and tells whether all went well.
// Dropping a Deferred takes back what has not begun. What runs goes on: a write to its end, a read unheard.
// Errors: FileError, ReactorStopped; FileError with EBADF after close().
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/base/bytes.hpp>
#include <torc/file/errors.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace torc::file {

struct OpenFile;

enum class Access {
  kRead,
  kUpdate,  // read and write what is there
  kWrite,   // read and write; made if it is not there, emptied if it is
  kNew,     // as kWrite, but it must not be there: EEXIST
  kAppend,  // each write goes to the end; made if it is not there
};

struct OpenOptions {
  Access access = Access::kRead;
  /// Permissions of a file that is made, less the umask.
  unsigned mode = 0644;
  /// Bytes a read_some() gives at most.
  std::size_t chunk = 64 * 1024;
  /// Bytes that may wait to be written; a write() beyond that fails with QueueFull.
  std::size_t write_limit = 16 * 1024 * 1024;
  /// Whether a FIFO or device is opened, too. Nothing of it is waited for on opening: a FIFO without a reader refuses
  /// to be written (ENXIO), one without a writer has ended.
  bool any_kind = false;
};

class File {
 public:
  File(File&&) noexcept;
  File& operator=(File&&) noexcept;
  ~File();

  /// As it was opened.
  const std::string& path() const noexcept;

  /// The next bytes from the start on; nothing at the end, where a later call gives what was added since. Dropping one
  /// that pends loses no byte. Errors: FileBusy while the one before it pends.
  Deferred<std::optional<Bytes>> read_some();
  /// Writes all of `data`, which is copied, behind what write() wrote before: from the start on, or at the end with
  /// kAppend.
  /// Back-pressure: fires when the bytes are in the file; who waits for it has one piece in memory.
  Deferred<void> write(std::string_view data);

  /// Up to `size` bytes from `offset` on; fewer at the end of the file.
  Deferred<Bytes> read_at(std::uint64_t offset, std::size_t size);
  /// Writes all of `data`, which is copied, at `offset`. Counts against the write limit as write() does.
  Deferred<void> write_at(std::uint64_t offset, std::string_view data);

  Deferred<std::uint64_t> size();
  /// Cuts the file off, or fills it up with zeros, to `size` bytes.
  Deferred<void> truncate(std::uint64_t size);
  /// Fires when all that was written is on the medium (fsync).
  Deferred<void> sync();
  /// Closes the file behind all that was called before.
  Deferred<void> close();

 private:
  friend Deferred<File> open(std::string path, OpenOptions options);
  explicit File(std::shared_ptr<OpenFile> file) noexcept;
  std::shared_ptr<OpenFile> file_;
};

/// Opens a file. Follows symbolic links. Errors: FileError, also for what is no regular file.
Deferred<File> open(std::string path, OpenOptions options = {});

}  // namespace torc::file
