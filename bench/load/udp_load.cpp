// Datagrams of `--size` bytes from `--connections` connected sockets to each server, one outstanding at a time on each;
// load.hpp tells what is printed.
#include "load.hpp"

namespace {

int connected(std::uint16_t port) {
  int fd = bench::check(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
  sockaddr_in server = bench::loopback(port);
  bench::check(connect(fd, reinterpret_cast<sockaddr*>(&server), sizeof server), "connect");
  const timeval patience{.tv_sec = 5, .tv_usec = 0};  // a datagram that is lost ends the run, with a word
  bench::check(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), "SO_RCVTIMEO");
  return fd;
}

}  // namespace

int main(int argc, char** argv) {
  bench::Arguments arguments{argc, argv, {"servers", "size", "connections", "slices", "turns", "time-limit"}};
  alarm(static_cast<unsigned>(arguments.number("time-limit", 60)));
  const auto size = static_cast<std::size_t>(arguments.number("size", 512));
  std::vector<bench::Target> targets;
  for (auto item : std::views::split(arguments.text("servers", ""), ',')) {
    bench::Target target{};
    if (std::sscanf(std::string{item.begin(), item.end()}.c_str(), "%hu:%ld", &target.port, &target.pid) != 2) {
      bench::fail("--servers takes PORT:PID,PORT:PID...");
    }
    for (long i = 0; i < arguments.number("connections", 1); ++i) target.connections.push_back(connected(target.port));
    targets.push_back(std::move(target));
  }

  std::string message(size, '\0');
  for (std::size_t i = 0; i < size; ++i) message[i] = static_cast<char>(i * 7 + 1);
  std::string reply(size + 1, '\0');
  auto send = [&](int fd) { bench::send_fully(fd, message); };
  auto receive = [&](int fd) {
    errno = 0;
    const ssize_t got = recv(fd, reply.data(), reply.size(), 0);
    if (got != static_cast<ssize_t>(size)) bench::fail("recv");
    if (std::string_view(reply.data(), size) != message) bench::fail("the echo differs");
  };
  bench::measure(
      targets, arguments.number("slices", 20), arguments.number("turns", 1000), 1,
      [&](const bench::Target& target, long turns) { bench::exchange(target.connections, turns, send, receive); });
}
