// Over TLS 1.3 to each server: ping-pong of `--size` bytes over one connection, or with `--size 0` one connection after
// another, each with a full handshake. load.hpp tells what is printed.
#include <map>

#include "tls.hpp"

namespace {

// Until the server has ended too: then it has done all there is to do.
void shake_hands(std::uint16_t port) {
  static std::size_t ordinal = 0;
  const int fd = bench::connect_to(port, ordinal++);
  SSL* ssl = bench::secure(fd);
  SSL_shutdown(ssl);
  shutdown(fd, SHUT_WR);
  char rest[256];
  while (recv(fd, rest, sizeof rest, 0) > 0) {
  }
  SSL_free(ssl);
  close(fd);
}

}  // namespace

int main(int argc, char** argv) {
  bench::Arguments arguments{argc, argv, {"servers", "size", "connections", "slices", "turns", "time-limit"}};
  alarm(static_cast<unsigned>(arguments.number("time-limit", 60)));
  const auto size = static_cast<std::size_t>(arguments.number("size", 1024));
  const auto targets = bench::connect_all(arguments.text("servers", ""), 1);

  std::map<int, SSL*> secured;
  for (const auto& target : targets) {
    const int fd = target.connections.front();
    if (size > 0) secured[fd] = bench::secure(fd);
  }

  std::string message(size, '\0');
  for (std::size_t i = 0; i < size; ++i) message[i] = static_cast<char>(i * 7 + 1);
  std::string reply(size, '\0');
  auto echo = [&](SSL* ssl) {
    if (SSL_write(ssl, message.data(), static_cast<int>(size)) != static_cast<int>(size)) bench::fail("write");
    for (std::size_t have = 0; have < size;) {
      const int count = SSL_read(ssl, reply.data() + have, static_cast<int>(size - have));
      if (count <= 0) bench::fail("read");
      have += static_cast<std::size_t>(count);
    }
    if (reply != message) bench::fail("the echo differs");
  };
  bench::measure(targets, arguments.number("slices", 20), arguments.number("turns", 1000), 1,
                 [&](const bench::Target& target, long turns) {
                   const int fd = target.connections.front();
                   for (long i = 0; i < turns; ++i) size > 0 ? echo(secured[fd]) : shake_hands(target.port);
                 });
}
