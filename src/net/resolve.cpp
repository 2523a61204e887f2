#include <torc/net/connect.hpp>

#include <torc/base/host_name.hpp>
#include <torc/reactor/thread_pool.hpp>

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace torc {

namespace {

std::vector<SocketAddress> look_up(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (code != 0) {
    const char* reason = code == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(code);
    throw NameLookupError("cannot find the address of \"" + host + "\": " + reason);
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(found, ::freeaddrinfo);
  std::vector<SocketAddress> addresses;
  for (const addrinfo* each = found; each; each = each->ai_next) {
    if (auto address = SocketAddress::from_sockaddr(each->ai_addr, each->ai_addrlen)) {
      addresses.emplace_back(address->ip(), port);
    }
  }
  return addresses;
}

}  // namespace

Deferred<std::vector<SocketAddress>> resolve(std::string host, std::uint16_t port) {
  if (const auto literal = IpAddress::parse(host)) {
    return succeed(std::vector{SocketAddress(*literal, port)});
  }
  return Reactor::required("resolve").name_pool().defer([host = std::move(host), port] { return look_up(host, port); });
}

}  // namespace torc
