// The smallest reactor program: it starts, says something, stops.
#include <torc/torc.hpp>

#include <cstdio>

int main() {
  torc::Reactor reactor;
  reactor.call_when_running([] { std::puts("I like turtles"); });
  reactor.call_when_running([&] { reactor.stop(); });
  std::puts("Starting the reactor");
  reactor.run();
  std::puts("Reactor stopped");
}
