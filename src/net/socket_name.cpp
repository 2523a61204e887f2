#include "net/socket_name.hpp"

#include <torc/net/errors.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace torc::detail {

namespace {

std::string reason(int code) { return std::generic_category().message(code); }

bool same_file(int folder, const std::string& name, int descriptor) {
  struct stat there{}, here{};
  return ::fstatat(folder, name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 && ::fstat(descriptor, &here) == 0 &&
         there.st_dev == here.st_dev && there.st_ino == here.st_ino;
}

// Whether somebody listens at `address`. A full queue is somebody.
bool is_served(const SocketAddress& address) {
  const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_storage raw;
  const auto size = address.to_sockaddr(&raw);
  return ::connect(probe.get(), reinterpret_cast<sockaddr*>(&raw), size) == 0 || errno != ECONNREFUSED;
}

}  // namespace

SocketName::SocketName(const SocketAddress& address, bool lock) : address_(address) {
  const std::string path(address.path());
  const auto slash = path.rfind('/');
  name_ = path.substr(slash == path.npos ? 0 : slash + 1);
  lock_name_ = name_ + ".lock";
  const std::string folder = slash == path.npos ? "." : path.substr(0, slash + 1);
  folder_ = UniqueFd(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder_) refuse(reason(errno) + " (the folder must be there)");
  if (!lock) return;
  take_lock();
  remove_stale();
}

SocketName::~SocketName() {
  struct stat there{};
  if (inode_ != 0 && ::fstatat(folder_.get(), name_.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 &&
      there.st_dev == device_ && there.st_ino == inode_) {
    ::unlinkat(folder_.get(), name_.c_str(), 0);
  }
  // While it is locked nobody takes the file for theirs; who waits for it finds that it has gone.
  if (lock_ && same_file(folder_.get(), lock_name_, lock_.get())) ::unlinkat(folder_.get(), lock_name_.c_str(), 0);
}

void SocketName::bound(unsigned mode) {
  struct stat there{};
  if (::fchmodat(folder_.get(), name_.c_str(), static_cast<mode_t>(mode), 0) != 0 ||
      ::fstatat(folder_.get(), name_.c_str(), &there, AT_SYMLINK_NOFOLLOW) != 0) {
    refuse(reason(errno));
  }
  device_ = there.st_dev;
  inode_ = there.st_ino;
}

// The file may be removed, by the one who held it, between opening and locking it: then it is no lock.
void SocketName::take_lock() {
  do {
    lock_ = UniqueFd(::openat(folder_.get(), lock_name_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!lock_) refuse("its lock file: " + reason(errno));
    if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
      refuse("another process listens there (stop it, or choose another name)");
    }
  } while (!same_file(folder_.get(), lock_name_, lock_.get()));
}

void SocketName::remove_stale() {
  struct stat there{};
  if (::fstatat(folder_.get(), name_.c_str(), &there, AT_SYMLINK_NOFOLLOW) != 0) return;
  if (!S_ISSOCK(there.st_mode)) refuse("something is there that is no socket (move it, or choose another name)");
  if (is_served(address_)) refuse("another process listens there (stop it, or choose another name)");
  if (::unlinkat(folder_.get(), name_.c_str(), 0) != 0) refuse(reason(errno));
}

void SocketName::refuse(const std::string& why) const {
  throw CannotListen("cannot listen on " + address_.str() + ": " + why);
}

}  // namespace torc::detail
