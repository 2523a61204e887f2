#include "net/system_network.hpp"

#include "net/fd_transport.hpp"

#include <torc/async/coroutine.hpp>
#include <torc/async/timing.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace torc {

namespace {

constexpr Duration kFirstPause = std::chrono::milliseconds(1);
constexpr Duration kLongestPause = std::chrono::milliseconds(50);

// Connects at once or not at all; 0 or the reason.
int try_connect(int socket, const SocketAddress& address) noexcept {
  sockaddr_storage raw;
  const auto size = address.to_sockaddr(&raw);
  return ::connect(socket, reinterpret_cast<sockaddr*>(&raw), size) == 0 ? 0 : errno;
}

ConnectError cannot_connect(const SocketAddress& address, int code) {
  std::string text = "cannot connect to " + address.str() + ": " + std::generic_category().message(code);
  if (code == ENOENT) text += " (is the server running, and is this its socket?)";
  if (code == ECONNREFUSED) text += " (nobody listens there any more)";
  return ConnectError(text);
}

}  // namespace

// A queue that is full answers EAGAIN, and nothing tells when it no longer is.
Deferred<Stream> detail::system_connect_unix(Reactor& reactor, SocketAddress address) {
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  int code = socket ? try_connect(socket.get(), address) : errno;
  for (Duration pause = kFirstPause; code == EAGAIN; pause = std::min(2 * pause, kLongestPause)) {
    co_await sleep(pause);
    code = try_connect(socket.get(), address);
  }
  if (code != 0) co_return Failure(cannot_connect(address, code));
  co_return FdTransport::stream(reactor, StreamFd(std::move(socket), true));
}

}  // namespace torc
