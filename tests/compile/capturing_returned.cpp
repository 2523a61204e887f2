// Returned from a function and called at once: the closure is a temporary of that line.
// refused: this lambda coroutine would lose its captures at its first co_await: write [...](this auto self, ...)
#include <torc/torc.hpp>

auto adder(int offset) {
#ifdef REFUSED
  return [offset](torc::Deferred<int> n) -> torc::Deferred<int> { co_return offset + co_await n; };
#else
  return [offset](this auto, torc::Deferred<int> n) -> torc::Deferred<int> { co_return offset + co_await n; };
#endif
}

torc::Deferred<int> add(torc::Deferred<int> number) { return adder(2)(std::move(number)); }
