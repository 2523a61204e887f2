#include <torc/endpoint/group_listen.hpp>

#include <torc/base/address.hpp>

#include <utility>
#include <variant>

namespace torc {

namespace {

SocketAddress address_of(const TcpServerEndpoint& tcp) {
  // No address: all of both families, through the one dual-stack socket.
  if (tcp.address.empty()) return SocketAddress(IpAddress::any_v6(), tcp.port);
  const auto ip = IpAddress::parse(tcp.address);
  if (!ip) throw BadEndpoint(ip.error());
  return SocketAddress(*ip, tcp.port);
}

}  // namespace

Deferred<GroupPort> listen_on_group(ReactorGroup& group, ServerEndpoint where, GroupPort::MakeServer make,
                                    GroupPortOptions options) {
  try {
    const auto* tcp = std::get_if<TcpServerEndpoint>(&where);
    if (!tcp) {
      throw BadEndpoint("cannot listen on \"" + where.str() +
                        "\" with a group of reactors: give a tcp: endpoint, and TLS as a layer of each PortServer");
    }
    return GroupPort::open(group, address_of(*tcp),
                           {.backlog = tcp->backlog, .reuse_port = tcp->reuse_port, .tcp = tcp->options},
                           std::move(make), options);
  } catch (...) {
    return fail<GroupPort>(Failure::current());
  }
}

Deferred<GroupPort> listen_on_group(ReactorGroup& group, std::string_view where, GroupPort::MakeServer make,
                                    GroupPortOptions options) {
  auto parsed = parse_server_endpoint(where);
  if (!parsed) return fail<GroupPort>(BadEndpoint(parsed.error().message));
  return listen_on_group(group, *std::move(parsed), std::move(make), options);
}

}  // namespace torc
