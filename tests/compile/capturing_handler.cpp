// The same for what is handed over to be called later: the handler of a port.
// refused: this lambda coroutine would lose its captures at its first co_await: write [...](this auto self, ...)
#include <torc/torc.hpp>

#include <string>

torc::Deferred<torc::Port> greet(std::string greeting) {
#ifdef REFUSED
  return torc::listen("tcp:0", [greeting](torc::Stream s) -> torc::Deferred<void> { co_await s.write(greeting); });
#else
  return torc::listen("tcp:0",
                      [greeting](this auto, torc::Stream s) -> torc::Deferred<void> { co_await s.write(greeting); });
#endif
}
