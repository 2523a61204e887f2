// One echo server, written twice: with callbacks, and as a coroutine.
//
//   03-echo [PORT [PORT]]      callbacks on the first port, coroutines on the second; 0 picks one
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

torc::Deferred<void> amain(std::vector<std::string> args) {
  const std::string first = args.size() > 0 ? args[0] : "8007", second = args.size() > 1 ? args[1] : "8008";
  auto callbacks = co_await torc::listen("tcp:" + first + ":address=127.0.0.1", torc::factory<Echo>());
  auto coroutines = co_await torc::listen("tcp:" + second + ":address=127.0.0.1", echo);
  std::printf("callbacks on %s, coroutines on %s\n", callbacks.address().str().c_str(),
              coroutines.address().str().c_str());
  std::fflush(stdout);
  co_await torc::until_cancelled();
}

int main(int argc, char** argv) { return torc::run(amain, argc, argv); }
