// The inner one captures what the outer one keeps in its frame; only the inner closure is short-lived.
// refused: this lambda coroutine would lose its captures at its first co_await: write [...](this auto self, ...)
#include <torc/torc.hpp>

torc::Deferred<int> both(int offset) {
  return [offset](this auto) -> torc::Deferred<int> {
    int sum = co_await torc::succeed(offset);
#ifdef REFUSED
    co_return co_await [sum]() -> torc::Deferred<int> { co_return sum + co_await torc::succeed(1); }();
#else
    co_return co_await [sum](this auto) -> torc::Deferred<int> { co_return sum + co_await torc::succeed(1); }();
#endif
  }();
}
