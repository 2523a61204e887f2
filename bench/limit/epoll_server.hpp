// The physical limit: the least a single-threaded server can do for a message on epoll. No timers, no output queue, no
// ownership, one read buffer for all connections. What an engine costs beyond this is the engine's own.
#pragma once

#include <poll.h>
#include <sys/epoll.h>

#include "../program.hpp"

namespace bench {

inline constexpr std::size_t kHeadroom = 64;  // bytes a handler may overwrite in front of what was read
inline constexpr std::size_t kReadSize = 256 * 1024;

/// Sends everything. A full socket holds up the whole server, which is fair here: the loads read all they asked for.
inline void send_all(int fd, const char* data, std::size_t size) {
  while (size > 0) {
    ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
    if (sent >= 0) {
      data += sent;
      size -= static_cast<std::size_t>(sent);
    } else if (errno == EAGAIN) {
      pollfd writable{.fd = fd, .events = POLLOUT, .revents = 0};
      poll(&writable, 1, -1);
    } else {
      return;  // the peer is gone: the next read says so too
    }
  }
}

/// Accepts and reads for ever. `Handler` has `opened(fd)` and `received(fd, data, size)`.
template <class Handler>
[[noreturn]] void serve(std::uint16_t port, Handler handler) {
  const auto [listener, actual_port] = listen_on(port, SOCK_NONBLOCK);

  int epoll = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  auto watch = [&](int fd, std::uint32_t events) {
    epoll_event event{.events = events, .data = {.fd = fd}};
    check(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
  };
  watch(listener, EPOLLIN);
  announce(actual_port);

  static char buffer[kHeadroom + kReadSize];
  char* const data = buffer + kHeadroom;
  static epoll_event events[512];
  for (;;) {
    int ready = epoll_wait(epoll, events, std::size(events), -1);
    for (int i = 0; i < ready; ++i) {
      int fd = events[i].data.fd;
      if (fd == listener) {
        for (int peer; (peer = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
          set_nodelay(peer);
          handler.opened(peer);
          watch(peer, EPOLLIN | EPOLLRDHUP | EPOLLET);
        }
        continue;
      }
      // A short read has emptied the socket, so there is no second read to be told EAGAIN; unless the peer's end came
      // with the data, for which no further edge would be reported.
      bool more = true;
      while (more) {
        ssize_t size = recv(fd, data, kReadSize, 0);
        if (size > 0) handler.received(fd, data, static_cast<std::size_t>(size));
        if (size == 0 || (size < 0 && errno != EAGAIN)) close(fd);
        more = size == static_cast<ssize_t>(kReadSize) || (size > 0 && (events[i].events & EPOLLRDHUP) != 0);
      }
    }
  }
}

}  // namespace bench
