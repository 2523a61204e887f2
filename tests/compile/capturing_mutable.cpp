// What a mutable lambda changes is in the closure, not in the frame.
// refused: this lambda coroutine would lose its captures at its first co_await: write [...](this auto self, ...)
#include <torc/torc.hpp>

torc::Deferred<int> count(int from) {
#ifdef REFUSED
  return [from]() mutable -> torc::Deferred<int> {
#else
  return [from](this auto) -> torc::Deferred<int> {
#endif
    co_await torc::sleep(std::chrono::seconds(1));
#ifdef REFUSED
    co_return ++from;
#else
    co_return ++from;
#endif
  }();
}
