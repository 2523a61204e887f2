// A lambda coroutine that captures takes itself by value: its captures then live in the frame.
// refused: this lambda coroutine would lose its captures at its first co_await: write [...](this auto self, ...)
#include <torc/torc.hpp>

torc::Deferred<int> add(int offset, torc::Deferred<int> number) {
#ifdef REFUSED
  return [offset](torc::Deferred<int> n) -> torc::Deferred<int> { co_return offset + co_await n; }(std::move(number));
#else
  return [offset](this auto, torc::Deferred<int> n) -> torc::Deferred<int> {
    co_return offset + co_await n;
  }(std::move(number));
#endif
}

// One that does not capture may be written plainly.
torc::Deferred<int> twice(torc::Deferred<int> number) {
  return [](torc::Deferred<int> n) -> torc::Deferred<int> { co_return 2 * co_await n; }(std::move(number));
}
