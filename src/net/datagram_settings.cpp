#include "net/datagram_settings.hpp"

#include "net/datagram_receive.hpp"

#include <torc/net/errors.hpp>

#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

namespace torc::detail {

namespace {

template <class T>
int set(int socket, int level, int option, const T& value) noexcept {
  return ::setsockopt(socket, level, option, &value, sizeof value) == 0 ? 0 : errno;
}

template <class T>
void demand(int socket, int level, int option, const T& value, const std::string& doing) {
  if (const int code = set(socket, level, option, value)) throw SystemError(doing, code);
}

int index_of(std::string_view interface) {
  if (interface.empty()) return 0;
  const std::string name(interface);
  const unsigned index = ::if_nametoindex(name.c_str());
  if (index == 0) throw SystemError("looking for the interface \"" + name + "\"", errno);
  return static_cast<int>(index);
}

std::string words(int code) {
  std::string text = std::generic_category().message(code);
  if (code == EADDRINUSE) text += " (stop the program that has it, or choose another address)";
  if (code == EADDRNOTAVAIL) text += " (no interface of this machine has this address)";
  if (code == EACCES)
    text += " (ports below 1024 need root or CAP_NET_BIND_SERVICE, a path needs a folder to write to)";
  return text;
}

// What every socket has, and what was asked for. Who is to learn of ICMP errors must say so first.
int prepare(int socket, int family, const SocketAddress& where, const DatagramOptions& options) noexcept {
  const int on = 1;
  int code = 0;
  const auto need = [&](bool wanted, int level, int option, int value) {
    if (wanted && code == 0) code = set(socket, level, option, value);
  };
  need(options.receive_buffer > 0, SOL_SOCKET, SO_RCVBUF, options.receive_buffer);
  need(options.send_buffer > 0, SOL_SOCKET, SO_SNDBUF, options.send_buffer);
  set(socket, SOL_SOCKET, SO_RXQ_OVFL, on);
  if (family == AF_UNIX) return code;

  need(options.reuse_address, SOL_SOCKET, SO_REUSEADDR, on);
  need(options.reuse_port, SOL_SOCKET, SO_REUSEPORT, on);
  need(options.broadcast, SOL_SOCKET, SO_BROADCAST, on);
  need(true, IPPROTO_IP, IP_RECVERR, on);
  set(socket, IPPROTO_IP, IP_MULTICAST_ALL, 0);  // groups that others on this machine joined are not ours
  need(options.want_arrival, IPPROTO_IP, IP_PKTINFO, on);
  if (options.offload) set(socket, IPPROTO_UDP, UDP_GRO, on);
  if (family == AF_INET6) {
    need(true, IPPROTO_IPV6, IPV6_V6ONLY, options.v6_only || !where.ip().is_any());
    need(true, IPPROTO_IPV6, IPV6_RECVERR, on);
    set(socket, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
    need(options.want_arrival, IPPROTO_IPV6, IPV6_RECVPKTINFO, on);
  }
  return code;
}

}  // namespace

OpenDatagrams open_datagram_socket(const SocketAddress& where, const DatagramOptions& options) {
  const auto refuse = [&](const std::string& why) -> void {
    throw CannotListen("cannot open a datagram socket at " + where.str() + ": " + why);
  };
  if (options.max_datagram == 0 || options.max_datagram > ReceiveBatch::kLargest) {
    refuse("max_datagram is from 1 to " + std::to_string(ReceiveBatch::kLargest));
  }
  OpenDatagrams open;
  open.family = where.is_unix() ? AF_UNIX : where.is_v6() ? AF_INET6 : AF_INET;
  open.socket = UniqueFd(::socket(open.family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!open.socket) refuse(words(errno));
  if (const int code = prepare(open.socket.get(), open.family, where, options)) refuse(words(code));
  if (const int code = open.path.bind(open.socket.get(), where, options.mode)) refuse(words(code));
  open.address = name_of(open.socket.get(), ::getsockname);
  return open;
}

SocketAddress name_of(int socket, decltype(::getsockname)* ask) {
  sockaddr_storage raw;
  socklen_t size = sizeof raw;
  if (socket < 0 || ask(socket, reinterpret_cast<sockaddr*>(&raw), &size) != 0) return {};
  return SocketAddress::from_sockaddr(reinterpret_cast<sockaddr*>(&raw), size).value_or(SocketAddress());
}

void set_membership(int socket, Membership what, const IpAddress& group, std::string_view interface) {
  const bool join = what == Membership::kJoin;
  std::string doing = (join ? "joining " : "leaving ") + group.str();
  if (!interface.empty()) doing += " on " + std::string(interface);
  if (!group.is_multicast()) throw SystemError(doing + ", which is no multicast address", EINVAL);
  const IpAddress plain = group.unmapped();
  if (plain.is_v4()) {
    ip_mreqn request{};
    std::memcpy(&request.imr_multiaddr, plain.bytes().data(), 4);
    request.imr_ifindex = index_of(interface);
    demand(socket, IPPROTO_IP, join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP, request, doing);
  } else {
    ipv6_mreq request{};
    std::memcpy(&request.ipv6mr_multiaddr, plain.bytes().data(), 16);
    request.ipv6mr_interface = interface.empty() ? plain.scope() : static_cast<unsigned>(index_of(interface));
    demand(socket, IPPROTO_IPV6, join ? IPV6_ADD_MEMBERSHIP : IPV6_DROP_MEMBERSHIP, request, doing);
  }
}

// An IPv6 socket may send to IPv4 groups as well, so it gets both settings.

void set_outgoing_interface(int socket, int family, std::string_view interface) {
  const std::string doing = "sending to groups by the interface \"" + std::string(interface) + "\"";
  const int index = index_of(interface);
  if (family == AF_INET6) demand(socket, IPPROTO_IPV6, IPV6_MULTICAST_IF, index, doing);
  ip_mreqn request{};
  request.imr_ifindex = index;
  demand(socket, IPPROTO_IP, IP_MULTICAST_IF, request, doing);
}

void set_multicast_ttl(int socket, int family, int hops) {
  const std::string doing = "setting the multicast TTL to " + std::to_string(hops);
  if (family == AF_INET6) demand(socket, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, hops, doing);
  demand(socket, IPPROTO_IP, IP_MULTICAST_TTL, hops, doing);
}

void set_loopback(int socket, int family, bool on) {
  const std::string doing = "setting multicast loopback";
  const int value = on ? 1 : 0;
  if (family == AF_INET6) demand(socket, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, value, doing);
  demand(socket, IPPROTO_IP, IP_MULTICAST_LOOP, value, doing);
}

void set_ttl(int socket, int family, int hops) {
  const std::string doing = "setting the TTL to " + std::to_string(hops);
  if (family == AF_INET6) demand(socket, IPPROTO_IPV6, IPV6_UNICAST_HOPS, hops, doing);
  demand(socket, IPPROTO_IP, IP_TTL, hops, doing);
}

void set_broadcast(int socket, bool on) {
  demand(socket, SOL_SOCKET, SO_BROADCAST, on ? 1 : 0, "allowing broadcasts");
}

}  // namespace torc::detail
