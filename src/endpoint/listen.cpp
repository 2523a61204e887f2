#include <torc/endpoint/listen.hpp>

#include <torc/base/address.hpp>

namespace torc {

namespace {

template <class Endpoint>
Endpoint parsed(std::expected<Endpoint, EndpointError> result) {
  if (!result) throw BadEndpoint(result.error().message);
  return *std::move(result);
}

SocketAddress address_of(const TcpServerEndpoint& tcp) {
  // No address: all of both families, through the one dual-stack socket.
  if (tcp.address.empty()) return SocketAddress(IpAddress::any_v6(), tcp.port);
  const auto ip = IpAddress::parse(tcp.address);
  if (!ip) throw BadEndpoint(ip.error());
  return SocketAddress(*ip, tcp.port);
}

template <class Serve>
Port open(const ServerEndpoint& where, PortOptions options, Serve serve) {
  const auto& tcp = std::get<TcpServerEndpoint>(where);
  return Port::serve(ListeningSocket::tcp(address_of(tcp), {.backlog = tcp.backlog, .reuse_port = tcp.reuse_port}),
                     std::move(serve), std::move(options));
}

// Opening is immediate; what it throws becomes the failure.
template <class F>
Deferred<Port> opened(F f) {
  try {
    return succeed(f());
  } catch (...) {
    return fail<Port>(Failure::current());
  }
}

}  // namespace

Deferred<Port> listen(ServerEndpoint where, std::unique_ptr<ProtocolFactory> factory, ListenOptions options) {
  return opened([&] { return open(where, std::move(options), std::move(factory)); });
}
Deferred<Port> listen(std::string_view where, std::unique_ptr<ProtocolFactory> factory, ListenOptions options) {
  return opened([&] { return open(parsed(parse_server_endpoint(where)), std::move(options), std::move(factory)); });
}
Deferred<Port> listen_streams(ServerEndpoint where, StreamHandler handler, ListenOptions options) {
  return opened([&] { return open(where, std::move(options), std::move(handler)); });
}
Deferred<Port> listen_streams(std::string_view where, StreamHandler handler, ListenOptions options) {
  return opened([&] { return open(parsed(parse_server_endpoint(where)), std::move(options), std::move(handler)); });
}

}  // namespace torc
