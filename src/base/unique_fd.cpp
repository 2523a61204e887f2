#include "torc/base/unique_fd.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace torc {

void UniqueFd::reset(int fd) noexcept {
  const int old = fd_;
  fd_ = fd < 0 ? -1 : fd;
  if (old < 0) return;
  if (old == fd_) {
    std::fprintf(stderr, "torc: UniqueFd::reset(%d): that descriptor is already owned by the same UniqueFd\n", old);
    std::abort();
  }
  // After EINTR or EIO Linux has released the number all the same: closing again could hit another thread's descriptor.
  const int saved = errno;
  if (::close(old) != 0 && errno == EBADF) {
    std::fprintf(stderr, "torc: UniqueFd: descriptor %d was closed behind its owner's back\n", old);
    std::abort();
  }
  errno = saved;
}

}  // namespace torc
