// Kept in a std::function it may still be replaced or destroyed while the coroutine waits.
// refused: this lambda coroutine would lose its captures at its first co_await: write [...](this auto self, ...)
#include <torc/torc.hpp>

#include <functional>

std::function<torc::Deferred<int>()> counter(int start) {
#ifdef REFUSED
  return [start]() -> torc::Deferred<int> { co_return start + co_await torc::succeed(1); };
#else
  return [start](this auto) -> torc::Deferred<int> { co_return start + co_await torc::succeed(1); };
#endif
}
