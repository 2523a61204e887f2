#include "net/datagram_path.hpp"

#include <torc/base/unique_fd.hpp>

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace torc::detail {

namespace {

// Nobody receives there any more: the program that made the path has ended without removing it.
bool is_stale(const std::string& path, const sockaddr* address, socklen_t size) noexcept {
  struct stat found;
  if (::lstat(path.c_str(), &found) != 0 || !S_ISSOCK(found.st_mode)) return false;
  const UniqueFd probe(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  return probe && ::connect(probe.get(), address, size) != 0 && errno == ECONNREFUSED;
}

}  // namespace

DatagramPath::DatagramPath(DatagramPath&& other) noexcept
    : path_(std::exchange(other.path_, {})), device_(other.device_), inode_(other.inode_) {}

int DatagramPath::bind(int socket, const SocketAddress& address, unsigned mode) {
  sockaddr_storage raw;
  const auto* there = reinterpret_cast<const sockaddr*>(&raw);
  const auto size = address.to_sockaddr(&raw);
  if (address.path().empty() || address.is_abstract()) return ::bind(socket, there, size) == 0 ? 0 : errno;

  const std::string path(address.path());
  ::fchmod(socket, mode & 0777);  // the path never has more than these, before chmod gives what the umask took
  if (::bind(socket, there, size) != 0) {
    if (errno != EADDRINUSE) return errno;
    if (!is_stale(path, there, size)) return EADDRINUSE;
    ::unlink(path.c_str());
    if (::bind(socket, there, size) != 0) return errno;
  }
  path_ = path;
  struct stat ours;
  if (::stat(path.c_str(), &ours) == 0) {
    device_ = ours.st_dev;
    inode_ = ours.st_ino;
  }
  return ::chmod(path.c_str(), mode & 0777) == 0 ? 0 : errno;
}

void DatagramPath::release() noexcept {
  const std::string path = std::exchange(path_, {});
  struct stat found;
  if (path.empty() || ::lstat(path.c_str(), &found) != 0) return;
  if (found.st_dev == device_ && found.st_ino == inode_) ::unlink(path.c_str());
}

}  // namespace torc::detail
