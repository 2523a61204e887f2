// In a fiber a lambda may capture: it lives as long as the fiber. A coroutine that the fiber runs may not.
// refused: this lambda coroutine would lose its captures at its first co_await: write [...](this auto self, ...)
#include <torc/torc.hpp>

#include <string>

auto greet(std::string greeting) {
#ifdef REFUSED
  return torc::in_fiber([greeting](torc::Stream s) -> torc::Deferred<void> { co_await s.write(greeting); });
#else
  return torc::in_fiber([greeting](torc::Stream s) { torc::await(s.write(greeting)); });
#endif
}

torc::Deferred<torc::Port> serve() { return torc::listen("tcp:0", greet("hello")); }
