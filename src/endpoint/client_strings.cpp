// Client endpoints from strings, and back. A new kind is a struct in client_endpoints.hpp, and here a parser, a line in the
// table, and its str().
#include "endpoint/endpoint_kinds.hpp"
#include "endpoint/endpoint_text.hpp"

namespace torc {
namespace {

using detail::EndpointArguments;
using detail::EndpointText;
using Parsed = detail::Parsed<ClientEndpoint>;

TcpClientEndpoint read_tcp(EndpointArguments& arguments) {
  TcpClientEndpoint endpoint;
  endpoint.host = arguments.host();
  endpoint.port = arguments.port(1);
  endpoint.timeout = arguments.seconds("timeout", endpoint.timeout);
  endpoint.bind = arguments.ip_address("bind", "bindAddress");
  endpoint.attempt_delay = arguments.seconds("delay", endpoint.attempt_delay);
  endpoint.options = arguments.tcp_options();
  return endpoint;
}

Parsed tcp(EndpointArguments arguments) {
  auto endpoint = read_tcp(arguments);
  return arguments.finish<ClientEndpoint>(std::move(endpoint));
}

Parsed unix_socket(EndpointArguments arguments) {
  UnixClientEndpoint endpoint;
  endpoint.path = arguments.unix_name();
  endpoint.timeout = arguments.seconds("timeout", endpoint.timeout);
  return arguments.finish<ClientEndpoint>(std::move(endpoint));
}

Parsed tls(EndpointArguments arguments) {
  TlsClientEndpoint endpoint;
  endpoint.tcp = read_tcp(arguments);
  endpoint.certificate = arguments.word("cert");
  endpoint.key = arguments.word("key");
  endpoint.trust = arguments.word("trust");
  endpoint.alpn = arguments.list("alpn");
  if (auto over = arguments.endpoint("endpoint", parse_client_endpoint)) {
    endpoint.over = std::make_shared<const ClientEndpoint>(*std::move(over));
  }
  return arguments.finish<ClientEndpoint>(std::move(endpoint));
}

Parsed process(EndpointArguments arguments) {
  ProcessClientEndpoint endpoint;
  endpoint.command = arguments.words("program");
  endpoint.directory = arguments.word("directory");
  endpoint.errors = arguments.yes_no("errors", endpoint.errors);
  return arguments.finish<ClientEndpoint>(std::move(endpoint));
}

constexpr detail::EndpointKind<ClientEndpoint> kKinds[] = {
    {"tcp", "tcp:HOST:PORT", tcp},
    {"unix", "unix:PATH", unix_socket},
    {"tls", "tls:HOST:PORT", tls},
    {"fd", "fd:NUMBER", detail::parse_fd<ClientEndpoint>},
    {"process", "process:PROGRAM:ARGUMENT", process},
    {"stdio", "stdio:", detail::parse_stdio<ClientEndpoint>},
};

EndpointText tcp_text(const char* kind, const TcpClientEndpoint& tcp) {
  const TcpClientEndpoint usual;
  EndpointText text(fmt::format("{}:{}:{}", kind, detail::host_text(tcp.host), tcp.port));
  text.seconds("timeout", tcp.timeout, usual.timeout)
      .host("bind", tcp.bind)
      .seconds("delay", tcp.attempt_delay, usual.attempt_delay)
      .tcp_options(tcp.options);
  return text;
}

}  // namespace

Parsed parse_client_endpoint(std::string_view text) { return detail::parse_endpoint<ClientEndpoint>(text, 0, kKinds); }

std::string TcpClientEndpoint::str() const { return tcp_text("tcp", *this).str(); }

std::string UnixClientEndpoint::str() const {
  EndpointText text("unix:" + quote_argument(path));
  return std::move(text.seconds("timeout", timeout, UnixClientEndpoint().timeout)).str();
}

std::string TlsClientEndpoint::str() const {
  return std::move(tcp_text("tls", tcp)
                       .word("cert", certificate)
                       .word("key", key)
                       .word("trust", trust)
                       .list("alpn", alpn)
                       .word("endpoint", over ? over->str() : std::string()))
      .str();
}

bool TlsClientEndpoint::operator==(const TlsClientEndpoint& other) const {
  const bool same_over = over && other.over ? *over == *other.over : over == other.over;
  return same_over && tcp == other.tcp && certificate == other.certificate && key == other.key &&
         trust == other.trust && alpn == other.alpn;
}

std::string ProcessClientEndpoint::str() const {
  std::string words = "process";
  for (const auto& word : command) words += ':' + quote_argument(word);
  return std::move(EndpointText(words).word("directory", directory).yes_no("errors", errors, true)).str();
}

std::string ClientEndpoint::str() const {
  return std::visit([](const auto& endpoint) { return endpoint.str(); }, *this);
}

}  // namespace torc
