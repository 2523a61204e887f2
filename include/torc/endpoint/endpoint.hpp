// Endpoints: where to listen or to connect, as a struct or as the string a configuration file or a command line holds.
//
//   tcp:8080                                     listen on every address, IPv6 and IPv4
//   tcp:8080:address=127.0.0.1:backlog=100       address=, interface= (the same), backlog=, reuseport=yes|no
//   tcp:example.org:80:timeout=5                 connect; timeout= in seconds, bind=, bindAddress= (the same), delay=
//   tcp:[2001:db8::1]:80                         both: nodelay=yes|no, keepalive=, usertimeout= in seconds, fastopen=yes|no
//   tcp6:8080                                    tcp:8080:address=[::]
//   unix:/run/web.sock:mode=660                  listen; mode=, backlog=, lock=yes|no (lockfile= is the same)
//   unix:/run/web.sock, unix:@name               connect; timeout=. A name after '@' is abstract
//   tls:443:cert=/etc/web.pem                    listen; tcp's options, and cert=, key=, folder=, alpn=, clientca=, anonymous=
//   tls:example.org:443                          connect; tcp's options, and cert=, key=, trust=, alpn=, endpoint=
//   fd:3                                         a descriptor that is open already
//   systemd:name=web, systemd:index=0            a listening socket from the service manager
//   haproxy:tcp:8080                             any of these to listen at, behind a proxy that says who the client is
//   process:/usr/bin/prog:argument               connect to a program; directory=, errors=yes|no
//   stdio:                                       our own standard input and output
//
// listen() and connect() take either form; the two are equal: parsing what str() prints gives the same value. Nothing is
// looked up or opened here. Values belong to whoever holds them, on any thread.
//
// Grammar: fields are separated by ':'. The first is the kind. A field `key=value` is an option, any other one takes the
// next place the kind has (`tcp:host=example.org:port=80` names the places instead). A backslash takes the next character
// as it is. A field or value that begins with '[' runs to the ']' whatever it holds, for IPv6 addresses.
// Numbers are decimal without sign or leading zero; hosts are as in base/host_name.hpp.
#pragma once

#include <torc/endpoint/client_endpoints.hpp>
#include <torc/endpoint/server_endpoints.hpp>

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

namespace torc {

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
