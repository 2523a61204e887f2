#include "suite/faults.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
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
int __real_bind(int, const sockaddr*, socklen_t);
int __real_listen(int, int);
int __real_recvmmsg(int, mmsghdr*, unsigned, int, timespec*);
int __real_sendmmsg(int, mmsghdr*, unsigned, int);
int __real_pipe2(int*, int);
int __real_posix_openpt(int);
int __real_eventfd(unsigned, int);
int __real_clone(int (*)(void*), void*, int, void*, ...);
int __real_waitid(idtype_t, id_t, siginfo_t*, int);
int __real_poll(pollfd*, nfds_t, int);
int __real_epoll_create1(int);
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
};
thread_local std::vector<Watched> watched;
thread_local std::vector<bool> blocked;  // by us, the last time; by descriptor

Watched* watched_at(int fd) noexcept {
  const auto index = static_cast<std::size_t>(fd);
  return index < watched.size() && watched[index].epoll >= 0 ? &watched[index] : nullptr;
}

// The edge that a kernel would give.
void ready_again(int fd) noexcept {
  if (auto* each = watched_at(fd)) __real_epoll_ctl(each->epoll, EPOLL_CTL_MOD, fd, &each->event);
}

// Whether it will be told of again that `fd` is ready. By levels it is not where the end has been told, as nothing blocks
// there. (What an epoll watched that is gone by now says nothing to them.)
bool told_again(int fd) noexcept {
  if (!active->levels) return watched_at(fd) != nullptr;
  pollfd state{.fd = fd, .events = POLLRDHUP, .revents = 0};
  return __real_poll(&state, 1, 0) == 0;
}

bool blocks(int fd) noexcept {
  if (!active || !active->would_block || !told_again(fd)) return false;
  const auto index = static_cast<std::size_t>(fd);
  if (blocked.size() <= index) blocked.resize(index + 1);
  blocked[index] = !blocked[index];
  if (!blocked[index]) return false;
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

// For calls that are not interrupted, of which some are not of a loop.
bool is_refused(std::initializer_list<int> possible) noexcept { return active && active->fail_at >= 0 && fails(possible); }

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
  if (is_refused({ECONNREFUSED, ENETUNREACH, EADDRNOTAVAIL, ENOMEM})) return -1;
  return __real_connect(fd, address, size);
}
int __wrap_socket(int family, int type, int protocol) {
  if (is_refused({EMFILE, ENFILE, ENOMEM, ENOBUFS})) return -1;
  return __real_socket(family, type, protocol);
}
int __wrap_bind(int fd, const sockaddr* address, socklen_t size) {
  return is_refused({EADDRINUSE, ENOMEM}) ? -1 : __real_bind(fd, address, size);
}
int __wrap_listen(int fd, int backlog) { return is_refused({EADDRINUSE, ENOMEM}) ? -1 : __real_listen(fd, backlog); }
int __wrap_recvmmsg(int fd, mmsghdr* messages, unsigned count, int flags, timespec* limit) {
  if (fails({ENOMEM, ENOBUFS}) || blocks(fd)) return -1;
  return __real_recvmmsg(fd, messages, count, flags, limit);
}
int __wrap_sendmmsg(int fd, mmsghdr* messages, unsigned count, int flags) {
  if (fails({ENOMEM, ENOBUFS, EPERM}) || blocks(fd)) return -1;
  return __real_sendmmsg(fd, messages, count, flags);
}
int __wrap_pipe2(int* ends, int flags) { return is_refused({EMFILE, ENFILE, ENOMEM}) ? -1 : __real_pipe2(ends, flags); }
int __wrap_posix_openpt(int flags) {
  return is_refused({EMFILE, ENFILE, ENOSPC, ENOMEM}) ? -1 : __real_posix_openpt(flags);
}
int __wrap_eventfd(unsigned count, int flags) {
  return is_refused({EMFILE, ENFILE, ENOMEM}) ? -1 : __real_eventfd(count, flags);
}
int __wrap_epoll_create1(int flags) { return is_refused({EMFILE, ENFILE, ENOMEM}) ? -1 : __real_epoll_create1(flags); }
int __wrap_clone(int (*function)(void*), void* stack, int flags, void* argument, ...) {
  if (is_refused({EAGAIN, EMFILE, ENFILE, ENOMEM})) return -1;
  va_list more;
  va_start(more, argument);
  pid_t* const number = va_arg(more, pid_t*);
  va_end(more);
  return __real_clone(function, stack, flags, argument, number);
}
// There is no such child any more: somebody else takes its status first.
int __wrap_waitid(idtype_t which, id_t id, siginfo_t* info, int options) {
  if (active && active->interrupted && !(options & WNOHANG) && fails({})) return -1;
  siginfo_t taken{};
  if (active && active->error == ECHILD && __real_waitid(which, id, &taken, WEXITED | WNOHANG | WNOWAIT) == 0 &&
      taken.si_pid != 0 && is_refused({ECHILD})) {
    __real_waitid(which, id, &taken, WEXITED | WNOHANG);
    errno = ECHILD;
    return -1;
  }
  return __real_waitid(which, id, info, options);
}
int __wrap_epoll_ctl(int epoll, int operation, int fd, epoll_event* event) {
  if (operation == EPOLL_CTL_ADD && is_refused({ENOMEM, ENOSPC})) return -1;
  const auto index = static_cast<std::size_t>(fd);
  if (operation == EPOLL_CTL_ADD || operation == EPOLL_CTL_MOD) {
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
int __wrap_poll(pollfd* watched, nfds_t count, int timeout) {
  if (active && active->interrupted && fails({})) return -1;
  return __real_poll(watched, count, timeout);
}
}
