// Opening datagram sockets, and what can be set on one that is open.
#pragma once

#include "net/datagram_path.hpp"

#include <torc/base/unique_fd.hpp>
#include <torc/net/datagram_transport.hpp>

#include <sys/socket.h>

#include <string_view>

namespace torc::detail {

struct OpenDatagrams {
  UniqueFd socket;
  int family = 0;
  SocketAddress address;
  DatagramPath path;
};

/// Opens and binds. Throws CannotListen.
OpenDatagrams open_datagram_socket(const SocketAddress& where, const DatagramOptions& options);
/// What a socket is bound to or, with ::getpeername, connected to; a default address when that is nothing.
SocketAddress name_of(int socket, decltype(::getsockname)* ask);

enum class Membership { kJoin, kLeave };

// These throw SystemError. An empty interface is the one that the routes give.
void set_membership(int socket, Membership what, const IpAddress& group, std::string_view interface);
void set_outgoing_interface(int socket, int family, std::string_view interface);
void set_multicast_ttl(int socket, int family, int hops);
void set_loopback(int socket, int family, bool on);
void set_ttl(int socket, int family, int hops);
void set_broadcast(int socket, bool on);

}  // namespace torc::detail
