// Where to connect: a struct for each kind of client endpoint, for code; the strings they equal are in endpoint.hpp.
// FdEndpoint and StdioEndpoint stand in server_endpoints.hpp. Nothing is checked or opened here.
#pragma once

#include <torc/endpoint/server_endpoints.hpp>
#include <torc/net/tcp_options.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace torc {

// "tcp:HOST:PORT".
struct TcpClientEndpoint {
  std::string host = {};  // a name or an IP address, without brackets
  std::uint16_t port = 0;
  std::chrono::milliseconds timeout = std::chrono::seconds{30};  // for name lookup and all attempts together
  std::string bind = {};  // local IP address; empty: the system picks
  std::chrono::milliseconds attempt_delay = std::chrono::milliseconds{250};  // TcpConnectOptions::attempt_delay
  TcpOptions options = {};

  std::string str() const;
  bool operator==(const TcpClientEndpoint&) const = default;
};

// "unix:PATH", "unix:@NAME" in the abstract name space.
struct UnixClientEndpoint {
  std::string path = {};
  std::chrono::milliseconds timeout = std::chrono::seconds{30};  // for a server whose queue is full

  std::string str() const;
  bool operator==(const UnixClientEndpoint&) const = default;
};

struct ClientEndpoint;

// "tls:HOST:PORT". The certificate is verified, for the name `tcp.host`, always.
struct TlsClientEndpoint {
  TcpClientEndpoint tcp = {};  // its timeout holds for the handshake too
  std::string certificate = {};  // our own, PEM, with the chain behind it
  std::string key = {};  // empty: in the same file
  std::string trust = {};  // file or folder of certificates to trust; empty: the system's
  std::vector<std::string> alpn = {};
  std::shared_ptr<const ClientEndpoint> over = nullptr;  // what it runs over instead of TCP to that host and port

  std::string str() const;
  bool operator==(const TlsClientEndpoint& other) const;
};

// "process:PROGRAM:ARGUMENT:...": a program's standard input and output.
struct ProcessClientEndpoint {
  std::vector<std::string> command = {};
  std::string directory = {};  // where it runs; empty: where we are
  bool errors = true;  // its standard error goes where ours does; false: nowhere

  std::string str() const;
  bool operator==(const ProcessClientEndpoint&) const = default;
};

// Any place to connect to.
struct ClientEndpoint : std::variant<TcpClientEndpoint, UnixClientEndpoint, TlsClientEndpoint, FdEndpoint, StdioEndpoint,
                                     ProcessClientEndpoint> {
  using variant::variant;
  std::string str() const;
};

}  // namespace torc
