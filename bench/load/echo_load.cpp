// Ping-pong of `--size` bytes over `--connections` to each server; load.hpp tells what is printed.
#include "load.hpp"

int main(int argc, char** argv) {
  bench::Arguments arguments{argc, argv, {"servers", "size", "connections", "slices", "turns", "time-limit"}};
  alarm(static_cast<unsigned>(arguments.number("time-limit", 60)));
  const auto targets = bench::connect_all(arguments.text("servers", ""), arguments.number("connections", 1));
  const bench::EchoedMessage message(static_cast<std::size_t>(arguments.number("size", 1024)));
  auto send = [&](int fd) { message.send(fd); };
  auto receive = [&](int fd) { message.receive(fd); };
  bench::measure(
      targets, arguments.number("slices", 20), arguments.number("turns", 1000), 1,
      [&](const bench::Target& target, long turns) { bench::exchange(target.connections, turns, send, receive); });
}
