// Ping-pong of `--size` bytes over `--connections` to each server; load.hpp tells what is printed.
#include "load.hpp"

int main(int argc, char** argv) {
  bench::Arguments arguments{argc, argv, {"servers", "size", "connections", "slices", "turns", "time-limit"}};
  alarm(static_cast<unsigned>(arguments.number("time-limit", 60)));
  const auto size = static_cast<std::size_t>(arguments.number("size", 1024));
  auto targets = bench::connect_all(arguments.text("servers", ""), arguments.number("connections", 1));

  std::string message(size, '\0');
  for (std::size_t i = 0; i < size; ++i) message[i] = static_cast<char>(i * 7 + 1);
  std::string reply(size, '\0');
  auto send = [&](int fd) { bench::send_fully(fd, message); };
  auto receive = [&](int fd) {
    for (std::size_t have = 0; have < size;) {
      errno = 0;
      ssize_t n = recv(fd, reply.data() + have, size - have, 0);
      if (n <= 0) bench::fail("recv");
      have += static_cast<std::size_t>(n);
    }
    if (reply != message) bench::fail("the echo differs");
  };
  bench::measure(targets, arguments.number("slices", 20), arguments.number("turns", 1000), 1,
                 [&](const auto& connections, long turns) { bench::exchange(connections, turns, send, receive); });
}
