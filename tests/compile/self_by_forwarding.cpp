// `this auto&&` of a temporary is a reference to it.
// refused: this lambda coroutine would lose its captures at its first co_await: write [...](this auto self, ...)
#include <torc/torc.hpp>

torc::Deferred<int> add(int offset) {
#ifdef REFUSED
  return [offset](this auto&&) -> torc::Deferred<int> { co_return offset + co_await torc::succeed(1); }();
#else
  return [offset](this auto) -> torc::Deferred<int> { co_return offset + co_await torc::succeed(1); }();
#endif
}
