// Echo over TLS on torc with callbacks.
#include <torc/tls/tls.hpp>
#include <torc/torc.hpp>

#include "../program.hpp"

namespace {

class Echo : public torc::Protocol {
  void data_received(std::string_view data) override { transport().write(data); }
};

torc::Deferred<void> serve(std::uint16_t port, std::string certificate) {
  const torc::SocketAddress where{torc::IpAddress::loopback_v4(), port};
  auto listening = torc::Port::serve(torc::ListeningSocket::tcp(where, {.backlog = SOMAXCONN}), torc::factory<Echo>(),
                                     {.layers = {torc::tls::server({.certificate = certificate})}});
  bench::announce(listening.address().port());
  co_await torc::until_cancelled();
}

}  // namespace

int main(int argc, char** argv) {
  bench::Arguments arguments{argc, argv, {"port", "certificate"}};
  return torc::run([&] { return serve(arguments.port(), std::string{arguments.text("certificate", "")}); });
}
