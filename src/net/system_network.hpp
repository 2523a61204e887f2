// The operating system's network, as a Reactor offers it.
#pragma once

#include <torc/net/interfaces.hpp>
#include <torc/reactor/reactor.hpp>

namespace torc::detail {

Deferred<Stream> system_connect_tcp(Reactor& reactor, SocketAddress address, std::optional<SocketAddress> local,
                                    TcpOptions options);
Deferred<Stream> system_connect_unix(Reactor& reactor, SocketAddress address);

}  // namespace torc::detail
