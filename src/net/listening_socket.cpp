#include <torc/net/listening_socket.hpp>

#include "net/socket_name.hpp"

#include <torc/net/errors.hpp>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace torc {

namespace {

constexpr int kFastOpenQueue = 256;

void set(int socket, int level, int option, int value) noexcept {
  ::setsockopt(socket, level, option, &value, sizeof value);
}

[[noreturn]] void refuse(const SocketAddress& address, int code) {
  std::string text = "cannot listen on " + address.str() + ": " + std::generic_category().message(code);
  if (code == EADDRINUSE) text += " (stop the program that listens there, or choose another ";
  if (code == EADDRINUSE) text += address.is_unix() ? "name)" : "port)";
  if (code == EADDRNOTAVAIL) text += " (no interface of this machine has this address)";
  if (code == EACCES && address.is_ip()) text += " (ports below 1024 need root or CAP_NET_BIND_SERVICE)";
  throw CannotListen(text);
}

}  // namespace

void detail::apply(const TcpOptions& options, int socket) noexcept {
  if (options.no_delay) set(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  if (options.keep_alive.count() > 0) {
    set(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
    set(socket, IPPROTO_TCP, TCP_KEEPIDLE, static_cast<int>(options.keep_alive.count()));
  }
  if (options.user_timeout.count() > 0) {
    set(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(options.user_timeout.count()));
  }
}

ListeningSocket ListeningSocket::tcp(const SocketAddress& address, const TcpListenOptions& options) {
  const int family = address.is_v6() ? AF_INET6 : AF_INET;
  UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) refuse(address, errno);
  set(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (options.reuse_port) set(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1);
  if (options.tcp.fast_open) set(fd.get(), IPPROTO_TCP, TCP_FASTOPEN, kFastOpenQueue);
  if (family == AF_INET6) set(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, address.ip().is_any() ? 0 : 1);
  detail::apply(options.tcp, fd.get());
  sockaddr_storage raw;
  const auto size = address.to_sockaddr(&raw);
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&raw), size) != 0) refuse(address, errno);
  if (::listen(fd.get(), options.backlog) != 0) refuse(address, errno);
  socklen_t length = sizeof raw;
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&raw), &length);
  return {std::move(fd), SocketAddress::from_sockaddr(reinterpret_cast<sockaddr*>(&raw), length).value_or(address)};
}

ListeningSocket ListeningSocket::unix_socket(const SocketAddress& address, const UnixListenOptions& options) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) refuse(address, errno);
  std::shared_ptr<detail::SocketName> name;
  if (!address.is_abstract()) {
    name = std::make_shared<detail::SocketName>(address, options.lock);
    ::fchmod(fd.get(), static_cast<mode_t>(options.mode));  // so that the name never has more than it is to have
  }
  sockaddr_storage raw;
  const auto size = address.to_sockaddr(&raw);
  if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&raw), size) != 0) refuse(address, errno);
  if (name) name->bound(options.mode);
  if (::listen(fd.get(), options.backlog) != 0) refuse(address, errno);
  return {std::move(fd), address, std::move(name)};
}

UniqueFd ListeningSocket::release() && noexcept {
  if (name_) name_->keep();
  name_.reset();
  return std::move(fd_);
}

ListeningSocket ListeningSocket::adopt(UniqueFd socket) {
  const auto refuse = [&](const std::string& why) {
    throw CannotListen("cannot listen on descriptor " + std::to_string(socket.get()) + ": " + why);
  };
  int listens = 0;
  socklen_t size = sizeof listens;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0) {
    refuse(std::generic_category().message(errno));
  }
  if (!listens) refuse("it is a socket that does not listen");
  ::fcntl(socket.get(), F_SETFL, ::fcntl(socket.get(), F_GETFL) | O_NONBLOCK);
  ::fcntl(socket.get(), F_SETFD, FD_CLOEXEC);
  sockaddr_storage raw;
  socklen_t length = sizeof raw;
  ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&raw), &length);
  auto address = SocketAddress::from_sockaddr(reinterpret_cast<sockaddr*>(&raw), length);
  if (!address) refuse(address.error());
  return {std::move(socket), *std::move(address)};
}

}  // namespace torc
