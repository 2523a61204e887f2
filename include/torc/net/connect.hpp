// Connecting to a name, by all the addresses it has, or to one address. Most programs use torc::connect with an endpoint
// string instead.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/base/address.hpp>
#include <torc/net/resolver.hpp>
#include <torc/net/stream.hpp>
#include <torc/net/tcp_options.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace torc {

struct TcpConnectOptions {
  /// For the lookup and all attempts together.
  Duration timeout = std::chrono::seconds(30);
  /// How long an attempt is waited for before the next address is tried beside it (RFC 8305, section 5).
  Duration attempt_delay = std::chrono::milliseconds(250);
  /// The local address; only addresses of its family are tried. None: the system picks.
  std::optional<IpAddress> bind = std::nullopt;
  TcpOptions tcp = {};
};

/// A TCP connection to `port` of `host`, a name or an IP address. The addresses of a name are tried as RFC 8305 says: the
/// preferred one first, then the families in turn, each a little later or as soon as the one before has failed. The
/// first connection is taken and the others are dropped.
/// Fails with NameLookupError; with ConnectError that names each address and its reason; with TimeoutError that says
/// what was tried. Dropping or cancelling ends all attempts.
Deferred<Stream> connect_tcp(std::string host, std::uint16_t port, TcpConnectOptions options = {});

/// A TCP connection to `address`, from `local` if given. Fails with ConnectError naming the address and
/// the system's reason. No time limit of its own. Dropping or cancelling closes the attempt.
Deferred<Stream> connect_tcp(SocketAddress address, std::optional<SocketAddress> local = std::nullopt,
                             TcpOptions options = {});

/// A connection to the UNIX socket `address` (SocketAddress::unix_path, unix_abstract). While the queue of who listens
/// there is full it is tried again and again; otherwise as connect_tcp.
Deferred<Stream> connect_unix(SocketAddress address);

}  // namespace torc
