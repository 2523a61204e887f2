#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "net/echo.hpp"
#include "net/on_reactor.hpp"
#include "torc/async/coroutine.hpp"
#include "torc/endpoint/listen.hpp"
#include "torc/net/descriptor_stream.hpp"

namespace torc {
namespace {

Deferred<std::string> refusal(std::string where) {
  auto port = co_await as_outcome(listen(where, echo));
  co_return port ? "accepted" : port.error().message();
}

SocketAddress loopback() { return {IpAddress::loopback_v4(), 0}; }

TEST(Endpoints, ADescriptorIsTakenOnce) {
  on_reactor([]() -> Deferred<void> {
    auto socket = ListeningSocket::tcp(loopback());
    const auto address = socket.address();
    const int number = std::move(socket).release().release();
    const std::string where = "fd:" + std::to_string(number);
    auto port = co_await listen(where, echo);
    EXPECT_EQ(port.address(), address);
    co_await hears_itself(co_await connect(here(port)));
    EXPECT_EQ(co_await refusal(where), "cannot listen at " + where + ": descriptor " + std::to_string(number) +
                                           " is no socket: Socket operation on non-socket (nobody opened it, or it has "
                                           "been taken already)");
    ::close(number);

    int pair[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    EXPECT_EQ(co_await refusal("fd:" + std::to_string(pair[0])), "cannot listen at fd:" + std::to_string(pair[0]) +
                                                                     ": descriptor " + std::to_string(pair[0]) +
                                                                     " is a socket that does not listen");
    auto other = Port::serve_one(adopt_socket(UniqueFd(pair[1])), factory<EchoProtocol>());
    co_await hears_itself(co_await connect("fd:" + std::to_string(pair[0])));
    ::close(pair[0]);
  });
}

TEST(Endpoints, ADescriptorThatIsNoStreamIsRefused) {
  on_reactor([]() -> Deferred<void> {
    const int file = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    auto none = co_await as_outcome(connect("fd:" + std::to_string(file)));
    EXPECT_TRUE(none.error().message().ends_with(
        " is a file, which a loop cannot wait for: read and write it on a thread (defer_to_thread)"))
        << none.error().message();
    ::close(file);
    none = co_await as_outcome(connect("fd:1000000"));
    EXPECT_EQ(none.error().message(), "taking descriptor 1000000: Bad file descriptor");
  });
}

// The variables a service manager sets, and the descriptors from 3 on, as they were afterwards.
class GivenSockets {
 public:
  explicit GivenSockets(std::vector<ListeningSocket> sockets) {
    std::vector<UniqueFd> high;
    for (auto& each : sockets) {
      high.emplace_back(::fcntl(each.fd(), F_DUPFD_CLOEXEC, 20));
      each.close();
    }
    for (const auto& each : high) {
      const int number = 3 + static_cast<int>(kept_.size());
      kept_.emplace_back(::fcntl(number, F_DUPFD_CLOEXEC, 20));
      ::dup2(each.get(), number);
    }
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    ::setenv("LISTEN_FDS", std::to_string(sockets.size()).c_str(), 1);
  }
  ~GivenSockets() {
    for (int i = 0; i < static_cast<int>(kept_.size()); ++i) {
      const int before = kept_[static_cast<std::size_t>(i)].get();
      before >= 0 ? ::dup3(before, 3 + i, O_CLOEXEC) : ::close(3 + i);
    }
    for (const char* each : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(each);
  }

 private:
  std::vector<UniqueFd> kept_;
};

std::vector<ListeningSocket> three() {
  std::vector<ListeningSocket> sockets;
  for (int i = 0; i < 3; ++i) sockets.push_back(ListeningSocket::tcp(loopback()));
  return sockets;
}

TEST(Endpoints, SystemdSocketsByIndexAndName) {
  auto sockets = three();
  const SocketAddress addresses[] = {sockets[0].address(), sockets[1].address(), sockets[2].address()};
  const GivenSockets given(std::move(sockets));  // before the reactor opens anything
  ::setenv("LISTEN_FDNAMES", "web:admin:web", 1);
  on_reactor([&](this auto) -> Deferred<void> {
    EXPECT_EQ(co_await refusal("systemd:name=web"),
              "cannot listen at systemd:name=web: several sockets have this name (say which with index=)");
    EXPECT_EQ(co_await refusal("systemd:name=mail"),
              "cannot listen at systemd:name=mail: no socket has this name, of \"web:admin:web\"");
    EXPECT_EQ(co_await refusal("systemd:index=3"),
              "cannot listen at systemd:index=3: this process was given 3 sockets, counted from 0");
    auto admin = co_await listen("systemd:name=admin", echo);
    EXPECT_EQ(admin.address(), addresses[1]);
    co_await hears_itself(co_await connect(here(admin)));
    auto web = co_await listen("systemd:index=2", echo);
    EXPECT_EQ(web.address(), addresses[2]);
    EXPECT_NE(co_await refusal("systemd:index=2"), "accepted") << "it is taken";
    ::setenv("LISTEN_FDS", "x", 1);
    EXPECT_EQ(co_await refusal("systemd:index=0"), "cannot listen at systemd:index=0: LISTEN_FDS is no number: \"x\"");
    ::setenv("LISTEN_PID", "1", 1);
    EXPECT_EQ(co_await refusal("systemd:index=0"),
              "cannot listen at systemd:index=0: the sockets there are were given to another process (LISTEN_PID)");
    ::unsetenv("LISTEN_PID");
    EXPECT_EQ(co_await refusal("systemd:index=0"),
              "cannot listen at systemd:index=0: this process was given no sockets (start it by a socket unit)");
  });
}

}  // namespace
}  // namespace torc
