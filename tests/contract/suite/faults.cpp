#include "suite/faults.hpp"

#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <initializer_list>
#include <vector>

// The names are the linker's.
extern "C" {
ssize_t __real_recv(int, void*, size_t, int);
ssize_t __real_read(int, void*, size_t);
ssize_t __real_send(int, const void*, size_t, int);
ssize_t __real_write(int, const void*, size_t);
ssize_t __real_writev(int, const iovec*, int);
ssize_t __real_sendmsg(int, const msghdr*, int);
ssize_t __real_sendfile(int, int, off_t*, size_t);
int __real_accept4(int, sockaddr*, socklen_t*, int);
int __real_connect(int, const sockaddr*, socklen_t);
int __real_socket(int, int, int);
int __real_epoll_ctl(int, int, int, epoll_event*);
int __real_epoll_wait(int, epoll_event*, int, int);
}

namespace contract {

namespace {

thread_local const Faults* active = nullptr;
thread_local long made = 0;
thread_local bool interrupt_next = true;

// What is watched, by descriptor.
struct Watched {
  int epoll = -1;
  epoll_event event{};
  bool blocked = false;  // by us, the last time
};
thread_local std::vector<Watched> watched;

Watched* watched_at(int fd) noexcept {
  const auto index = static_cast<std::size_t>(fd);
  return index < watched.size() && watched[index].epoll >= 0 ? &watched[index] : nullptr;
}

// The edge that a kernel would give.
void ready_again(int fd) noexcept {
  if (auto* each = watched_at(fd)) __real_epoll_ctl(each->epoll, EPOLL_CTL_MOD, fd, &each->event);
}

bool blocks(int fd) noexcept {
  auto* const each = active && active->would_block ? watched_at(fd) : nullptr;
  if (!each || !(each->blocked = !each->blocked)) return false;
  ready_again(fd);
  errno = EAGAIN;
  return true;
}

// What a call that was limited to `limited` of `wanted` bytes gave.
ssize_t shortened(int fd, std::size_t limited, std::size_t wanted, ssize_t result) noexcept {
  if (limited < wanted && result > 0) {
    const int code = errno;
    ready_again(fd);
    errno = code;
  }
  return result;
}

// True when the call is to fail at once, with errno set.
bool fails(std::initializer_list<int> possible) noexcept {
  if (!active) return false;
  if (active->interrupted && (interrupt_next = !interrupt_next)) {
    errno = EINTR;
    return true;
  }
  if (active->fail_at < 0 || std::ranges::find(possible, active->error) == possible.end()) return false;
  if (made++ != active->fail_at) return false;
  errno = active->error;
  return true;
}

std::size_t at_most(std::size_t size, std::size_t limit) noexcept { return limit == 0 ? size : std::min(size, limit); }
std::size_t readable(std::size_t size) noexcept { return active ? at_most(size, active->most_read) : size; }
std::size_t writable(std::size_t size) noexcept { return active ? at_most(size, active->most_written) : size; }

// Event counters and the like move eight bytes or none.
bool is_stream(int fd) noexcept {
  struct stat status;
  return ::fstat(fd, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) || S_ISCHR(status.st_mode));
}

}  // namespace

void Faults::set(const Faults* faults) noexcept {
  active = faults;
  made = 0;
  interrupt_next = true;
}
long Faults::calls() noexcept { return made; }
Faults Faults::current() noexcept { return active ? *active : Faults{}; }
int Faults::next() noexcept {
  thread_local bool block_next = false;
  if (fails({ECONNRESET, EPIPE, ETIMEDOUT, ENOMEM, ENOBUFS, EIO})) return errno;
  return active && active->would_block && (block_next = !block_next) ? EAGAIN : 0;
}

}  // namespace contract

using namespace contract;

extern "C" {
ssize_t __wrap_recv(int fd, void* into, size_t size, int flags) {
  if (fails({ECONNRESET, ETIMEDOUT, ENOMEM}) || blocks(fd)) return -1;
  return shortened(fd, readable(size), size, __real_recv(fd, into, readable(size), flags));
}
ssize_t __wrap_read(int fd, void* into, size_t size) {
  if (!active || !is_stream(fd)) return __real_read(fd, into, size);
  if (fails({ECONNRESET, EIO, ENOMEM}) || blocks(fd)) return -1;
  return shortened(fd, readable(size), size, __real_read(fd, into, readable(size)));
}
ssize_t __wrap_send(int fd, const void* data, size_t size, int flags) {
  if (fails({ECONNRESET, EPIPE, ENOBUFS, ENOMEM}) || blocks(fd)) return -1;
  return shortened(fd, writable(size), size, __real_send(fd, data, writable(size), flags));
}
ssize_t __wrap_write(int fd, const void* data, size_t size) {
  if (!active || !is_stream(fd)) return __real_write(fd, data, size);
  if (fails({EPIPE, EIO, ENOMEM}) || blocks(fd)) return -1;
  return shortened(fd, writable(size), size, __real_write(fd, data, writable(size)));
}
ssize_t __wrap_writev(int fd, const iovec* pieces, int count) {
  if (!active || !is_stream(fd)) return __real_writev(fd, pieces, count);
  if (fails({EPIPE, EIO, ENOMEM}) || blocks(fd)) return -1;
  if (active->most_written == 0) return __real_writev(fd, pieces, count);
  const iovec first{.iov_base = pieces[0].iov_base, .iov_len = writable(pieces[0].iov_len)};
  return shortened(fd, 0, 1, __real_writev(fd, &first, 1));
}
ssize_t __wrap_sendmsg(int fd, const msghdr* message, int flags) {
  if (fails({ECONNRESET, EPIPE, ENOBUFS, ENOMEM}) || blocks(fd)) return -1;
  if (!active || active->most_written == 0 || message->msg_iovlen == 0) return __real_sendmsg(fd, message, flags);
  iovec first{.iov_base = message->msg_iov[0].iov_base, .iov_len = writable(message->msg_iov[0].iov_len)};
  msghdr shorter = *message;
  shorter.msg_iov = &first;
  shorter.msg_iovlen = 1;
  return shortened(fd, 0, 1, __real_sendmsg(fd, &shorter, flags));
}
ssize_t __wrap_sendfile(int out, int in, off_t* offset, size_t size) {
  if (fails({ECONNRESET, EPIPE, EIO, ENOMEM}) || blocks(out)) return -1;
  return shortened(out, writable(size), size, __real_sendfile(out, in, offset, writable(size)));
}
int __wrap_accept4(int fd, sockaddr* address, socklen_t* size, int flags) {
  if (fails({EMFILE, ENFILE, ENOMEM, ENOBUFS, ECONNABORTED, EPERM}) || blocks(fd)) return -1;
  return __real_accept4(fd, address, size, flags);
}
int __wrap_connect(int fd, const sockaddr* address, socklen_t size) {
  if (active && active->fail_at >= 0 && fails({ECONNREFUSED, ENETUNREACH, EADDRNOTAVAIL, ENOMEM})) return -1;
  return __real_connect(fd, address, size);
}
int __wrap_socket(int family, int type, int protocol) {
  if (active && active->fail_at >= 0 && fails({EMFILE, ENFILE, ENOMEM, ENOBUFS})) return -1;
  return __real_socket(family, type, protocol);
}
int __wrap_epoll_ctl(int epoll, int operation, int fd, epoll_event* event) {
  if (operation == EPOLL_CTL_ADD && active && active->fail_at >= 0 && fails({ENOMEM, ENOSPC})) return -1;
  const auto index = static_cast<std::size_t>(fd);
  if (operation == EPOLL_CTL_ADD) {
    if (watched.size() <= index) watched.resize(index + 1);
    watched[index] = {.epoll = epoll, .event = *event};
  } else if (operation == EPOLL_CTL_DEL && index < watched.size()) {
    watched[index] = {};
  }
  return __real_epoll_ctl(epoll, operation, fd, event);
}
int __wrap_epoll_wait(int epoll, epoll_event* events, int size, int timeout) {
  if (active && active->interrupted && fails({})) return -1;
  return __real_epoll_wait(epoll, events, size, timeout);
}
}
