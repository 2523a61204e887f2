// The limit of an echo server: one read and one write for each message.
#include "epoll_server.hpp"

namespace {

struct Echo {
  void opened(int) {}
  void received(int fd, const char* data, std::size_t size) { bench::send_all(fd, data, size); }
};

}  // namespace

int main(int argc, char** argv) {
  bench::Arguments arguments{argc, argv, {"port"}};
  bench::serve(arguments.port(), Echo{});
}
