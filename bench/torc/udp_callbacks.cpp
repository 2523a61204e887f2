// UDP echo on torc with callbacks.
#include <torc/net/datagram.hpp>
#include <torc/torc.hpp>

#include "../program.hpp"

namespace {

class Echo : public torc::DatagramProtocol {
  void datagram_received(std::string_view data, const torc::SocketAddress& from) override {
    transport().send(data, from);
  }
};

torc::Deferred<void> serve(std::uint16_t port) {
  const torc::SocketAddress where{torc::IpAddress::loopback_v4(), port};
  auto listening = torc::listen_datagrams(where, std::make_unique<Echo>());
  bench::announce(listening.address().port());
  co_await torc::until_cancelled();
}

}  // namespace

int main(int argc, char** argv) {
  bench::Arguments arguments{argc, argv, {"port"}};
  return torc::run([&] { return serve(arguments.port()); });
}
