// A generator that is a lambda obeys the rule for all coroutine lambdas.
// refused: this lambda coroutine would lose its captures at its first co_await: write [...](this auto self, ...)
#include <torc/torc.hpp>

torc::AsyncGenerator<int> count(int to) {
#ifdef REFUSED
  return [to]() -> torc::AsyncGenerator<int> {
#else
  return [to](this auto) -> torc::AsyncGenerator<int> {
#endif
    for (int i = 0; i < to; ++i) co_yield i;
  }();
}
