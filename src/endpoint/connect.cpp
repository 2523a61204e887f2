#include <torc/async/coroutine.hpp>
#include <torc/async/timing.hpp>
#include <torc/endpoint/listen.hpp>
#include <torc/net/connect.hpp>
#include <torc/net/descriptor_stream.hpp>
#include <torc/process/process_stream.hpp>

#include "endpoint/inherited.hpp"
#include "endpoint/tls_endpoint.hpp"

#include <optional>
#include <utility>
#include <variant>

namespace torc {

namespace {

template <class T>
T checked(std::expected<T, std::string> result) {
  if (!result) throw BadEndpoint(result.error());
  return *std::move(result);
}

// `connecting` within the time it has.
Deferred<Stream> within(Duration limit, std::string doing, Deferred<Stream> connecting) {
  return with_timeout(limit, std::move(connecting))
      .recover<TimeoutError>([doing = std::move(doing)](Failure failure) { return failure.note(doing); });
}

Deferred<Stream> open(TcpClientEndpoint tcp) {
  TcpConnectOptions options{.timeout = tcp.timeout, .attempt_delay = tcp.attempt_delay, .tcp = tcp.options};
  if (!tcp.bind.empty()) options.bind = checked(IpAddress::parse(tcp.bind));
  return connect_tcp(std::move(tcp.host), tcp.port, std::move(options));
}

Deferred<Stream> open(UnixClientEndpoint local) {
  const std::string_view path = local.path;
  auto address = checked(path.starts_with('@') ? SocketAddress::unix_abstract(path.substr(1))
                                               : SocketAddress::unix_path(path));
  return within(local.timeout, "connecting to " + address.str(), connect_unix(address));
}

Deferred<Stream> upgraded(Deferred<Stream> connecting, std::unique_ptr<Layer> layer) {
  Stream stream = co_await std::move(connecting);
  co_await stream.upgrade(std::move(layer));
  co_return stream;
}

Deferred<Stream> open(TlsClientEndpoint endpoint) {
  auto layer = detail::tls_layer(endpoint);
  auto below = endpoint.over ? connect(*endpoint.over) : open(endpoint.tcp);
  return within(endpoint.tcp.timeout, "connecting to " + endpoint.tcp.host + ":" + std::to_string(endpoint.tcp.port),
                upgraded(std::move(below), std::move(layer)));
}

Deferred<Stream> open(FdEndpoint endpoint) {
  return succeed(detail::take_stream(endpoint));
}

Deferred<Stream> open(StdioEndpoint) {
  return succeed(stdio());
}

Deferred<Stream> open(ProcessClientEndpoint endpoint) {
  process::SpawnOptions options{.directory = std::move(endpoint.directory),
                                .files = {{2, endpoint.errors ? process::inherit(2) : process::null()}}};
  return process::process_stream(std::move(endpoint.command), std::move(options));
}

}  // namespace

Deferred<Stream> connect(ClientEndpoint where) {
  try {
    return std::visit([](auto& kind) { return open(std::move(kind)); }, where);
  } catch (...) {
    return fail<Stream>(Failure::current());
  }
}

Deferred<Stream> connect(std::string_view where) {
  auto endpoint = parse_client_endpoint(where);
  if (!endpoint) return fail<Stream>(BadEndpoint(endpoint.error().message));
  return connect(*std::move(endpoint));
}

Deferred<Stream> connect(ClientEndpoint where, ConnectOptions options) {
  return retry(std::move(options.retry), [where = std::move(where)] { return connect(where); });
}

Deferred<Stream> connect(std::string_view where, ConnectOptions options) {
  auto endpoint = parse_client_endpoint(where);
  if (!endpoint) return fail<Stream>(BadEndpoint(endpoint.error().message));
  return connect(*std::move(endpoint), std::move(options));
}

}  // namespace torc
