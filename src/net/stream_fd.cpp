#include "net/stream_fd.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace torc {

namespace {

template <class Call>
std::int64_t uninterrupted(Call call) noexcept {
  for (;;) {
    const auto result = call();
    if (result >= 0) return result;
    if (errno != EINTR) return -errno;
  }
}

SocketAddress address_of(int socket, int (*ask)(int, sockaddr*, socklen_t*)) {
  sockaddr_storage address;
  socklen_t size = sizeof address;
  if (socket < 0 || ask(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return {};
  return SocketAddress::from_sockaddr(reinterpret_cast<sockaddr*>(&address), size).value_or(SocketAddress());
}

}  // namespace

std::int64_t StreamFd::receive(char* into, std::size_t size) noexcept {
  if (socket_) return uninterrupted([&] { return ::recv(in(), into, size, 0); });
  if (in() < 0) return 0;
  const auto count = uninterrupted([&] { return ::read(in(), into, size); });
  return count == -EIO ? 0 : count;  // how a terminal says that its other side is closed
}

std::int64_t StreamFd::send(std::string_view data) noexcept {
  if (socket_) return uninterrupted([&] { return ::send(in(), data.data(), data.size(), MSG_NOSIGNAL); });
  if (out() < 0) return -EPIPE;
  return uninterrupted([&] { return ::write(out(), data.data(), data.size()); });
}

std::int64_t StreamFd::send(std::span<iovec> pieces, bool more) noexcept {
  if (!socket_) return uninterrupted([&] { return ::writev(out(), pieces.data(), static_cast<int>(pieces.size())); });
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = pieces.size();
  return uninterrupted([&] { return ::sendmsg(in(), &message, MSG_NOSIGNAL | (more ? MSG_MORE : 0)); });
}

std::int64_t StreamFd::send_file(int file, off_t& offset, std::size_t size) noexcept {
  return uninterrupted([&] { return ::sendfile(out(), file, &offset, size); });
}

void StreamFd::shutdown_write() noexcept {
  if (socket_) {
    ::shutdown(in(), SHUT_WR);
  } else {
    out_.reset();
  }
}

void StreamFd::cut() noexcept {
  if (!socket_) return;
  const linger cut{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(in(), SOL_SOCKET, SO_LINGER, &cut, sizeof cut);
}

std::uint64_t StreamFd::held() const noexcept {
  int held = 0;
  // SIOCOUTQ is also TIOCOUTQ; of a pipe either end tells what lies in it.
  if (out() < 0 || ::ioctl(out(), socket_ || both_ ? SIOCOUTQ : FIONREAD, &held) != 0) held = 0;
  return static_cast<std::uint64_t>(held);
}

int StreamFd::pending_error() noexcept {
  int code = 0;
  socklen_t size = sizeof code;
  if (socket_) ::getsockopt(in(), SOL_SOCKET, SO_ERROR, &code, &size);
  return code;
}

SocketAddress StreamFd::peer() const { return address_of(socket_ ? in() : -1, ::getpeername); }
SocketAddress StreamFd::local() const { return address_of(socket_ ? in() : -1, ::getsockname); }

}  // namespace torc
