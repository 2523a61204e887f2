// Port: an open listening socket and the connections it accepted.
//
// Got from torc::listen. Owns its connections: destroying it stops listening and aborts them;
// `co_await port.close()` stops listening, lets each finish what it is doing, and waits. It may be
// destroyed inside anything it calls.
//
// Running out of descriptors does not stop or spin it: accepting pauses for a moment, one waiting
// client at a time is refused so that it knows, and one line a second says so in the log.
//
// Accepting and serving can be two ports, on two reactors: one gives what it accepts to a function (accept), the other
// listens nowhere and serves what it is given (handed, hand). torc::listen(group, ...) is built of these.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/base/address.hpp>
#include <torc/base/time.hpp>
#include <torc/net/layer.hpp>
#include <torc/net/listening_socket.hpp>
#include <torc/net/open_count.hpp>
#include <torc/net/protocol.hpp>
#include <torc/net/stream.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <vector>

namespace torc {

/// Serves one connection; ends when it is done with it. Called for each connection of a port.
using StreamHandler = std::move_only_function<Deferred<void>(Stream)>;
/// Takes an accepted connection, non-blocking, to serve it elsewhere.
using ConnectionTaker = std::move_only_function<void(UniqueFd)>;

/// What the connections of a port have in common.
struct PortOptions {
  /// Limits under which protocols run; a handler's streams have the standard ones.
  TransportOptions transport = {};
  /// What each connection passes before it is served: the first lies on the socket.
  std::vector<std::shared_ptr<LayerFactory>> layers = {};
  /// Connections at a time. With so many no more are accepted until one ends; those who come wait in the system's backlog.
  std::size_t max_connections = std::numeric_limits<std::size_t>::max();
  /// Connections at a time of one peer: an IPv4 address, or the first 64 bits of an IPv6 one. One above that is closed at
  /// once and counted (Port::refused); the log says so once a second. Peers without an IP address are not limited.
  std::size_t max_per_peer = std::numeric_limits<std::size_t>::max();
  /// Where the connections are counted for other threads to see, if anywhere.
  std::shared_ptr<PortLoad> load = nullptr;
};

class [[nodiscard]] Port {
 public:
  /// Serves what connects to `socket`, from the next turn on. Throws SystemError when it cannot be watched.
  static Port serve(ListeningSocket socket, std::unique_ptr<ProtocolFactory> factory, PortOptions options = {});
  static Port serve(ListeningSocket socket, StreamHandler handler, PortOptions options = {});
  /// Accepts what connects to `socket` and gives it to `taker`; owns and counts no connection.
  static Port accept(ListeningSocket socket, ConnectionTaker taker);
  /// Listens nowhere and serves what hand() brings. `address` is what address() tells.
  static Port handed(SocketAddress address, std::unique_ptr<ProtocolFactory> factory, PortOptions options = {});
  static Port handed(SocketAddress address, StreamHandler handler, PortOptions options = {});

  /// Serves `stream`, such as standard input and output, from the next turn on, and nobody else: it does not listen.
  /// The stream keeps the limits it has.
  static Port serve_one(Stream stream, std::unique_ptr<ProtocolFactory> factory, PortOptions options = {});
  static Port serve_one(Stream stream, StreamHandler handler, PortOptions options = {});

  Port(Port&&) noexcept;
  Port& operator=(Port&&) noexcept;
  ~Port();

  /// Where it listens; the port number is the real one also when 0 was asked for.
  const SocketAddress& address() const noexcept;
  /// Connections that are open.
  std::size_t connections() const noexcept;
  /// A copy of the listening socket, for a process that is to listen there too: connections wait in one queue. None when
  /// the port does not listen. (torc/endpoint/successor.hpp)
  UniqueFd share() const;
  /// Stops listening because somebody else does, through share(): a name in the file system stays. Connections go on.
  void hand_over() noexcept;
  /// Connections that were closed at once because their peer had as many as it may (max_per_peer).
  std::uint64_t refused() const noexcept;
  /// Stops listening at once, asks each connection to finish (Protocol::drain), and fires when none is
  /// left. After `limit` the rest is aborted. Cancelling it aborts them at once.
  Deferred<void> close(Duration limit = std::chrono::seconds(10));

  /// Serves a connection that was accepted elsewhere, as if it had come here. `count`: it is counted already. A port
  /// that closes, or has max_connections, closes it.
  void hand(UniqueFd connection, OpenCount count = {});
  /// Serves a connection that was served before: by `handler`, or without one by the port's own, which must then be one
  /// for streams and without layers. Throws Error, and the connection is closed, where it is not, or the port closes.
  void hand(ReleasedSocket connection, StreamHandler handler = nullptr, OpenCount count = {});

  class State;

 private:
  explicit Port(std::shared_ptr<State> state) noexcept;
  std::shared_ptr<State> state_;  // shared with what it is in the middle of
};

}  // namespace torc
