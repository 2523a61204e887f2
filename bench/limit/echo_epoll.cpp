// The limit of an echo server: one read and one write for each message.
#include "epoll_server.hpp"

#include <pthread.h>

namespace {

// A process with a second thread: each system call takes a reference to the file it works on, and may be a point where
// the thread is cancelled. This one sleeps for ever.
void* sleeps(void*) {
  for (;;) pause();
}

struct Echo {
  void opened(int) {}
  void received(int fd, const char* data, std::size_t size) { bench::send_all(fd, data, size); }
};

}  // namespace

int main(int argc, char** argv) {
  bench::Arguments arguments{argc, argv, {"port", "sleeping-threads"}};
  for (long i = arguments.number("sleeping-threads", 0); i > 0; --i) {
    pthread_t thread;
    if ((errno = pthread_create(&thread, nullptr, sleeps, nullptr)) != 0) bench::fail("pthread_create");
  }
  bench::serve(arguments.port(), Echo{});
}
