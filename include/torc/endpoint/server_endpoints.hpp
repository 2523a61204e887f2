// Where to listen: a struct for each kind of server endpoint, for code; the strings they equal are in endpoint.hpp.
// Designated initialisers: TcpServerEndpoint{.port = 8080, .address = "::1"}. Nothing is checked or opened here.
#pragma once

#include <torc/net/tcp_options.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace torc {

// "tcp:PORT".
struct TcpServerEndpoint {
  std::uint16_t port = 0;  // 0: one that the system picks
  std::string address = {};  // an IP address of this machine, without brackets; empty: all of them, dual-stack
  int backlog = 1024;  // connections waiting to be accepted; the system's somaxconn caps it
  bool reuse_port = false;  // several listeners on one port (SO_REUSEPORT): the kernel spreads connections over them
  TcpOptions options = {};  // of the connections

  std::string str() const;
  bool operator==(const TcpServerEndpoint&) const = default;
};

// "unix:PATH", "unix:@NAME" in the abstract name space.
struct UnixServerEndpoint {
  std::string path = {};
  unsigned mode = 0666;  // who may connect
  int backlog = 1024;
  bool lock = true;  // UnixListenOptions::lock

  std::string str() const;
  bool operator==(const UnixServerEndpoint&) const = default;
};

// "fd:NUMBER": a descriptor that is open already. To listen it must be a socket that listens; to connect, a socket that
// is connected, a pipe or a terminal. It is taken: it can be had once.
struct FdEndpoint {
  int descriptor = 0;

  std::string str() const;
  bool operator==(const FdEndpoint&) const = default;
};

// "systemd:name=NAME", "systemd:index=NUMBER": a listening socket that the service manager opened (sd_listen_fds(3)), or
// the process that this one replaces (torc/endpoint/successor.hpp). One of the two.
struct SystemdServerEndpoint {
  std::optional<int> index = std::nullopt;  // from 0
  std::string name = {};  // FileDescriptorName= of the socket unit

  std::string str() const;
  bool operator==(const SystemdServerEndpoint&) const = default;
};

// "tls:PORT:cert=FILE". Files are PEM.
struct TlsServerEndpoint {
  TcpServerEndpoint tcp = {};
  std::string certificate = {};  // with the chain behind it
  std::string key = {};  // empty: in the same file
  std::string folder = {};  // NAME.pem for each name that clients ask for
  std::vector<std::string> alpn = {};
  std::string client_authorities = {};  // file or folder of who vouches for clients; empty: clients show no certificate
  bool client_may_be_anonymous = false;

  std::string str() const;
  bool operator==(const TlsServerEndpoint&) const = default;
};

// "stdio:": standard input and output are one connection, and there is no other.
struct StdioEndpoint {
  std::string str() const;
  bool operator==(const StdioEndpoint&) const = default;
};

struct ServerEndpoint;

// "haproxy:ENDPOINT": each connection begins with a PROXY header, version 1 or 2, that says who the client is.
// Only a proxy may reach such a port: whoever does says who they are.
struct HaproxyServerEndpoint {
  std::shared_ptr<const ServerEndpoint> inner = nullptr;  // not null, and not another of these

  std::string str() const;
  bool operator==(const HaproxyServerEndpoint& other) const;
};

// Any place to listen at: one of the structs above, by std::visit or std::get_if. A new kind is one more alternative.
struct ServerEndpoint : std::variant<TcpServerEndpoint, UnixServerEndpoint, FdEndpoint, SystemdServerEndpoint,
                                     TlsServerEndpoint, StdioEndpoint, HaproxyServerEndpoint> {
  using variant::variant;
  std::string str() const;
};

}  // namespace torc
