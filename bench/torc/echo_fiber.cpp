// Echo on torc with a fiber for each connection.
#include <torc/torc.hpp>

#include "../program.hpp"

namespace {

void echo(torc::Stream stream) {
  while (auto chunk = torc::await(stream.read_some())) torc::await(stream.write(*chunk));
}

torc::Deferred<void> serve(std::uint16_t port) {
  torc::TcpServerEndpoint where{.port = port, .address = "127.0.0.1", .backlog = SOMAXCONN};
  auto listening = co_await torc::listen(where, torc::in_fiber(echo));
  bench::announce(listening.address().port());
  co_await torc::until_cancelled();
}

}  // namespace

int main(int argc, char** argv) {
  bench::Arguments arguments{argc, argv, {"port"}};
  return torc::run([&] { return serve(arguments.port()); });
}
