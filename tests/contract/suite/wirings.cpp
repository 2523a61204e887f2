// How the connections of the cases come about.

#include "net/fd_transport.hpp"
#include "suite/suite.hpp"

#include <torc/net/connect.hpp>
#include <torc/testing/memory_stream.hpp>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

namespace contract {

namespace {

Stream stream_on(StreamFd fd) { return FdTransport::stream(Reactor::required("a case"), std::move(fd)); }

void must(bool done, const char* what) {
  if (!done) throw SystemError(what, errno);
}

void make_small(int socket) {
  const int size = 4096;
  ::setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  ::setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

StreamFd nonblocking(UniqueFd socket) {
  ::fcntl(socket.get(), F_SETFL, O_NONBLOCK);
  return StreamFd(std::move(socket));
}

class Tcp : public Wiring {
 public:
  explicit Tcp(IpAddress address) : address_(address) {}
  const char* name() const noexcept override { return address_.is_v6() ? "tcp6" : "tcp"; }
  Ability ability() const noexcept override {
    return {.listens = true, .tells_resets = true, .half_closes = true, .has_addresses = true};
  }
  ListeningSocket listen() override { return ListeningSocket::tcp(SocketAddress(address_, 0)); }
  Deferred<Ends> connected() override {
    auto listening = listen();
    UniqueFd here(::socket(address_.is_v6() ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    must(static_cast<bool>(here), "making a socket");
    if (small_buffers) {
      make_small(here.get());
      make_small(listening.fd());  // and what it accepts
    }
    sockaddr_storage where;
    const auto size = listening.address().to_sockaddr(&where);
    must(::connect(here.get(), reinterpret_cast<sockaddr*>(&where), size) == 0, "connecting");
    UniqueFd there(::accept(listening.fd(), nullptr, nullptr));
    must(static_cast<bool>(there), "accepting");
    co_return Ends{stream_on(nonblocking(std::move(here))), stream_on(nonblocking(std::move(there)))};
  }

 private:
  IpAddress address_;
};

class Unix : public Wiring {
  const char* name() const noexcept override { return "unix"; }
  Ability ability() const noexcept override { return {.tells_resets = false, .half_closes = true}; }
  Deferred<Ends> connected() override {
    int ends[2];
    must(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0, "making a socket pair");
    UniqueFd here(ends[0]), there(ends[1]);
    co_return Ends{stream_on(StreamFd(std::move(here))), stream_on(StreamFd(std::move(there)))};
  }
};

class Pipes : public Wiring {
  const char* name() const noexcept override { return "pipe"; }
  Ability ability() const noexcept override { return {.half_closes = true}; }
  Deferred<Ends> connected() override {
    int up[2], down[2];
    must(::pipe2(up, O_NONBLOCK | O_CLOEXEC) == 0 && ::pipe2(down, O_NONBLOCK | O_CLOEXEC) == 0, "making pipes");
    StreamFd here{UniqueFd(down[0]), UniqueFd(up[1])};
    StreamFd there{UniqueFd(up[0]), UniqueFd(down[1])};
    co_return Ends{stream_on(std::move(here)), stream_on(std::move(there))};
  }
};

// Wrapped system calls do not reach it: the mode is among its options.
class Memory : public Wiring {
  const char* name() const noexcept override { return "memory"; }
  Ability ability() const noexcept override { return {.tells_resets = true, .half_closes = true, .has_addresses = true}; }
  Deferred<Ends> connected() override {
    const Faults faults = Faults::current();
    testing::MemoryOptions options{.fault = Faults::next,
                                   .first_address = {IpAddress::loopback_v4(), 1},
                                   .second_address = {IpAddress::loopback_v4(), 2}};
    if (small_buffers) options.capacity = 4096;
    if (faults.most_read > 0) options.most_read = faults.most_read;
    if (faults.most_written > 0) options.most_written = faults.most_written;
    auto [here, there] = testing::connected_pair(std::move(options));
    co_return Ends{std::move(here), std::move(there)};
  }
};

}  // namespace

Deferred<Stream> Wiring::connect(const SocketAddress& where) { return connect_tcp(where); }

std::vector<std::unique_ptr<Wiring>> wirings() {
  std::vector<std::unique_ptr<Wiring>> all;
  all.push_back(std::make_unique<Tcp>(IpAddress::loopback_v4()));
  all.push_back(std::make_unique<Tcp>(IpAddress::loopback_v6()));
  all.push_back(std::make_unique<Unix>());
  all.push_back(std::make_unique<Pipes>());
  all.push_back(over_tls(std::make_unique<Tcp>(IpAddress::loopback_v4())));
  all.push_back(over_tls(std::make_unique<Unix>()));
  all.push_back(over_tls(std::make_unique<Pipes>()));
  all.push_back(std::make_unique<Memory>());
  return all;
}

}  // namespace contract
