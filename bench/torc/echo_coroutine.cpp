// Echo on torc with a coroutine for each connection.
#include <torc/torc.hpp>

#include "../program.hpp"

namespace {

torc::Deferred<void> echo(torc::Stream stream) {
  while (auto chunk = co_await stream.read_some()) co_await stream.write(*chunk);
}

torc::Deferred<void> serve(std::uint16_t port) {
  torc::TcpServerEndpoint where{.port = port, .address = "127.0.0.1", .backlog = SOMAXCONN};
  auto listening = co_await torc::listen(where, echo);
  bench::announce(listening.address().port());
  co_await torc::until_cancelled();
}

}  // namespace

int main(int argc, char** argv) {
  bench::Arguments arguments{argc, argv, {"port"}};
  return torc::run([&] { return serve(arguments.port()); });
}
