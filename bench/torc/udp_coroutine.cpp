// UDP echo on torc in a coroutine.
#include <torc/net/datagram_socket.hpp>
#include <torc/torc.hpp>

#include "../program.hpp"

namespace {

torc::Deferred<void> serve(std::uint16_t port) {
  auto socket = torc::open_datagrams(torc::SocketAddress{torc::IpAddress::loopback_v4(), port});
  bench::announce(socket.address().port());
  for (;;) {
    auto datagram = co_await socket.receive();
    co_await socket.send(datagram.data, datagram.from);
  }
}

}  // namespace

int main(int argc, char** argv) {
  bench::Arguments arguments{argc, argv, {"port"}};
  return torc::run([&] { return serve(arguments.port()); });
}
