#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "endpoint/endpoint_arguments.hpp"
#include "torc/base/address.hpp"
#include "torc/endpoint/endpoint.hpp"

namespace torc {
namespace {

using detail::EndpointArguments;

template <typename Endpoint>
using Parsed = std::expected<Endpoint, EndpointError>;

Parsed<ServerEndpoint> tcp_server(EndpointArguments arguments) {
  TcpServerEndpoint endpoint;
  endpoint.port = arguments.port(0);
  endpoint.address = arguments.ip_address("address", "interface");
  endpoint.backlog = arguments.number("backlog", 1, std::numeric_limits<int>::max(), endpoint.backlog);
  endpoint.reuse_port = arguments.yes_no("reuseport", endpoint.reuse_port);
  return arguments.finish<ServerEndpoint>(std::move(endpoint));
}

Parsed<ClientEndpoint> tcp_client(EndpointArguments arguments) {
  TcpClientEndpoint endpoint;
  endpoint.host = arguments.host();
  endpoint.port = arguments.port(1);
  endpoint.timeout = arguments.seconds("timeout", endpoint.timeout);
  endpoint.bind = arguments.ip_address("bind", "bindAddress");
  return arguments.finish<ClientEndpoint>(std::move(endpoint));
}

template <typename Endpoint>
struct Kind {
  std::string_view name, shape;
  Parsed<Endpoint> (*parse)(EndpointArguments);
};

// A new kind is a struct in endpoint.hpp, a parser above, its str() below and a line here.
constexpr Kind<ServerEndpoint> kServerKinds[] = {{"tcp", "tcp:PORT", tcp_server}};
constexpr Kind<ClientEndpoint> kClientKinds[] = {{"tcp", "tcp:HOST:PORT", tcp_client}};
constexpr std::string_view kLaterKinds[] = {"tls", "unix", "fd", "systemd", "haproxy", "process", "stdio"};

template <typename Endpoint, std::size_t N>
Parsed<Endpoint> parse(std::string_view text, const Kind<Endpoint> (&kinds)[N]) {
  const std::string_view name = text.substr(0, text.find(':'));
  const auto* kind = std::ranges::find(kinds, name, &Kind<Endpoint>::name);
  if (kind != std::end(kinds)) return kind->parse(EndpointArguments{text, kind->shape});
  const bool later = std::ranges::find(kLaterKinds, name) != std::end(kLaterKinds);
  const std::string fault =
      later ? fmt::format("{} is not supported yet", name) : "it begins with no kind that there is";
  return std::unexpected(detail::endpoint_error(text, 0, fmt::format("{}; use {}", fault, kinds[0].shape)));
}

// An IP address or host as it stands in a string: IPv6 in brackets, which read better than backslashes.
std::string host_text(const std::string& host) {
  const auto address = IpAddress::parse(host);
  return address && address->is_v6() ? '[' + host + ']' : quote_argument(host);
}

std::string seconds_text(std::chrono::milliseconds time) {
  std::string text = fmt::format("{}.{:03}", time.count() / 1000, time.count() % 1000);
  text.resize(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

}  // namespace

std::expected<ServerEndpoint, EndpointError> parse_server_endpoint(std::string_view text) {
  return parse(text, kServerKinds);
}

std::expected<ClientEndpoint, EndpointError> parse_client_endpoint(std::string_view text) {
  return parse(text, kClientKinds);
}

// Options that have their default are left out: the shortest string that means the same.

std::string TcpServerEndpoint::str() const {
  const TcpServerEndpoint defaults;
  std::string out = fmt::format("tcp:{}", port);
  if (!address.empty()) out += ":address=" + host_text(address);
  if (backlog != defaults.backlog) out += fmt::format(":backlog={}", backlog);
  if (reuse_port) out += ":reuseport=yes";
  return out;
}

std::string TcpClientEndpoint::str() const {
  const TcpClientEndpoint defaults;
  std::string out = fmt::format("tcp:{}:{}", host_text(host), port);
  if (timeout != defaults.timeout) out += ":timeout=" + seconds_text(timeout);
  if (!bind.empty()) out += ":bind=" + host_text(bind);
  return out;
}

std::string ServerEndpoint::str() const {
  return std::visit([](const auto& endpoint) { return endpoint.str(); }, *this);
}

std::string ClientEndpoint::str() const {
  return std::visit([](const auto& endpoint) { return endpoint.str(); }, *this);
}

std::string quote_argument(std::string_view text) {
  std::string out;
  for (char c : text) {
    // '[' has a meaning only at the front, but a backslash is never wrong.
    if (c == '\\' || c == ':' || c == '=' || c == '[') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace torc
