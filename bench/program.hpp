// What every program here needs at its edges: options, a listening socket, and loud failure.
//
// Servers print `PORT n` once they accept and then run until SIGTERM, whose default action ends them; load programs end
// by themselves and never outlive `--time-limit` seconds.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <map>
#include <string_view>
#include <utility>

namespace bench {

[[noreturn]] inline void fail(const char* what) {
  std::fprintf(stderr, "%s: %s\n", what, errno != 0 ? std::strerror(errno) : "unexpected");
  std::exit(1);
}

/// Passes on the result of a system call; a negative one ends the program.
inline int check(int result, const char* what) {
  if (result < 0) fail(what);
  return result;
}

/// Options of the form `--name value`. A name that is not in `known` ends the program with status 2.
class Arguments {
 public:
  Arguments(int argc, char** argv, std::initializer_list<std::string_view> known) {
    for (int i = 1; i < argc; i += 2) {
      std::string_view name = argv[i];
      bool ok = name.starts_with("--") && i + 1 < argc && std::ranges::find(known, name.substr(2)) != known.end();
      if (!ok) {
        std::fprintf(stderr, "%s: cannot use %s; options:", argv[0], argv[i]);
        for (auto k : known) std::fprintf(stderr, " --%.*s VALUE", static_cast<int>(k.size()), k.data());
        std::fputc('\n', stderr);
        std::exit(2);
      }
      values_[name.substr(2)] = argv[i + 1];
    }
  }

  std::string_view text(std::string_view name, std::string_view otherwise) const {
    auto it = values_.find(name);
    return it == values_.end() ? otherwise : it->second;
  }
  long number(std::string_view name, long otherwise) const {
    auto it = values_.find(name);
    return it == values_.end() ? otherwise : std::strtol(it->second.data(), nullptr, 10);
  }
  std::uint16_t port() const { return static_cast<std::uint16_t>(number("port", 0)); }

 private:
  std::map<std::string_view, std::string_view> values_;
};

inline sockaddr_in loopback(std::uint16_t port, std::uint32_t host = INADDR_LOOPBACK) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(host);
  address.sin_port = htons(port);
  return address;
}

/// A listening socket of the loopback, and its port.
inline std::pair<int, std::uint16_t> listen_on(std::uint16_t port, int flags = 0) {
  int listener = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0), "socket");
  int on = 1;
  check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "SO_REUSEADDR");
  sockaddr_in address = loopback(port);
  socklen_t length = sizeof address;
  check(bind(listener, reinterpret_cast<sockaddr*>(&address), length), "bind");
  check(listen(listener, SOMAXCONN), "listen");
  check(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length), "getsockname");
  return {listener, ntohs(address.sin_port)};
}

inline void set_nodelay(int fd) {
  int on = 1;
  check(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
}

/// Tells whoever started this server where it listens.
inline void announce(std::uint16_t port) {
  std::printf("PORT %u\n", port);
  std::fflush(stdout);
}

}  // namespace bench
