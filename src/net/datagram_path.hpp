// DatagramPath: a datagram socket's path in the file system, taken over from an ended program if need be, and
// removed at the end if it is still ours.
#pragma once

#include <torc/base/address.hpp>

#include <sys/types.h>

#include <string>

namespace torc::detail {

class DatagramPath {
 public:
  DatagramPath() noexcept = default;
  DatagramPath(DatagramPath&& other) noexcept;
  DatagramPath& operator=(DatagramPath&&) = delete;
  ~DatagramPath() { release(); }

  /// Binds `socket` there, readable and writable as `mode` says from the first moment. 0 or an errno.
  int bind(int socket, const SocketAddress& address, unsigned mode);
  /// Removes the path unless somebody else's socket is there by now. Does nothing the second time.
  void release() noexcept;

 private:
  std::string path_;  // empty: nothing to remove
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace torc::detail
