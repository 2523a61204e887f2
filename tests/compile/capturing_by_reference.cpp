// What [&] captures, too, is reached through the closure.
// refused: this lambda coroutine would lose its captures at its first co_await: write [...](this auto self, ...)
#include <torc/torc.hpp>

torc::Deferred<int> sum(const int& a, const int& b) {
#ifdef REFUSED
  return [&]() -> torc::Deferred<int> { co_return a + b + co_await torc::succeed(0); }();
#else
  return [&](this auto) -> torc::Deferred<int> { co_return a + b + co_await torc::succeed(0); }();
#endif
}
