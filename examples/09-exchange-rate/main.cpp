// A rate that is refreshed in the background while ordinary threads, which block, serve it.
//
//   09-exchange-rate [PORT]        default 8080; 0 picks one.    curl localhost:8080
//
// The rate belongs to the reactor's thread: the LoopingCall writes it there, and the web thread asks there for it.
#include <torc/torc.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

using namespace std::chrono_literals;

class ExchangeRate {
 public:
  ExchangeRate() : refresh_([this] { return fetch(); }) {}
  void start() { refresh_.start(20ms); }
  double latest() const { return rate_; }

 private:
  torc::Deferred<void> fetch() {  // from a bank that takes its time
    co_await torc::sleep(5ms);
    rate_ += 0.01;
  }

  double rate_ = 1.0;
  torc::LoopingCall refresh_;
};

// A web server of the kind that blocks: accept, answer, close.
[[noreturn]] void serve(int port, torc::BackgroundReactor& background, const ExchangeRate& rate) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{.sin_family = AF_INET, .sin_port = htons(static_cast<in_port_t>(port)),
                      .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener, generic, size) != 0 || ::listen(listener, 16) != 0) throw torc::SystemError("listening", errno);
  ::getsockname(listener, generic, &size);
  std::printf("serving on 127.0.0.1:%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  for (;;) {
    const int client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    char request[1024];
    if (::read(client, request, sizeof request) > 0) {
      const double now = background.call_and_wait(1s, [&] { return rate.latest(); });
      const std::string body = "1 EUR = " + std::to_string(now) + " XYZ\n";
      ::dprintf(client, "HTTP/1.0 200 OK\r\nContent-Length: %zu\r\n\r\n%s", body.size(), body.c_str());
    }
    ::close(client);
  }
}

int main(int argc, char** argv) {
  torc::BackgroundReactor background;
  const auto rate = background.call([] {
    auto made = std::make_unique<ExchangeRate>();
    made->start();
    return made;
  });
  serve(argc > 1 ? std::atoi(argv[1]) : 8080, background, *rate.wait(5s));
}
