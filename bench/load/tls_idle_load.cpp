// Idle connections over TLS 1.3 on which a byte was echoed.
#include <fcntl.h>

#include <map>

#include "hold.hpp"
#include "tls.hpp"

int main(int argc, char** argv) {
  bench::Arguments arguments{argc, argv, {"port", "connections", "time-limit"}};
  std::map<int, SSL*> secured;
  bench::hold(
      arguments,
      [&](int fd) {  // begins, without waiting for the answer
        const int flags = bench::check(fcntl(fd, F_GETFL), "F_GETFL");
        bench::check(fcntl(fd, F_SETFL, flags | O_NONBLOCK), "F_SETFL");
        SSL* const ssl = secured[fd] = bench::tls_over(fd);
        const int done = SSL_connect(ssl);
        if (done != 1 && SSL_get_error(ssl, done) != SSL_ERROR_WANT_READ) bench::fail("handshake");
        bench::check(fcntl(fd, F_SETFL, flags), "F_SETFL");
      },
      [&](int fd) {
        if (SSL_connect(secured[fd]) != 1 || SSL_write(secured[fd], "x", 1) != 1) bench::fail("handshake");
      },
      [&](int fd) {
        char byte;
        if (SSL_read(secured[fd], &byte, 1) != 1) bench::fail("no echo");
        SSL_free(secured[fd]);  // says nothing to the server, whose connection stays
      });
}
