#include <torc/endpoint/listen.hpp>

#include "endpoint/inherited.hpp"
#include "endpoint/tls_endpoint.hpp"

#include <torc/base/address.hpp>
#include <torc/endpoint/proxy_layer.hpp>
#include <torc/net/descriptor_stream.hpp>

#include <optional>
#include <utility>
#include <variant>

namespace torc {

namespace {

template <class Endpoint>
Endpoint parsed(std::expected<Endpoint, EndpointError> result) {
  if (!result) throw BadEndpoint(result.error().message);
  return *std::move(result);
}

template <class T>
T checked(std::expected<T, std::string> result) {
  if (!result) throw BadEndpoint(result.error());
  return *std::move(result);
}

// What is served: a socket that listens, or, without one, the one connection of standard input and output.
struct Opened {
  std::optional<ListeningSocket> socket = std::nullopt;
  std::vector<std::shared_ptr<LayerFactory>> layers = {};
};

Opened open(const TcpServerEndpoint& tcp) {
  // No address: all of both families, through the one dual-stack socket.
  const auto ip = tcp.address.empty() ? IpAddress::any_v6() : checked(IpAddress::parse(tcp.address));
  return {.socket = ListeningSocket::tcp(SocketAddress(ip, tcp.port),
                                         {.backlog = tcp.backlog, .reuse_port = tcp.reuse_port, .tcp = tcp.options})};
}

Opened open(const UnixServerEndpoint& local) {
  const std::string_view path = local.path;
  const auto address = checked(path.starts_with('@') ? SocketAddress::unix_abstract(path.substr(1))
                                                     : SocketAddress::unix_path(path));
  return {.socket = ListeningSocket::unix_socket(address,
                                                 {.backlog = local.backlog, .mode = local.mode, .lock = local.lock})};
}

Opened open(const FdEndpoint& endpoint) { return {.socket = detail::open_inherited(endpoint)}; }
Opened open(const SystemdServerEndpoint& endpoint) { return {.socket = detail::open_inherited(endpoint)}; }
Opened open(const StdioEndpoint&) { return {}; }

Opened open(const TlsServerEndpoint& endpoint) {
  auto layer = detail::tls_layer(endpoint);  // files that are missing are told before anything listens
  Opened opened = open(endpoint.tcp);
  opened.layers.push_back(std::move(layer));
  return opened;
}

Opened open(const HaproxyServerEndpoint& endpoint) {
  Opened opened = std::visit([](const auto& inner) { return open(inner); }, *endpoint.inner);
  opened.layers.insert(opened.layers.begin(), proxy_layer());
  return opened;
}

template <class Serve>
Port open(const ServerEndpoint& where, PortOptions options, Serve serve) {
  Opened opened = std::visit([](const auto& kind) { return open(kind); }, where);
  options.layers.insert(options.layers.begin(), opened.layers.begin(), opened.layers.end());  // below those asked for
  if (opened.socket) return Port::serve(*std::move(opened.socket), std::move(serve), std::move(options));
  return Port::serve_one(stdio(), std::move(serve), std::move(options));
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
