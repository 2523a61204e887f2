// Steps obey the rule for all coroutine lambdas: one that captures takes itself by value.
// refused: this lambda coroutine would lose its captures at its first co_await: write [...](this auto self, ...)
#include <torc/torc.hpp>

torc::Steps count(int to) {
#ifdef REFUSED
  return [to]() -> torc::Steps {
#else
  return [to](this auto) -> torc::Steps {
#endif
    for (int i = 0; i < to; ++i) co_yield {};
  }();
}
