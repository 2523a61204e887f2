#include "net/system_network.hpp"

#include "net/fd_transport.hpp"

#include <torc/base/errors.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

namespace torc {

namespace {

Failure cannot_connect(const SocketAddress& address, int code) {
  return Failure(ConnectError("cannot connect to " + address.str() + ": " + std::generic_category().message(code)));
}

// One attempt: watches the socket until the kernel has an answer.
class TcpConnect final : public detail::OperationOf<Stream>, public detail::Watch, public detail::Resident, public detail::Pooled {
 public:
  TcpConnect(Reactor& reactor, UniqueFd socket, SocketAddress address)
      : reactor_(reactor), socket_(std::move(socket)), address_(std::move(address)) {
    reactor_.watch(socket_.get(), *this);
    reactor_.house(*this);
  }

 private:
  void ready(detail::Readiness readiness) noexcept override {
    if (!readiness.writable && !readiness.broken) return;
    int code = 0;
    socklen_t size = sizeof code;
    ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &code, &size);
    leave();
    if (code != 0) return Operation::fire(cannot_connect(address_, code));
    try {
      fire(Outcome<Stream>(FdTransport::stream(reactor_, StreamFd(std::move(socket_), false))));
    } catch (...) {
      Operation::fire(Failure::current());
    }
  }
  void reactor_stopping() noexcept override {
    leave();
    Operation::fire(Failure(ReactorStopped("the reactor stopped while connecting to " + address_.str())));
  }
  void reactor_gone() noexcept override {
    leave();
    socket_.reset();
  }
  void cancel_leaf() noexcept override {
    leave();
    Operation::fire(Failure(Cancelled{}));
  }
  void abandon() noexcept override {
    leave();
    delete this;
  }
  void discard() noexcept override { delete this; }
  void leave() noexcept {
    if (!socket_) return;  // its reactor is gone
    reactor_.unwatch(socket_.get(), *this);
    unlink();
  }

  Reactor& reactor_;
  UniqueFd socket_;
  SocketAddress address_;
};

}  // namespace

Deferred<Stream> detail::system_connect_tcp(Reactor& reactor, SocketAddress address, std::optional<SocketAddress> local,
                                            TcpOptions options) {
  UniqueFd socket(::socket(address.is_v6() ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return fail<Stream>(cannot_connect(address, errno));
  detail::apply(options, socket.get());
  const int on = 1;
  if (options.fast_open) ::setsockopt(socket.get(), IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof on);
  sockaddr_storage raw;
  if (local) {
    // Pick the port at connect time, so that many connections may share a local address.
    ::setsockopt(socket.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    const auto size = local->to_sockaddr(&raw);
    if (::bind(socket.get(), reinterpret_cast<sockaddr*>(&raw), size) != 0) {
      return fail<Stream>(ConnectError("cannot connect from " + local->str() + ": " + std::generic_category().message(errno)));
    }
  }
  const auto size = address.to_sockaddr(&raw);
  if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&raw), size) != 0 && errno != EINPROGRESS) {
    return fail<Stream>(cannot_connect(address, errno));
  }
  try {
    return Deferred<Stream>(new TcpConnect(reactor, std::move(socket), std::move(address)));
  } catch (...) {
    return fail<Stream>(Failure::current());
  }
}

}  // namespace torc
