// A flood of connections that want nothing: bursts of `--connections`, each of which ends at once and waits for the
// server to end it too. load.hpp tells what is printed; a turn is a connection.
#include "load.hpp"

namespace {

void flood(std::uint16_t port, long count, long burst) {
  static std::size_t ordinal = 0;
  std::vector<int> open;
  for (; count > 0; count -= static_cast<long>(open.size())) {
    open.clear();
    while (static_cast<long>(open.size()) < std::min(burst, count)) {
      open.push_back(bench::connect_to(port, ordinal++));
      bench::check(shutdown(open.back(), SHUT_WR), "shutdown");
    }
    for (int fd : open) {
      char byte;
      errno = 0;
      if (recv(fd, &byte, 1, 0) != 0) bench::fail("the server did not just end the connection");
      close(fd);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  bench::Arguments arguments{argc, argv, {"servers", "connections", "slices", "turns", "time-limit"}};
  alarm(static_cast<unsigned>(arguments.number("time-limit", 60)));
  const long burst = arguments.number("connections", 40);
  const auto targets = bench::connect_all(arguments.text("servers", ""), 0);
  bench::measure(targets, arguments.number("slices", 20), arguments.number("turns", 1000), 1,
                 [&](const bench::Target& target, long turns) { flood(target.port, turns, burst); });
}
