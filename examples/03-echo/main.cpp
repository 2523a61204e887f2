// One echo server, written three times: with callbacks, as a coroutine, and as a fiber.
//
//   03-echo [PORT [PORT [PORT]]]      callbacks, coroutines, fibers; port 0 picks one
//
// Try: printf 'hello\n' | nc -N 127.0.0.1 8007
#include <torc/torc.hpp>

#include <cstdio>
#include <string>
#include <vector>

class Echo : public torc::Protocol {
  void data_received(std::string_view data) override { transport().write(data); }
};

torc::Deferred<void> echo(torc::Stream s) {
  while (auto chunk = co_await s.read_some()) co_await s.write(*chunk);
}

void echo_blocking(torc::Stream s) {  // looks blocking, is not
  while (auto chunk = torc::await(s.read_some())) torc::await(s.write(*chunk));
}

torc::Deferred<void> amain(std::vector<std::string> args) {
  const auto where = [&](std::size_t i, const char* port) {
    return "tcp:" + (i < args.size() ? args[i] : port) + ":address=127.0.0.1";
  };
  auto callbacks = co_await torc::listen(where(0, "8007"), torc::factory<Echo>());
  auto coroutines = co_await torc::listen(where(1, "8008"), echo);
  auto fibers = co_await torc::listen(where(2, "8009"), torc::in_fiber(echo_blocking));
  std::printf("callbacks on %s, coroutines on %s, fibers on %s\n", callbacks.address().str().c_str(),
              coroutines.address().str().c_str(), fibers.address().str().c_str());
  std::fflush(stdout);
  co_await torc::until_cancelled();
}

int main(int argc, char** argv) { return torc::run(amain, argc, argv); }
