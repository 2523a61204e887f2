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

class ListeningSocket {
 public:
  /// Throws CannotListen, naming the address and the reason. The unspecified IPv6 address stands for both families.
  static ListeningSocket tcp(const SocketAddress& address, const TcpListenOptions& options = {});
  /// A socket from elsewhere, which must listen already. Throws CannotListen, saying what is wrong with it.
  static ListeningSocket adopt(UniqueFd socket);

  int fd() const noexcept { return fd_.get(); }
  /// Where it listens; the port number is the real one also when 0 was asked for.
  const SocketAddress& address() const noexcept { return address_; }
  explicit operator bool() const noexcept { return static_cast<bool>(fd_); }
  /// Stops listening.
  void close() noexcept {
    fd_.reset();
    guard_.reset();
  }

 private:
  ListeningSocket(UniqueFd fd, SocketAddress address, std::shared_ptr<void> guard = nullptr)
      : guard_(std::move(guard)), fd_(std::move(fd)), address_(std::move(address)) {}

  std::shared_ptr<void> guard_;  // goes with it: a lock file, a name in the file system
  UniqueFd fd_;
  SocketAddress address_;
};

}  // namespace torc
