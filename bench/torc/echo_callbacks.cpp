// Echo on torc with callbacks.
#include <torc/torc.hpp>

#include "../program.hpp"

namespace {

class Echo : public torc::Protocol {
  void data_received(std::string_view data) override { transport().write(data); }
};

torc::Deferred<void> serve(std::uint16_t port) {
  torc::TcpServerEndpoint where{.port = port, .address = "127.0.0.1", .backlog = SOMAXCONN};
  auto listening = co_await torc::listen(where, torc::factory<Echo>());
  bench::announce(listening.address().port());
  co_await torc::until_cancelled();
}

}  // namespace

int main(int argc, char** argv) {
  bench::Arguments arguments{argc, argv, {"port"}};
  return torc::run([&] { return serve(arguments.port()); });
}
