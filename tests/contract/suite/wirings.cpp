// How the connections of the cases come about.

#include "net/fd_transport.hpp"
#include "suite/suite.hpp"

#include <torc/net/connect.hpp>
#include <torc/testing/memory_stream.hpp>

#include <asm/ioctls.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
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

void send_at_once(int socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
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
  bool every_mode() const noexcept override { return address_.is_v4(); }
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
    send_at_once(here.get());
    send_at_once(there.get());
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

struct Pipe {
  Pipe() {
    int ends[2];
    must(::pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0, "making a pipe");
    out = UniqueFd(ends[0]);
    in = UniqueFd(ends[1]);
  }
  UniqueFd out, in;
};

class Pipes : public Wiring {
  const char* name() const noexcept override { return "pipe"; }
  Ability ability() const noexcept override { return {.half_closes = true}; }
  Deferred<Ends> connected() override {
    Pipe up, down;
    Stream here = stream_on({std::move(down.out), std::move(up.in)});
    co_return Ends{std::move(here), stream_on({std::move(up.out), std::move(down.in)})};
  }
};

// A terminal as a program has it, and who controls it. Raw: bytes pass as they are.
class Terminal : public Wiring {
  const char* name() const noexcept override { return "pty"; }
  Ability ability() const noexcept override { return {.ends_after_bytes = false}; }
  Deferred<Ends> connected() override {
    UniqueFd master(::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
    must(master && ::grantpt(master.get()) == 0 && ::unlockpt(master.get()) == 0, "opening a terminal");
    UniqueFd slave(::ioctl(master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
    termios modes;
    must(slave && ::tcgetattr(slave.get(), &modes) == 0, "opening a terminal");
    ::cfmakeraw(&modes);
    must(::tcsetattr(slave.get(), TCSANOW, &modes) == 0, "setting a terminal to raw");
    Stream here = stream_on({std::move(slave), UniqueFd(), true});
    co_return Ends{std::move(here), stream_on({std::move(master), UniqueFd(), true})};
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
  all.push_back(std::make_unique<Terminal>());
  all.push_back(over_tls(std::make_unique<Tcp>(IpAddress::loopback_v4()), false));
  all.push_back(over_tls(std::make_unique<Unix>(), true));
  all.push_back(over_tls(std::make_unique<Pipes>(), false));
  all.push_back(std::make_unique<Memory>());
  all.push_back(over_tls(std::make_unique<Memory>(), true));
  return all;
}

}  // namespace contract
