// SocketName: the name of a UNIX socket in the file system, and the lock that says whose it is.
//
// The lock is flock(2) on a file NAME.lock: the system gives it up with the process, however that ends. Who holds it may
// take over a socket that nobody listens at any more. Both names are removed by their owner, if they are still its own;
// they are reached through the folder they lie in, wherever the process has gone meanwhile.
#pragma once

#include <torc/base/address.hpp>
#include <torc/base/unique_fd.hpp>

#include <sys/types.h>

#include <string>

namespace torc::detail {

class SocketName {
 public:
  /// Makes the name free for bind(). Throws CannotListen when it is not: of a living process, or no socket.
  SocketName(const SocketAddress& address, bool lock);
  ~SocketName();
  SocketName(const SocketName&) = delete;
  SocketName& operator=(const SocketName&) = delete;

  /// The socket is bound: gives it its permissions, and remembers it for when the name is to be removed.
  void bound(unsigned mode);
  /// The name is somebody else's from here on.
  void keep() noexcept { inode_ = 0; }

 private:
  void take_lock();
  void remove_stale();
  [[noreturn]] void refuse(const std::string& why) const;

  const SocketAddress address_;
  std::string name_;  // within the folder
  std::string lock_name_;
  UniqueFd folder_;
  UniqueFd lock_;
  dev_t device_ = 0;
  ino_t inode_ = 0;  // 0: there is nothing to remove
};

}  // namespace torc::detail
