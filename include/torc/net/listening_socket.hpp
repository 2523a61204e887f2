// ListeningSocket: a stream socket that is bound and listens, and that nobody serves yet. Port::serve takes it.
// Opening is separate from serving, so that it can be done with privileges, or by another process.
#pragma once

#include <torc/base/address.hpp>
#include <torc/base/time.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/net/tcp_options.hpp>

#include <memory>

namespace torc {

/// How a TCP port listens.
struct TcpListenOptions {
  /// Connections that wait to be accepted; the system's somaxconn caps it.
  int backlog = 1024;
  /// Several listeners on one port: the kernel spreads connections over them.
  bool reuse_port = false;
  /// What the connections inherit.
  TcpOptions tcp = {};
};

/// How a UNIX port listens.
struct UnixListenOptions {
  int backlog = 1024;
  /// Who may connect, by the permissions of the name (abstract names have none): writing is connecting.
  unsigned mode = 0666;
  /// Whether a file `NAME.lock` beside the socket says that the name is taken, for as long as the process lives. With
  /// it, a name that a dead process left is taken over; without, any name that exists is refused.
  bool lock = true;
};

namespace detail {
class SocketName;
}

class ListeningSocket {
 public:
  /// Throws CannotListen, naming the address and the reason. The unspecified IPv6 address stands for both families.
  static ListeningSocket tcp(const SocketAddress& address, const TcpListenOptions& options = {});
  /// A UNIX socket in the file system or the abstract name space (SocketAddress::unix_path, unix_abstract). Closing it
  /// removes its name, if that is still its own. Throws CannotListen; a name that a living process serves stays its own.
  static ListeningSocket unix_socket(const SocketAddress& address, const UnixListenOptions& options = {});
  /// A socket from elsewhere, which must listen already. Throws CannotListen, saying what is wrong with it.
  static ListeningSocket adopt(UniqueFd socket);

  int fd() const noexcept { return fd_.get(); }
  /// Where it listens; the port number is the real one also when 0 was asked for.
  const SocketAddress& address() const noexcept { return address_; }
  explicit operator bool() const noexcept { return static_cast<bool>(fd_); }
  /// Gives the socket away; a name in the file system stays, for whoever serves it now.
  UniqueFd release() && noexcept;
  /// Stops listening.
  void close() noexcept {
    fd_.reset();
    name_.reset();
  }

 private:
  ListeningSocket(UniqueFd fd, SocketAddress address, std::shared_ptr<detail::SocketName> name = nullptr)
      : name_(std::move(name)), fd_(std::move(fd)), address_(std::move(address)) {}

  std::shared_ptr<detail::SocketName> name_;  // goes with it: what it has in the file system
  UniqueFd fd_;
  SocketAddress address_;
};

}  // namespace torc
