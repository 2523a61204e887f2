#include <torc/async/coroutine.hpp>
#include <torc/async/timing.hpp>
#include <torc/endpoint/listen.hpp>
#include <torc/net/connect.hpp>

#include <optional>

namespace torc {

namespace {

// Tries the addresses in turn; the failure of the last attempt is the one that is told.
Deferred<Stream> connect_to(TcpClientEndpoint where) {
  std::optional<SocketAddress> local;
  if (!where.bind.empty()) {
    const auto ip = IpAddress::parse(where.bind);
    if (!ip) throw BadEndpoint(ip.error());
    local.emplace(*ip, 0);
  }
  auto addresses = co_await resolve(where.host, where.port);
  FailureSlot last;
  for (auto& address : addresses) {
    auto stream = co_await as_outcome(connect_tcp(address, local));
    if (stream) co_return *std::move(stream);
    last = std::move(stream).error();
    if (!last.failure.check<ConnectError>()) break;
  }
  if (!last) throw NameLookupError("\"" + where.host + "\" has no address");
  co_return last.take();
}

}  // namespace

Deferred<Stream> connect(ClientEndpoint where) {
  auto& tcp = std::get<TcpClientEndpoint>(where);
  const auto limit = tcp.timeout;
  std::string doing = "connecting to " + tcp.host + ":" + std::to_string(tcp.port);
  return with_timeout(limit, connect_to(std::move(tcp)))
      .recover<TimeoutError>([doing = std::move(doing)](Failure failure) { return failure.note(doing); });
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
