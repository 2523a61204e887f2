// Port: an open listening socket and the connections it accepted.
//
// Got from torc::listen. Owns its connections: destroying it stops listening and aborts them;
// `co_await port.close()` stops listening, lets each finish what it is doing, and waits. It may be
// destroyed inside anything it calls.
//
// Running out of descriptors does not stop or spin it: accepting pauses for a moment, one waiting
// client at a time is refused so that it knows, and one line a second says so in the log.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/base/address.hpp>
#include <torc/base/time.hpp>
#include <torc/net/protocol.hpp>
#include <torc/net/stream.hpp>

#include <cstddef>
#include <functional>
#include <memory>

namespace torc {

/// Serves one connection; ends when it is done with it. Called for each connection of a port.
using StreamHandler = std::move_only_function<Deferred<void>(Stream)>;

class [[nodiscard]] Port {
 public:
  Port(Port&&) noexcept;
  Port& operator=(Port&&) noexcept;
  ~Port();

  /// Where it listens; the port number is the real one also when 0 was asked for.
  const SocketAddress& address() const noexcept;
  /// Connections that are open.
  std::size_t connections() const noexcept;
  /// Stops listening at once, asks each connection to finish (Protocol::drain), and fires when none is
  /// left. After `limit` the rest is aborted. Cancelling it aborts them at once.
  Deferred<void> close(Duration limit = std::chrono::seconds(10));

  class State;

 private:
  friend struct TcpListen;
  explicit Port(std::shared_ptr<State> state) noexcept;
  std::shared_ptr<State> state_;  // shared with what it is in the middle of
};

/// What a TCP port needs to know. Addresses are tried as given; an empty list listens on all of both
/// families.
struct TcpListenOptions {
  int backlog = 1024;
  bool reuse_port = false;
  TransportOptions transport = {};
};

/// Opens TCP ports. Most programs use torc::listen with an endpoint string instead.
struct TcpListen {
  /// Throws CannotListen, naming the address and the reason.
  static Port open(const SocketAddress& address, TcpListenOptions options, std::unique_ptr<ProtocolFactory> factory);
  static Port open(const SocketAddress& address, TcpListenOptions options, StreamHandler handler);
};

}  // namespace torc
