// Endpoints: where to listen or to connect, as a struct or as the string a configuration file or a command line holds.
//
//   tcp:8080                                     listen on every address, IPv6 and IPv4
//   tcp:8080:address=127.0.0.1:backlog=100       address=, interface= (the same), backlog=, reuseport=yes|no
//   tcp:example.org:80:timeout=5                 connect; timeout= in seconds, bind=, bindAddress= (the same)
//   tcp:[2001:db8::1]:80
//
// listen() and connect() take either form; the two are equal: parsing what str() prints gives the same value. Nothing is
// looked up or opened here. Values belong to whoever holds them, on any thread.
//
// Grammar: fields are separated by ':'. The first is the kind. A field `key=value` is an option, any other one takes the
// next place the kind has (`tcp:host=example.org:port=80` names the places instead). A backslash takes the next character
// as it is. A field or value that begins with '[' runs to the ']' whatever it holds, for IPv6 addresses.
// Numbers are decimal without sign or leading zero; hosts are as in base/host_name.hpp.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <variant>

namespace torc {

// "tcp:PORT". Designated initialisers: TcpServerEndpoint{.port = 8080, .address = "::1"}.
struct TcpServerEndpoint {
  std::uint16_t port = 0;  // 0: one that the system picks
  std::string address = {};  // an IP address of this machine, without brackets; empty: all of them, dual-stack
  int backlog = 1024;  // connections waiting to be accepted; the system's somaxconn caps it
  bool reuse_port = false;  // several listeners on one port (SO_REUSEPORT): the kernel spreads connections over them

  std::string str() const;
  bool operator==(const TcpServerEndpoint&) const = default;
};

// "tcp:HOST:PORT".
struct TcpClientEndpoint {
  std::string host = {};  // a name or an IP address, without brackets
  std::uint16_t port = 0;
  std::chrono::milliseconds timeout = std::chrono::seconds{30};  // for name lookup and all attempts together
  std::string bind = {};  // local IP address; empty: the system picks

  std::string str() const;
  bool operator==(const TcpClientEndpoint&) const = default;
};

// Any place to listen at: one of the structs above, by std::visit or std::get_if. A new kind is one more alternative.
struct ServerEndpoint : std::variant<TcpServerEndpoint> {
  using variant::variant;
  std::string str() const;
};

// Any place to connect to.
struct ClientEndpoint : std::variant<TcpClientEndpoint> {
  using variant::variant;
  std::string str() const;
};

// Why a string is no endpoint. Where several things are wrong it is about the leftmost.
struct EndpointError {
  // One line with the string, the fault and what would be right:
  // endpoint "tcp:80x": port must be a number from 0 to 65535 (at character 5)
  std::string message;
  // Offset of the fault in the string, in bytes from 0 (the message counts from 1); its length when something is missing.
  std::size_t position = 0;

  bool operator==(const EndpointError&) const = default;
};

std::expected<ServerEndpoint, EndpointError> parse_server_endpoint(std::string_view text);
std::expected<ClientEndpoint, EndpointError> parse_client_endpoint(std::string_view text);

// `text` with backslashes so that it stands for itself as one field or value of an endpoint string.
std::string quote_argument(std::string_view text);

}  // namespace torc
