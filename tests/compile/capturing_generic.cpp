// A generic lambda is refused when it is called.
// refused: this lambda coroutine would lose its captures at its first co_await: write [...](this auto self, ...)
#include <torc/torc.hpp>

torc::Deferred<int> add(int offset, torc::Deferred<int> number) {
#ifdef REFUSED
  return [offset](auto n) -> torc::Deferred<int> { co_return offset + co_await n; }(std::move(number));
#else
  return [offset](this auto, auto n) -> torc::Deferred<int> { co_return offset + co_await n; }(std::move(number));
#endif
}
