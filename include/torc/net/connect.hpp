// Connecting to addresses, and finding the addresses of a name. Most programs use torc::connect with an
// endpoint string instead.
#pragma once

#include <torc/async/deferred.hpp>
#include <torc/base/address.hpp>
#include <torc/net/stream.hpp>
#include <torc/net/tcp_options.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace torc {

/// A name has no address, or could not be looked up.
class NameLookupError : public ConnectError {
 public:
  using ConnectError::ConnectError;
};

/// The addresses of `host`, with `port`, in the system's order of preference. An address literal is
/// answered at once; names are looked up by getaddrinfo in the reactor's name pool.
/// Fails with NameLookupError. Cancelling forgets a lookup that is under way.
Deferred<std::vector<SocketAddress>> resolve(std::string host, std::uint16_t port);

/// A TCP connection to `address`, from `local` if given. Fails with ConnectError naming the address and
/// the system's reason. No time limit of its own. Dropping or cancelling closes the attempt.
Deferred<Stream> connect_tcp(SocketAddress address, std::optional<SocketAddress> local = std::nullopt,
                             TcpOptions options = {});

}  // namespace torc
