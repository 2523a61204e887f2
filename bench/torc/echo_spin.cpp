// Echo on torc with callbacks, on a reactor that looks for work `--spin` microseconds before it sleeps.
#include <torc/torc.hpp>

#include <chrono>
#include <optional>

#include "../program.hpp"

namespace {

class Echo : public torc::Protocol {
  void data_received(std::string_view data) override { transport().write(data); }
};

}  // namespace

int main(int argc, char** argv) {
  bench::Arguments arguments{argc, argv, {"port", "spin"}};
  torc::Reactor reactor({.spin = std::chrono::microseconds(arguments.number("spin", 0))});
  std::optional<torc::Port> listening;
  reactor.call_when_running([&] {
    const torc::SocketAddress where{torc::IpAddress::loopback_v4(), arguments.port()};
    listening = torc::Port::serve(torc::ListeningSocket::tcp(where, {.backlog = SOMAXCONN}), torc::factory<Echo>());
    bench::announce(listening->address().port());
  });
  reactor.run();
}
