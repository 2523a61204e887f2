// `this auto&` is a reference to the closure: nothing is won.
// refused: this lambda coroutine would lose its captures at its first co_await: write [...](this auto self, ...)
#include <torc/torc.hpp>

torc::Deferred<int> add(int offset) {
#ifdef REFUSED
  auto lambda = [offset](this auto&) -> torc::Deferred<int> {
#else
  auto lambda = [offset](this auto) -> torc::Deferred<int> {
#endif
    co_return offset + co_await torc::succeed(1);
  };
  return lambda();
}
