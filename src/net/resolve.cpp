#include <torc/net/resolver.hpp>

#include <torc/async/capability.hpp>
#include <torc/async/timing.hpp>
#include <torc/reactor/reactor.hpp>
#include <torc/reactor/thread_pool.hpp>

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace torc {

namespace {

std::vector<IpAddress> look_up(const std::string& host) {
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
  std::vector<IpAddress> addresses;
  for (const addrinfo* each = found; each; each = each->ai_next) {
    if (auto address = SocketAddress::from_sockaddr(each->ai_addr, each->ai_addrlen)) addresses.push_back(address->ip());
  }
  return addresses;
}

class SystemResolver final : public Resolver {
  Deferred<std::vector<IpAddress>> resolve(std::string host) override {
    return Reactor::required("resolve").name_pool().defer([host = std::move(host)] { return look_up(host); });
  }
};

// The one of a reactor.
struct Names {
  std::unique_ptr<Resolver> resolver = std::make_unique<SystemResolver>();
};

Resolver& current_resolver() {
  if (auto* offered = Scheduler::required("resolve").find<Resolver>()) return *offered;
  return *Reactor::required("resolve").service<Names>().resolver;
}

}  // namespace

void set_resolver(Reactor& reactor, std::unique_ptr<Resolver> resolver) {
  if (!resolver) resolver = std::make_unique<SystemResolver>();
  std::swap(reactor.service<Names>().resolver, resolver);
}

Deferred<std::vector<SocketAddress>> resolve(std::string host, std::uint16_t port, Duration limit) {
  if (const auto literal = IpAddress::parse(host)) {
    return succeed(std::vector{SocketAddress(*literal, port)});
  }
  std::string doing = "looking up \"" + host + "\"";
  auto found = current_resolver().resolve(host);
  return with_timeout(limit, std::move(found))
      .then([host = std::move(host), port](std::vector<IpAddress> ips) -> Outcome<std::vector<SocketAddress>> {
        if (ips.empty()) return Failure(NameLookupError("\"" + host + "\" has no address"));
        std::vector<SocketAddress> addresses;
        for (const auto& ip : ips) addresses.emplace_back(ip, port);
        return addresses;
      })
      .recover<TimeoutError>([doing = std::move(doing)](Failure failure) { return failure.note(doing); });
}

}  // namespace torc
