// Server endpoints from strings, and back. A new kind is a struct in server_endpoints.hpp, and here a parser, a line in the
// table, and its str().
#include <limits>

#include "endpoint/endpoint_kinds.hpp"
#include "endpoint/endpoint_text.hpp"

namespace torc {
namespace {

using detail::EndpointArguments;
using detail::EndpointText;
using Parsed = detail::Parsed<ServerEndpoint>;

Parsed parse_at(std::string_view text, std::size_t begin);

TcpServerEndpoint read_tcp(EndpointArguments& arguments) {
  TcpServerEndpoint endpoint;
  endpoint.port = arguments.port(0);
  endpoint.address = arguments.ip_address("address", "interface");
  endpoint.backlog = arguments.number("backlog", 1, std::numeric_limits<int>::max(), endpoint.backlog);
  endpoint.reuse_port = arguments.yes_no("reuseport", endpoint.reuse_port);
  endpoint.options = arguments.tcp_options();
  return endpoint;
}

Parsed tcp(EndpointArguments arguments) {
  auto endpoint = read_tcp(arguments);
  return arguments.finish<ServerEndpoint>(std::move(endpoint));
}

Parsed tcp6(EndpointArguments arguments) {
  auto endpoint = read_tcp(arguments);
  if (endpoint.address.empty()) endpoint.address = "::";
  return arguments.finish<ServerEndpoint>(std::move(endpoint));
}

Parsed unix_socket(EndpointArguments arguments) {
  UnixServerEndpoint endpoint;
  endpoint.path = arguments.unix_name();
  endpoint.mode = arguments.octal("mode", 0777, endpoint.mode);
  endpoint.backlog = arguments.number("backlog", 1, std::numeric_limits<int>::max(), endpoint.backlog);
  endpoint.lock = arguments.yes_no("lock", "lockfile", endpoint.lock);
  return arguments.finish<ServerEndpoint>(std::move(endpoint));
}

Parsed systemd(EndpointArguments arguments) {
  SystemdServerEndpoint endpoint;
  endpoint.index = arguments.number("index", 0, 1'000'000);
  endpoint.name = arguments.word("name");
  if (arguments.given("index") == arguments.given("name")) {
    arguments.fail("exactly one of index and name says which socket; write systemd:name=NAME");
  }
  return arguments.finish<ServerEndpoint>(std::move(endpoint));
}

Parsed tls(EndpointArguments arguments) {
  TlsServerEndpoint endpoint;
  endpoint.tcp = read_tcp(arguments);
  endpoint.certificate = arguments.word("cert");
  endpoint.key = arguments.word("key");
  endpoint.folder = arguments.word("folder");
  endpoint.alpn = arguments.list("alpn");
  endpoint.client_authorities = arguments.word("clientca");
  endpoint.client_may_be_anonymous = arguments.yes_no("anonymous", false);
  if (!arguments.given("cert") && !arguments.given("folder")) {
    arguments.fail("cert is missing; write tls:PORT:cert=FILE, or folder= for a file each name");
  }
  return arguments.finish<ServerEndpoint>(std::move(endpoint));
}

// What is behind the first ':' is the other endpoint as it is, with nothing to be quoted.
Parsed haproxy(EndpointArguments arguments) {
  const std::string_view text = arguments.text();
  const std::size_t inside = arguments.begin() + arguments.kind().size() + 1;
  if (inside > text.size()) {
    return std::unexpected(detail::endpoint_error(text, text.size(), "an endpoint is missing; write haproxy:tcp:PORT"));
  }
  if (text.substr(inside).starts_with("haproxy:")) {
    return std::unexpected(detail::endpoint_error(text, inside, "one PROXY header is all there is; write haproxy: once"));
  }
  auto inner = parse_at(text, inside);
  if (!inner) return inner;
  return HaproxyServerEndpoint{.inner = std::make_shared<const ServerEndpoint>(*std::move(inner))};
}

constexpr detail::EndpointKind<ServerEndpoint> kKinds[] = {
    {"tcp", "tcp:PORT", tcp},
    {"tcp6", "tcp6:PORT", tcp6},
    {"unix", "unix:PATH", unix_socket},
    {"tls", "tls:PORT:cert=FILE", tls},
    {"fd", "fd:NUMBER", detail::parse_fd<ServerEndpoint>},
    {"systemd", "systemd:name=NAME", systemd},
    {"haproxy", "haproxy:ENDPOINT", haproxy},
    {"stdio", "stdio:", detail::parse_stdio<ServerEndpoint>},
};

Parsed parse_at(std::string_view text, std::size_t begin) {
  return detail::parse_endpoint<ServerEndpoint>(text, begin, kKinds);
}

EndpointText tcp_text(const char* kind, const TcpServerEndpoint& tcp) {
  const TcpServerEndpoint usual;
  EndpointText text(fmt::format("{}:{}", kind, tcp.port));
  text.host("address", tcp.address)
      .number("backlog", tcp.backlog, usual.backlog)
      .yes_no("reuseport", tcp.reuse_port, usual.reuse_port)
      .tcp_options(tcp.options);
  return text;
}

}  // namespace

Parsed parse_server_endpoint(std::string_view text) { return parse_at(text, 0); }

std::string TcpServerEndpoint::str() const { return tcp_text("tcp", *this).str(); }

std::string UnixServerEndpoint::str() const {
  const UnixServerEndpoint usual;
  EndpointText text("unix:" + quote_argument(path));
  if (mode != usual.mode) text.option("mode", fmt::format("{:o}", mode));
  return std::move(text.number("backlog", backlog, usual.backlog).yes_no("lock", lock, usual.lock)).str();
}

std::string FdEndpoint::str() const { return fmt::format("fd:{}", descriptor); }

std::string SystemdServerEndpoint::str() const {
  EndpointText text("systemd");
  if (index) text.option("index", std::to_string(*index));
  return std::move(text.word("name", name)).str();
}

std::string TlsServerEndpoint::str() const {
  return std::move(tcp_text("tls", tcp)
                       .word("cert", certificate)
                       .word("key", key)
                       .word("folder", folder)
                       .list("alpn", alpn)
                       .word("clientca", client_authorities)
                       .yes_no("anonymous", client_may_be_anonymous, false))
      .str();
}

std::string StdioEndpoint::str() const { return "stdio:"; }

std::string HaproxyServerEndpoint::str() const { return "haproxy:" + inner->str(); }
bool HaproxyServerEndpoint::operator==(const HaproxyServerEndpoint& other) const { return *inner == *other.inner; }

std::string ServerEndpoint::str() const {
  return std::visit([](const auto& endpoint) { return endpoint.str(); }, *this);
}

}  // namespace torc
